private import Glibc

/// A value behind a mutex, with a condition to wait for changes of it.
///
/// `Synchronization.Mutex` has no condition variable. The mutex and the condition live on the heap,
/// where they never move; waits run on the monotonic clock, so that a step of the wall clock can
/// neither cut them short nor stretch them. Rests on `pthread_mutex_lock(3p)` and
/// `pthread_cond_timedwait(3p)`.
@safe public final class Monitor<State>: @unchecked Sendable {
  // `mutex` guards `state`; the two pointers are set once, before the monitor is shared.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  /// Puts `state` behind a new mutex.
  public init(_ state: State) {
    self.state = state
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    unsafe precondition(pthread_mutex_init(mutex, nil) == 0)
    unsafe precondition(pthread_condattr_init(&attributes) == 0)
    unsafe precondition(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0)
    unsafe precondition(pthread_cond_init(condition, &attributes) == 0)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Runs `body` with the state while holding the mutex; nothing in it may block.
  public func withLock<Value: ~Copyable, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Wakes one thread that waits.
  public func signal() {
    unsafe pthread_cond_signal(condition)
  }

  /// Wakes every thread that waits.
  public func broadcast() {
    unsafe pthread_cond_broadcast(condition)
  }

  /// Evaluates `attempt` under the mutex now and after each wake-up until it gives a value.
  ///
  /// - Parameters:
  ///   - deadline: When to give up; asked anew before each sleep, so that it may follow the state.
  ///     nil sleeps until woken.
  ///   - attempt: Gives the value waited for, or nil to go on waiting.
  /// - Returns: The value, or nil once the deadline has passed.
  public func wait<Value>(
    until deadline: (State) -> Instant?, for attempt: (inout State) -> Value?
  ) -> Value? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let result = attempt(&state) { return result }
      guard let limit = deadline(state) else {
        unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      var time = timespec(
        tv_sec: Int(limit.nanoseconds / 1_000_000_000),
        tv_nsec: Int(limit.nanoseconds % 1_000_000_000))
      if unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT,
        Instant.now >= limit
      {
        return attempt(&state)
      }
    }
  }

  /// Waits until `attempt` gives a value or the deadline has passed; see the other `wait`.
  public func wait<Value>(until deadline: Instant?, for attempt: (inout State) -> Value?)
    -> Value?
  {
    wait(until: { _ in deadline }, for: attempt)
  }
}
