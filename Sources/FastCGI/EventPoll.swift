private import CLinux
private import Glibc

/// An epoll instance whose descriptors are each reported to one thread, once (`epoll(7)`).
final class EventPoll: Sendable {
  /// What a descriptor is watched for. A peer that closes is always reported.
  enum Interest {
    case reading
    case writing

    fileprivate var events: UInt32 {
      switch self {
      case .reading: EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue
      case .writing: EPOLLOUT.rawValue | EPOLLONESHOT.rawValue
      }
    }
  }

  private let descriptor: Int32

  init() {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(descriptor >= 0, "epoll_create1: errno \(errno)")
  }

  deinit { close(descriptor) }

  /// Watches a descriptor for reading, and reports it once under `identifier`.
  func add(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_ADD, watched, identifier, Interest.reading.events)
  }

  /// Has a descriptor reported once more.
  func rearm(_ watched: Int32, as identifier: UInt64, for interest: Interest = .reading) {
    control(EPOLL_CTL_MOD, watched, identifier, interest.events)
  }

  /// Reports a descriptor to every thread for as long as it is readable.
  func addForAll(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_ADD, watched, identifier, EPOLLIN.rawValue)
  }

  func remove(_ watched: Int32) {
    control(EPOLL_CTL_DEL, watched, 0, 0)
  }

  /// Waits for the next descriptor and tells its identifier; nil when none has come in time.
  func wait(milliseconds: Int) -> UInt64? {
    var event = unsafe epoll_event()
    guard unsafe epoll_wait(descriptor, &event, 1, Int32(clamping: milliseconds)) == 1 else {
      return nil
    }
    return unsafe event.data.u64
  }

  private func control(
    _ operation: Int32, _ watched: Int32, _ identifier: UInt64, _ events: UInt32
  ) {
    var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: identifier))
    unsafe epoll_ctl(descriptor, operation, watched, &event)
  }
}
