private import Glibc

/// A POSIX thread with a stack of a stated size, to be joined once.
///
/// Blocking work stays off Swift Concurrency's threads. The stack is set explicitly because it
/// otherwise follows `ulimit -s`.
public final class WorkerThread: Sendable {
  /// The stack of every thread, in bytes; only the pages that are touched take memory.
  public static let stackBytes = 512 * 1024

  private let handle: pthread_t

  /// Starts a thread that runs `body` and ends.
  public init(_ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    unsafe precondition(pthread_attr_init(&attributes) == 0)
    unsafe precondition(pthread_attr_setstacksize(&attributes, Self.stackBytes) == 0)
    defer { unsafe pthread_attr_destroy(&attributes) }
    let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
    var handle = pthread_t()
    let code = unsafe pthread_create(
      &handle, &attributes, threadEntry, box.toOpaque())
    // The service cannot run with fewer threads than it was set to, so the process ends.
    precondition(code == 0, "pthread_create: error \(code)")
    self.handle = handle
  }

  /// Waits until the thread has ended. To be called once, by `pthread_join(3p)`'s rules.
  public func join() {
    pthread_join(handle, nil)
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(run: @escaping @Sendable () -> Void) { self.run = run }
}

// A global function, not a closure: a closure could be inferred to belong to an actor, and trap here.
private func threadEntry(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument = unsafe argument {
    unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  }
  return nil
}
