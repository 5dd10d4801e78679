/// Reads JSON in the spelling that programs write, in one pass.
///
/// It throws at everything else, be it wrong or merely rare: escapes, fractions, empty objects. What it
/// does take, `BodyScan` and `JSONDecoder` take too.
struct OrdinaryJSON {
  /// What to make of the bytes is for `JSONDecoder` to say.
  struct Unusual: Error {}

  private static let maximumDigits = 15

  private let bytes: [UInt8]
  private var offset = 0
  private var seenBits: UInt8 = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads an object, calling `member` with each name and the value still to be read.
  mutating func object(
    _ member: (inout OrdinaryJSON, ArraySlice<UInt8>) throws(Unusual) -> Void
  ) throws(Unusual) {
    try take(UInt8(ascii: "{"))
    repeat {
      let name = try string()
      try take(UInt8(ascii: ":"))
      try member(&self, name)
    } while takes(UInt8(ascii: ","))
    try take(UInt8(ascii: "}"))
  }

  /// Reads an array of strings.
  mutating func texts() throws(Unusual) -> [String] {
    var texts: [String] = []
    // For the usual few at once.
    texts.reserveCapacity(4)
    try take(UInt8(ascii: "["))
    repeat { texts.append(try text()) } while takes(UInt8(ascii: ","))
    try take(UInt8(ascii: "]"))
    return texts
  }

  mutating func text() throws(Unusual) -> String {
    String(decoding: try string(), as: UTF8.self)
  }

  /// Reads a number without sign, fraction or exponent, of so few digits that a double has them all.
  mutating func number() throws(Unusual) -> Double {
    let first = next()
    let start = offset
    var value: Int64 = 0
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      guard offset - start < Self.maximumDigits else { throw Unusual() }
      value = value * 10 + Int64(digit)
      offset += 1
    }
    guard offset > start, first != UInt8(ascii: "0") || offset == start + 1 else { throw Unusual() }
    return Double(value)
  }

  mutating func bool() throws(Unusual) -> Bool {
    if next() == UInt8(ascii: "t") {
      try word("true")
      return true
    }
    try word("false")
    return false
  }

  /// Passes over a value that is neither an object nor an array.
  mutating func skipScalar() throws(Unusual) {
    switch next() {
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
    case UInt8(ascii: "n"): try word("null")
    default: _ = try number()
    }
  }

  /// Makes sure that nothing follows, and that all of it was UTF-8.
  mutating func finish() throws(Unusual) {
    _ = next()
    guard offset == bytes.count else { throw Unusual() }
    guard seenBits >= 0x80 else { return }
    guard (try? UTF8Span(validating: bytes.span)) != nil else { throw Unusual() }
  }

  /// The bytes between the quotes, which need not be UTF-8 before `finish` has said so.
  private mutating func string() throws(Unusual) -> ArraySlice<UInt8> {
    try take(UInt8(ascii: "\""))
    let start = offset
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        offset += 1
        return bytes[start..<offset - 1]
      }
      if byte < 0x20 || byte == UInt8(ascii: "\\") { break }
      seenBits |= byte
      offset += 1
    }
    throw Unusual()
  }

  private mutating func word(_ word: String) throws(Unusual) {
    for byte in word.utf8 {
      guard offset < bytes.count, bytes[offset] == byte else { throw Unusual() }
      offset += 1
    }
  }

  private mutating func take(_ byte: UInt8) throws(Unusual) {
    guard takes(byte) else { throw Unusual() }
  }

  private mutating func takes(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    offset += 1
    return true
  }

  /// The byte after any spaces; nil at the end.
  private mutating func next() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        offset += 1
      case let byte: return byte
      }
    }
    return nil
  }
}
