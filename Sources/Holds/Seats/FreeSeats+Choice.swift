/// The choice of the best seats, in this order: neighbours in one row without leaving a single
/// seat free between taken ones; neighbours in one row; the fewest rows; front rows before back rows, the
/// middle before the sides.
///
/// A seat at the end of a row is not between taken ones, whatever its only neighbour is: it may be left
/// alone. Zones come one after the other by their names, since a row's distance from the stage can be
/// compared only within its zone.
extension FreeSeats {
  /// Some neighbours in one row.
  private struct Block {
    let start: Int

    /// Whether it leaves no single seat free between taken ones.
    let isClean: Bool

    /// How far its middle is from the row's, in halves of a seat.
    let distance: Int

    /// Of two that are as near to the middle, the one that was found first is kept.
    func isBetter(than other: Block) -> Bool {
      isClean != other.isClean ? isClean : distance < other.distance
    }
  }

  /// The best free seats, in their order; nil when there are not enough, or none that fit.
  public mutating func choose(_ wish: SeatWish) -> [Int]? {
    guard wish.kept.isEmpty else { return chooseBeside(wish) }
    let rows = plan.rows(of: wish.zone)
    if let seats = neighbours(wish.quantity, in: rows, skipping: wish.skippedRows) { return seats }
    return wish.mustBeAdjacent ? nil : scattered(wish.quantity, in: rows)
  }

  private mutating func neighbours(
    _ quantity: Int, in candidates: Range<Int>, skipping skippedRows: Int
  ) -> [Int]? {
    var clean: [Int]?
    var other: [Int]?
    var skipped = 0
    for row in candidates where rows[row].freeCount >= quantity {
      if plan.rows[row].isGeneral {
        clean = general(quantity, ofRow: row, skipping: skippedRows - skipped)
      } else {
        guard longestRun(ofRow: row) >= quantity, let block = bestBlock(quantity, ofRow: row) else {
          continue
        }
        let seats = Array(block.start..<block.start + quantity)
        guard block.isClean else {
          if other == nil { other = seats }
          continue
        }
        clean = seats
      }
      if skipped >= skippedRows { return clean }
      skipped += 1
    }
    return clean ?? other
  }

  /// Tickets of general admission: the first, or some further on.
  private func general(_ quantity: Int, ofRow row: Int, skipping skippedRows: Int) -> [Int] {
    let seats = plan.rows[row].seats
    // As many as a row of seats might have, times the rows to be skipped.
    let most = rows[row].freeCount - quantity
    var toSkip = skippedRows > 0 ? min(most, skippedRows * 32) : 0
    var found: [Int] = []
    found.reserveCapacity(quantity)
    var next = bits.first(in: seats)
    while found.count < quantity, next < seats.upperBound {
      if toSkip > 0 { toSkip -= 1 } else { found.append(next) }
      next = bits.first(in: next + 1..<seats.upperBound)
    }
    return found
  }

  /// The best place for neighbours in a row of seats; a clean one whenever there is one.
  private func bestBlock(_ quantity: Int, ofRow row: Int) -> Block? {
    let seats = plan.rows[row].seats
    // Twice the start of a block in the very middle.
    let middle = seats.lowerBound + seats.upperBound - quantity
    var best: Block?
    forEachRun(ofRow: row) { run in
      guard run.count >= quantity else { return }
      let last = run.upperBound - quantity
      let nearest = min(max(middle >> 1, run.lowerBound), last)
      // At most two places of a run leave a single seat: one of those next to the nearest is clean.
      for start in max(run.lowerBound, nearest - 2)...min(last, nearest + 3) {
        let leavesLeft = start - run.lowerBound == 1 && run.lowerBound > seats.lowerBound
        let leavesRight = last - start == 1 && run.upperBound < seats.upperBound
        let block = Block(
          start: start, isClean: !leavesLeft && !leavesRight, distance: abs(2 * start - middle))
        if let known = best, !block.isBetter(than: known) { continue }
        best = block
      }
    }
    return best
  }

  /// Seats in the fewest rows; of such choices the one with the front rows.
  private func scattered(_ quantity: Int, in candidates: Range<Int>) -> [Int]? {
    let usable = candidates.filter { rows[$0].freeCount > 0 }
    if let row = usable.first(where: { rows[$0].freeCount >= quantity }) {
      return bestSeats(quantity, ofRow: row)
    }
    var counts = RowCounts(usable.lazy.map { rows[$0].freeCount })
    guard var slots = counts.rowsNeeded(for: quantity) else { return nil }
    var needed = quantity
    var chosen: [Int] = []
    for row in usable where slots > 0 {
      let count = rows[row].freeCount
      counts.remove(count)
      // The row is in the choice if the fullest of those behind it make up for the rest.
      guard count + counts.sumOfLargest(slots - 1) >= needed else { continue }
      slots -= 1
      chosen += bestSeats(min(count, needed), ofRow: row)
      needed -= min(count, needed)
    }
    return chosen
  }

  /// The best seats of a row that has enough: neighbours if possible, else those next to the middle.
  private func bestSeats(_ quantity: Int, ofRow row: Int) -> [Int] {
    if plan.rows[row].isGeneral { return general(quantity, ofRow: row, skipping: 0) }
    if let block = bestBlock(quantity, ofRow: row) {
      return Array(block.start..<block.start + quantity)
    }
    let seats = plan.rows[row].seats
    let middle = seats.lowerBound + seats.upperBound - 1
    var nearest = NearestSeats(to: [middle], of: seats, in: bits)
    return nearest.take(quantity).sorted()
  }
}

extension FreeSeats {
  /// Completes what the caller has: to neighbours in one row, else with the seats next to it in its row,
  /// else with the best of all.
  private mutating func chooseBeside(_ wish: SeatWish) -> [Int]? {
    let kept = Set(wish.kept)
    let missing = wish.quantity - kept.count
    guard missing > 0 else { return kept.sorted() }
    // What is known of them may be that they are free: they are not to be chosen once more.
    let hidden = kept.filter { bits[$0] }
    for seat in hidden { self[seat] = false }
    defer { for seat in hidden { self[seat] = true } }
    let row = Int(plan.rowOf[wish.kept[0]])
    let isOneRow = kept.allSatisfy { Int(plan.rowOf[$0]) == row }
    if isOneRow, plan.rows[row].isGeneral, rows[row].freeCount >= missing {
      return (kept + general(missing, ofRow: row, skipping: 0)).sorted()
    }
    if isOneRow, !plan.rows[row].isGeneral, let block = block(around: kept, wish.quantity, row) {
      return Array(block.start..<block.start + wish.quantity)
    }
    if wish.mustBeAdjacent { return nil }
    if rows[row].freeCount >= missing {
      var nearest = NearestSeats(to: kept.map { 2 * $0 }, of: plan.rows[row].seats, in: bits)
      return (kept + nearest.take(missing)).sorted()
    }
    var others = wish
    others.kept = []
    others.quantity = missing
    return choose(others).map { ($0 + kept).sorted() }
  }

  /// The best place for neighbours that takes in all that is kept.
  private func block(around kept: Set<Int>, _ quantity: Int, _ row: Int) -> Block? {
    let seats = plan.rows[row].seats
    guard let low = kept.min(), let high = kept.max(), high - low < quantity else { return nil }
    let middle = seats.lowerBound + seats.upperBound - quantity
    func isOpen(_ seat: Int) -> Bool { bits[seat] || kept.contains(seat) }
    var best: Block?
    for start in max(seats.lowerBound, high - quantity + 1)...low {
      let end = start + quantity
      guard end <= seats.upperBound, (start..<end).allSatisfy(isOpen) else { continue }
      // One seat is left alone where the next but one is taken.
      let leavesLeft =
        start - 2 >= seats.lowerBound && isOpen(start - 1) && !isOpen(start - 2)
      let leavesRight = end + 1 < seats.upperBound && isOpen(end) && !isOpen(end + 1)
      let block = Block(
        start: start, isClean: !leavesLeft && !leavesRight, distance: abs(2 * start - middle))
      if let known = best, !block.isBetter(than: known) { continue }
      best = block
    }
    return best
  }
}

/// How many rows have how many free seats.
private struct RowCounts {
  private var rowsBySeats: [Int] = [0]

  init(_ counts: some Sequence<Int>) {
    for count in counts {
      while rowsBySeats.count <= count { rowsBySeats.append(0) }
      rowsBySeats[count] += 1
    }
  }

  mutating func remove(_ count: Int) { rowsBySeats[count] -= 1 }

  /// How many of the fullest rows it takes; nil when all together have not enough.
  func rowsNeeded(for quantity: Int) -> Int? {
    var needed = quantity
    var rows = 0
    for count in rowsBySeats.indices.reversed() where count > 0 && rowsBySeats[count] > 0 {
      let most = min(rowsBySeats[count], (needed + count - 1) / count)
      rows += most
      needed -= most * count
      if needed <= 0 { return rows }
    }
    return nil
  }

  /// The seats of the fullest rows.
  func sumOfLargest(_ rows: Int) -> Int {
    var left = rows
    var sum = 0
    for count in rowsBySeats.indices.reversed() where left > 0 && rowsBySeats[count] > 0 {
      let most = min(left, rowsBySeats[count])
      sum += most * count
      left -= most
    }
    return sum
  }
}
