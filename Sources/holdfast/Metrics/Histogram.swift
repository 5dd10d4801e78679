/// How often a quantity was how large, in buckets with fixed upper bounds.
///
/// Quantities are whole numbers of a small unit, such as nanoseconds, so that their sum is exact.
final class Histogram: Sendable {
  /// For times in nanoseconds, which are shown in seconds.
  static let nanosecondsPerSecond = 1_000_000_000

  /// The upper bounds, in ascending order; each belongs to its bucket.
  let bounds: [Int]

  /// How many of the unit make one of the unit that is shown.
  let unitsPerShownUnit: Int

  /// One for each bound, and one for what exceeds them all.
  private let buckets: [Counter]
  private let total = Counter()

  init(bounds: [Int], unitsPerShownUnit: Int = 1) {
    self.bounds = bounds
    self.unitsPerShownUnit = unitsPerShownUnit
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// A histogram of times that are observed in nanoseconds: from half a millisecond to ten seconds.
  static func ofTimes() -> Histogram {
    let microseconds = [
      500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
      2_500_000, 5_000_000, 10_000_000,
    ]
    return Histogram(
      bounds: microseconds.map { $0 * 1000 }, unitsPerShownUnit: nanosecondsPerSecond)
  }

  func observe(_ quantity: Int) {
    buckets[bounds.firstIndex { quantity <= $0 } ?? bounds.count].add()
    total.add(quantity)
  }

  /// How many observations were at most as large as each bound; the last is the count of them all.
  var cumulativeCounts: [Int] {
    var sum = 0
    return buckets.map { bucket in
      sum += bucket.value
      return sum
    }
  }

  /// The sum of all observations, in the unit that is shown.
  var sum: Double { shown(total.value) }

  /// A quantity in the unit that is shown.
  func shown(_ quantity: Int) -> Double { Double(quantity) / Double(unitsPerShownUnit) }
}
