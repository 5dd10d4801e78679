/// A set of seats by their numbers, in which runs are found a word at a time.
struct SeatBits: Sendable {
  private var words: [UInt64]

  /// An empty set of seats below `count`.
  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  subscript(seat: Int) -> Bool {
    get { words[seat >> 6] & (1 << UInt64(seat & 63)) != 0 }
    set {
      let bit: UInt64 = 1 << UInt64(seat & 63)
      if newValue { words[seat >> 6] |= bit } else { words[seat >> 6] &= ~bit }
    }
  }

  /// The first seat of the range that is in the set; the range's end if none is.
  func first(in range: Range<Int>) -> Int { first(in: range, inverted: 0) }

  /// The first seat of the range that is not in the set; the range's end if none is.
  func firstAbsent(in range: Range<Int>) -> Int { first(in: range, inverted: ~0) }

  /// The last seat of the range that is in the set; nil if none is.
  func last(in range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    let first = range.lowerBound >> 6
    var index = (range.upperBound - 1) >> 6
    var word = words[index] & (~0 >> UInt64(63 - (range.upperBound - 1) & 63))
    while word == 0 {
      if index == first { return nil }
      index -= 1
      word = words[index]
    }
    let seat = index << 6 + (63 - word.leadingZeroBitCount)
    return seat >= range.lowerBound ? seat : nil
  }

  private func first(in range: Range<Int>, inverted: UInt64) -> Int {
    guard !range.isEmpty else { return range.upperBound }
    var index = range.lowerBound >> 6
    var word = (words[index] ^ inverted) & (~0 << UInt64(range.lowerBound & 63))
    let last = (range.upperBound - 1) >> 6
    while word == 0 {
      if index == last { return range.upperBound }
      index += 1
      word = words[index] ^ inverted
    }
    return min(index << 6 + word.trailingZeroBitCount, range.upperBound)
  }
}
