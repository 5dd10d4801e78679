/// The choice of the best seats as the contract tells it, by trying everything. Seats are numbers in the
/// order of an event of one zone.
public struct SeatModel: Sendable {
  /// The seats of each row.
  public var rows: [Range<Int>]

  /// For each seat.
  public var isFree: [Bool]

  /// Creates a model.
  public init(rows: [Range<Int>], isFree: [Bool]) {
    self.rows = rows
    self.isFree = isFree
  }

  /// Neighbours in one row, the best first.
  func blocks(_ quantity: Int) -> [[Int]] {
    var found: [(rank: [Int], seats: [Int])] = []
    for (row, seats) in rows.enumerated() where seats.count >= quantity {
      for start in seats.lowerBound...(seats.upperBound - quantity) {
        let block = start..<start + quantity
        guard block.allSatisfy({ isFree[$0] }) else { continue }
        let distance = abs(2 * start + quantity - seats.lowerBound - seats.upperBound)
        found.append(
          ([leavesSingle(block, in: seats) ? 1 : 0, row, distance, start], Array(block)))
      }
    }
    return found.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }.map(\.seats)
  }

  /// Whether a seat is left free between taken ones that was not alone before.
  func leavesSingle(_ block: Range<Int>, in seats: Range<Int>) -> Bool {
    func isTaken(_ seat: Int) -> Bool {
      seats.contains(seat) && (!isFree[seat] || block.contains(seat))
    }
    return [block.lowerBound - 1, block.upperBound].contains { seat in
      seats.contains(seat) && !isTaken(seat) && isTaken(seat - 1) && isTaken(seat + 1)
    }
  }

  /// The fewest rows, and of these the front ones.
  func fewestRows(_ quantity: Int) -> [Int]? {
    let counts = rows.map { row in row.filter { isFree[$0] }.count }
    var best: [Int]?
    for mask in 1..<1 << rows.count {
      let chosen = rows.indices.filter { mask & 1 << $0 != 0 && counts[$0] > 0 }
      guard chosen.reduce(0, { $0 + counts[$1] }) >= quantity else { continue }
      if let known = best {
        guard
          chosen.count < known.count
            || chosen.count == known.count && chosen.lexicographicallyPrecedes(known)
        else { continue }
      }
      best = chosen
    }
    return best
  }

  /// What is to be chosen.
  public func choice(_ quantity: Int, mustBeAdjacent: Bool) -> [Int]? {
    if let block = blocks(quantity).first { return block }
    guard !mustBeAdjacent, let chosen = fewestRows(quantity) else { return nil }
    var needed = quantity
    var seats: [Int] = []
    for row in chosen {
      let free = rows[row].filter { isFree[$0] }
      let count = min(free.count, needed)
      var alone = self
      alone.rows = [rows[row]]
      let middle = rows[row].lowerBound + rows[row].upperBound - 1
      let nearest = free.sorted { (abs(2 * $0 - middle), $0) < (abs(2 * $1 - middle), $1) }
      seats += alone.blocks(count).first ?? nearest.prefix(count).sorted()
      needed -= count
    }
    return seats
  }
}
