private import CLinux
private import Glibc

/// An epoll instance (`epoll(7)`). Each event is reported to one thread.
final class EventPoll: Sendable {
  struct Event {
    var identifier: UInt64
    var isHangUp: Bool
  }

  /// What a descriptor is watched for. A peer that is gone is always reported.
  enum Interest {
    /// Reported whenever something has come or the peer has closed its end.
    case reading

    /// Reported once, and again when it is rearmed.
    case accepting

    fileprivate var events: UInt32 {
      switch self {
      case .reading: EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
      case .accepting: EPOLLIN.rawValue | EPOLLONESHOT.rawValue
      }
    }
  }

  private static let eventsAtOnce = 4

  private let descriptor: Int32

  init() {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(descriptor >= 0, "epoll_create1: errno \(errno)")
  }

  deinit { close(descriptor) }

  /// Watches a descriptor, and reports it under `identifier`.
  func add(_ watched: Int32, as identifier: UInt64, for interest: Interest) {
    control(EPOLL_CTL_ADD, watched, identifier, interest.events)
  }

  /// Reports it again if there is something to report already.
  func rearm(_ watched: Int32, as identifier: UInt64, for interest: Interest) {
    control(EPOLL_CTL_MOD, watched, identifier, interest.events)
  }

  /// Reports a descriptor to every thread for as long as it is readable.
  func addForAll(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_ADD, watched, identifier, EPOLLIN.rawValue)
  }

  func remove(_ watched: Int32) {
    control(EPOLL_CTL_DEL, watched, 0, 0)
  }

  /// Waits for events and hands each over; none when the time is up.
  ///
  /// Several at a time spare a busy thread system calls. There are few, since the others are for
  /// threads that have nothing to do.
  ///
  /// - Returns: How many events there were.
  func wait(milliseconds: Int, handle: (Event) -> Void) -> Int {
    unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventsAtOnce) {
      let count = unsafe epoll_wait(
        descriptor, $0.baseAddress, Int32(Self.eventsAtOnce), Int32(clamping: milliseconds))
      let hangUp = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
      for index in 0..<max(0, Int(count)) {
        let event = unsafe $0[index]
        handle(unsafe Event(identifier: event.data.u64, isHangUp: event.events & hangUp != 0))
      }
      return Int(count)
    }
  }

  private func control(
    _ operation: Int32, _ watched: Int32, _ identifier: UInt64, _ events: UInt32
  ) {
    var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: identifier))
    unsafe epoll_ctl(descriptor, operation, watched, &event)
  }
}

/// A descriptor that is readable for good once it has been set (`eventfd(2)`).
final class WakeUp: Sendable {
  let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "eventfd: errno \(errno)")
  }

  deinit { close(descriptor) }

  func set() { eventfd_write(descriptor, 1) }
}
