private import Synchronization

/// A number that only grows. Any thread may add to it, and no thread waits for another.
final class Counter: Sendable {
  private let number = Atomic(0)

  /// What has been counted so far.
  var value: Int { number.load(ordering: .relaxed) }

  func add(_ count: Int = 1) {
    number.wrappingAdd(count, ordering: .relaxed)
  }
}
