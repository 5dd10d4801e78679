/// The order in which people read labels: runs of digits compare as numbers, so that 2 precedes 10, and
/// everything else byte by byte.
enum NaturalOrder {
  /// Whether `left` comes before `right`. Labels that differ only in leading zeros compare by bytes, so
  /// that the order of different labels never depends on chance.
  static func precedes(_ left: String, _ right: String) -> Bool { compare(left, right) < 0 }

  /// Negative, zero or positive, as `left` comes before, is or comes after `right`.
  static func compare(_ left: String, _ right: String) -> Int {
    let (a, b) = (left.utf8.span, right.utf8.span)
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if isDigit(a[i]), isDigit(b[j]) {
        let (runA, runB) = (digits(a, from: i), digits(b, from: j))
        let order = compareNumbers(a, runA, b, runB)
        if order != 0 { return order }
        (i, j) = (runA.upperBound, runB.upperBound)
      } else {
        if a[i] != b[j] { return Int(a[i]) - Int(b[j]) }
        (i, j) = (i + 1, j + 1)
      }
    }
    let rest = (a.count - i) - (b.count - j)
    return rest != 0 ? rest : compareBytes(a, b)
  }

  /// The same, with what has no label in front.
  static func compare(_ left: String?, _ right: String?) -> Int {
    switch (left, right) {
    case (nil, nil): 0
    case (nil, _): -1
    case (_, nil): 1
    case (let left?, let right?): compare(left, right)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func digits(_ text: Span<UInt8>, from start: Int) -> Range<Int> {
    var end = start
    while end < text.count, isDigit(text[end]) { end += 1 }
    return start..<end
  }

  private static func compareNumbers(
    _ a: Span<UInt8>, _ runA: Range<Int>, _ b: Span<UInt8>, _ runB: Range<Int>
  ) -> Int {
    var (i, j) = (runA.lowerBound, runB.lowerBound)
    while i < runA.upperBound, a[i] == UInt8(ascii: "0") { i += 1 }
    while j < runB.upperBound, b[j] == UInt8(ascii: "0") { j += 1 }
    let length = runA.upperBound - i
    if length != runB.upperBound - j { return length - (runB.upperBound - j) }
    for offset in 0..<length where a[i + offset] != b[j + offset] {
      return Int(a[i + offset]) - Int(b[j + offset])
    }
    return 0
  }

  private static func compareBytes(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
    for index in 0..<min(a.count, b.count) where a[index] != b[index] {
      return Int(a[index]) - Int(b[index])
    }
    return a.count - b.count
  }
}
