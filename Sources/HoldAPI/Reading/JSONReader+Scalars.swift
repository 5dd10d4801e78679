/// A string as it stands between its quotes.
struct JSONText {
  let range: Range<Int>

  /// Without escapes and control characters: the bytes are the text.
  let isPlain: Bool
}

/// How strings and numbers become values.
extension JSONReader {
  /// The most digits of an integer that every double holds exactly.
  private static let maximumExactDigits = 15

  /// The string; nil when an escape is malformed, a surrogate unpaired or a control character raw.
  func text(of text: JSONText) -> String? {
    if text.isPlain { return String(decoding: bytes[text.range], as: UTF8.self) }
    return unescaped(bytes[text.range]).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The member that has this name; nil when it is none of those known.
  func member(_ name: JSONText) throws(Mistake) -> Member? {
    if name.isPlain { return Member(utf8: bytes.span.extracting(name.range)) }
    guard let name = unescaped(bytes[name.range]) else { throw .notJSON }
    return Member(utf8: name.span)
  }

  private func unescaped(_ escaped: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = escaped
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte >= 0x20 else { return nil }
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
      case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = Self.takeScalar(from: &rest) else { return nil }
        text.append(contentsOf: String(scalar).utf8)
      default: return nil
      }
    }
    return text
  }

  /// Takes the hexadecimal digits after `\u`, and a second escape where the first is half of a pair.
  private static func takeScalar(from rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard let first = takeUnit(from: &rest) else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
      let second = takeUnit(from: &rest), UTF16.isTrailSurrogate(second)
    else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00)))
  }

  private static func takeUnit(from rest: inout ArraySlice<UInt8>) -> UInt16? {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = rest.popFirst()?.hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// Reads a number, at whose first byte the reader stands.
  mutating func number() -> ReceivedValue {
    let start = offset
    var value: Int64 = 0
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10,
      offset - start < Self.maximumExactDigits
    {
      value = value * 10 + Int64(digit)
      offset += 1
    }
    let isWhole = offset == bytes.count || !Self.isNumberByte(bytes[offset])
    if isWhole, bytes[start] != UInt8(ascii: "0") || offset == start + 1 {
      return .number(Double(value))
    }
    skipNumber()
    let digits = bytes[start..<offset]
    guard Self.isNumber(digits), let number = Double(String(decoding: digits, as: UTF8.self)),
      number.isFinite
    else { return .unreadableNumber }
    return .number(number)
  }

  /// Passes over all bytes that numbers are made of.
  mutating func skipNumber() {
    while offset < bytes.count, Self.isNumberByte(bytes[offset]) { offset += 1 }
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// RFC 8259, section 6.
  private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    func takes(_ accepted: String) -> Bool {
      guard let byte = rest.first, accepted.utf8.contains(byte) else { return false }
      rest.removeFirst()
      return true
    }
    func takesDigits() -> Bool {
      let count = rest.count
      rest = rest.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      return rest.count < count
    }
    _ = takes("-")
    guard takes("0") || takesDigits() else { return false }
    if takes("."), !takesDigits() { return false }
    if takes("eE") {
      _ = takes("+-")
      guard takesDigits() else { return false }
    }
    return rest.isEmpty
  }
}
