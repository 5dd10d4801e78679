private import CLinux
private import Glibc

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
