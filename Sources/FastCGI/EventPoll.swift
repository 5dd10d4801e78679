private import CFastCGI
private import Glibc

/// An epoll instance whose descriptors are each reported to one thread, once (`epoll(7)`).
final class EventPoll: Sendable {
  struct Event {
    var identifier: UInt64
    var isHangUp: Bool
  }

  private let descriptor: Int32
  private static let interest =
    EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue

  init() {
    descriptor = epoll_create1(0)
    precondition(descriptor >= 0, "epoll_create1: errno \(errno)")
  }

  deinit { close(descriptor) }

  /// Watches a descriptor, and reports it once under `identifier`.
  func add(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_ADD, watched, identifier, Self.interest)
  }

  /// Has a descriptor reported once more.
  func rearm(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_MOD, watched, identifier, Self.interest)
  }

  /// Reports a descriptor to every thread for as long as it is readable.
  func addForAll(_ watched: Int32, as identifier: UInt64) {
    control(EPOLL_CTL_ADD, watched, identifier, EPOLLIN.rawValue)
  }

  func remove(_ watched: Int32) {
    control(EPOLL_CTL_DEL, watched, 0, 0)
  }

  /// Waits for the next event; nil when none has come in time.
  func wait(milliseconds: Int) -> Event? {
    var event = unsafe epoll_event()
    guard unsafe epoll_wait(descriptor, &event, 1, Int32(clamping: milliseconds)) == 1 else {
      return nil
    }
    let hangUp = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
    return unsafe Event(identifier: event.data.u64, isHangUp: event.events & hangUp != 0)
  }

  private func control(
    _ operation: Int32, _ watched: Int32, _ identifier: UInt64, _ events: UInt32
  ) {
    var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: identifier))
    unsafe epoll_ctl(descriptor, operation, watched, &event)
  }
}
