import TestSupport
import Testing

@testable import Holds

/// What is nearest to the seats that a cart has, in rows of any length.
@Suite struct NearestSeatsTests {
  private static let seed = SeededGenerator.seed

  /// One row among others, so that it does not begin where a word of the set does.
  private func bits(_ free: some Sequence<Int>, count: Int) -> SeatBits {
    var bits = SeatBits(count: count)
    for seat in free { bits[seat] = true }
    return bits
  }

  @Test func theyComeInTheOrderOfTheirDistance() {
    var generator = SeededGenerator(seed: Self.seed)
    for _ in 0..<2000 {
      let count = Int.random(in: 1...300, using: &generator)
      let ends = (0..<2).map { _ in Int.random(in: 0...count, using: &generator) }.sorted()
      let row = ends[0]..<ends[1]
      let freedom = Int.random(in: 0...10, using: &generator)
      let free = (0..<count).filter { _ in Int.random(in: 0..<10, using: &generator) < freedom }
      let places = Set(
        (0..<Int.random(in: 1...8, using: &generator)).map { _ in
          Int.random(in: 0...2 * count, using: &generator)
        })
      func distance(_ seat: Int) -> Int { places.map { abs(2 * seat - $0) }.min() ?? 0 }
      let expected = free.filter(row.contains).sorted {
        (distance($0), $0) < (distance($1), $1)
      }
      var nearest = NearestSeats(to: Array(places), of: row, in: bits(free, count: count))
      #expect(nearest.take(count) == expected, "\(places) in \(row) of \(free), seed \(Self.seed)")
    }
  }

  @Test func theLastOfARange() {
    let seats = bits([0, 63, 64, 130], count: 200)
    for (range, last) in [
      (0..<200, 130), (0..<130, 64), (0..<64, 63), (1..<64, 63), (0..<63, 0), (0..<1, 0),
      (65..<130, nil), (131..<200, nil), (5..<5, nil),
    ] { #expect(seats.last(in: range) == last, "\(range)") }
  }

  /// Everybody waits while a book is asked.
  @Test func aLongRowIsNotWalkedThrough() {
    let row = 0..<200_000
    let kept = Array(stride(from: 1000, to: 199_000, by: 2000))
    let free = bits(row.filter { $0 % 2 == 1 }, count: row.count)
    var nearest = NearestSeats(to: kept.map { 2 * $0 }, of: row, in: free)
    #expect(nearest.take(99).count == 99)
    #expect(nearest.lookCount == 2 * kept.count + 99)
  }
}
