/// The threads of one owner, which joins them when it stops.
public final class WorkerThreads: Sendable {
  private let running = Monitor<[WorkerThread]>([])

  /// Begins without a thread.
  public init() {}

  /// Starts a thread that runs `body` and ends.
  public func start(_ body: @escaping @Sendable () -> Void) {
    let started = WorkerThread(body)
    running.withLock { $0.append(started) }
  }

  /// Waits until all that were started have ended; each is joined once, however often this is called.
  public func join() {
    let ended = running.withLock { running in
      defer { running = [] }
      return running
    }
    for thread in ended { thread.join() }
  }
}
