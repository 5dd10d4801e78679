/// The free seats of a row, those first that are nearest to any of some places; of two that are as near,
/// the left one.
///
/// It goes outwards from each place, so that a long row costs no more than a short one.
struct NearestSeats: IteratorProtocol {
  /// The way from a place in one direction, as far as no other place is nearer.
  private struct Walk {
    let place: Int
    let goesLeft: Bool

    /// What is still ahead.
    var rest: Range<Int>

    /// The seat that has been reached.
    var seat: Int

    var rank: (distance: Int, seat: Int) { (abs(2 * seat - place), seat) }
  }

  private let free: SeatBits
  private var walks: [Walk] = []

  /// How many times it has looked for the next free seat.
  private(set) var lookCount = 0

  /// - Parameter places: Different ones, in halves of a seat: 2n is the middle of seat n.
  init(to places: [Int], of row: Range<Int>, in free: SeatBits) {
    self.free = free
    let places = places.sorted()
    var start = row.lowerBound
    for (index, place) in places.enumerated() {
      let middle = min(max((place + 1) >> 1, start), row.upperBound)
      let next = index + 1 < places.count ? places[index + 1] : nil
      // The seats up to there are no nearer to the next place.
      let border = next.map { (place + $0) >> 2 + 1 } ?? row.upperBound
      let end = min(max(border, middle), row.upperBound)
      begin(Walk(place: place, goesLeft: true, rest: start..<middle, seat: middle))
      begin(Walk(place: place, goesLeft: false, rest: middle..<end, seat: middle))
      start = end
    }
  }

  mutating func next() -> Int? {
    guard let index = walks.indices.min(by: { walks[$0].rank < walks[$1].rank }) else { return nil }
    let walk = walks[index]
    walks.swapAt(index, walks.count - 1)
    walks.removeLast()
    begin(walk)
    return walk.seat
  }

  /// So many of them, or all.
  mutating func take(_ count: Int) -> [Int] {
    var seats: [Int] = []
    while seats.count < count, let seat = next() { seats.append(seat) }
    return seats
  }

  /// Goes on to the next free seat, if there is one ahead.
  private mutating func begin(_ walk: Walk) {
    lookCount += 1
    var walk = walk
    if walk.goesLeft {
      guard let seat = free.last(in: walk.rest) else { return }
      walk.rest = walk.rest.lowerBound..<seat
      walk.seat = seat
    } else {
      let seat = free.first(in: walk.rest)
      guard seat < walk.rest.upperBound else { return }
      walk.rest = seat + 1..<walk.rest.upperBound
      walk.seat = seat
    }
    walks.append(walk)
  }
}
