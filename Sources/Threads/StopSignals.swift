private import Glibc

/// SIGTERM and SIGINT, taken by one thread that waits for them instead of by handlers.
public struct StopSignals: Sendable {
  /// Blocks the signals for this thread and every thread started after it, and ignores SIGPIPE.
  ///
  /// To be called before any thread is started; see `pthread_sigmask(3p)`.
  public init() {
    var set = Self.makeSet()
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits for the next of the signals, by `sigwait(3p)`, and tells its name.
  public func wait() -> String {
    var set = Self.makeSet()
    var number: Int32 = 0
    while unsafe sigwait(&set, &number) != 0 {}
    return number == SIGINT ? "SIGINT" : "SIGTERM"
  }

  private static func makeSet() -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGTERM)
    unsafe sigaddset(&set, SIGINT)
    return set
  }
}
