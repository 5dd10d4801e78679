/// Reads JSON (RFC 8259) in one pass.
///
/// What the caller skips is checked for structure only: its numbers and escapes are not. A byte order
/// mark at the start is ignored. Recursion is bounded by `maximumNesting`, as a worker's stack is small.
struct JSONReader {
  /// How deep arrays and objects may be nested; the requests themselves need three levels.
  static let maximumNesting = 32

  /// Why bytes are not accepted as JSON.
  enum Mistake: Error, Equatable {
    case notJSON
    case nul(offset: Int)
    case commaBeforeBracket(offset: Int)
    case tooDeep
    case invalidUTF8(offset: Int)
  }

  let bytes: [UInt8]
  var offset = 0
  private var nesting = 0
  private var seenBits: UInt8 = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.first == 0xEF, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
  }

  /// Whether the next value is an object.
  var isAtObject: Bool {
    mutating get { next() == UInt8(ascii: "{") }
  }

  /// Reads an object: calls `member` with each name, and it reads or skips the value.
  mutating func object(
    _ member: (inout JSONReader, JSONText) throws(Mistake) -> Void
  ) throws(Mistake) {
    try open(UInt8(ascii: "{"))
    if next() != UInt8(ascii: "}") {
      repeat {
        let name = try string()
        try take(UInt8(ascii: ":"))
        try member(&self, name)
      } while takes(UInt8(ascii: ","))
    }
    try close(UInt8(ascii: "}"))
  }

  /// Reads a value; what is in an object is skipped.
  mutating func value() throws(Mistake) -> ReceivedValue {
    switch next() ?? 0 {
    case UInt8(ascii: "\""):
      guard let text = text(of: try string()) else { return .unreadableString }
      return .string(text)
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "{"):
      try skip()
      return .object
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return number()
    default: return try word()
    }
  }

  /// Passes over a value.
  mutating func skip() throws(Mistake) {
    switch next() ?? 0 {
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "["):
      try open(UInt8(ascii: "["))
      if next() != UInt8(ascii: "]") {
        repeat { try skip() } while takes(UInt8(ascii: ","))
      }
      try close(UInt8(ascii: "]"))
    case UInt8(ascii: "{"): try object { json, _ throws(Mistake) in try json.skip() }
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): skipNumber()
    default: _ = try word()
    }
  }

  /// Checks that nothing follows, and that all of it was UTF-8.
  mutating func finish() throws(Mistake) {
    guard next() == nil else { throw mistake }
    if seenBits >= 0x80, let offset = Self.invalidOffset(in: bytes) {
      throw .invalidUTF8(offset: offset)
    }
  }

  /// Where the bytes stop being UTF-8; nil when they all are.
  static func invalidOffset(in bytes: [UInt8]) -> Int? {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }

  private mutating func array() throws(Mistake) -> ReceivedValue {
    var texts: [String] = []
    var firstOther: ReceivedValue?
    try open(UInt8(ascii: "["))
    if next() != UInt8(ascii: "]") {
      // Most requests name few tickets: one allocation holds them.
      texts.reserveCapacity(4)
      repeat {
        guard firstOther == nil else {
          try skip()
          continue
        }
        let element = try value()
        if case .string(let text) = element {
          texts.append(text)
        } else {
          firstOther = element
        }
      } while takes(UInt8(ascii: ","))
    }
    try close(UInt8(ascii: "]"))
    guard let firstOther else { return .strings(texts) }
    return .mixedArray(firstOther: firstOther, index: texts.count)
  }

  /// Reads a string's bytes, which are not known to be UTF-8 before `finish` has returned.
  private mutating func string() throws(Mistake) -> JSONText {
    try take(UInt8(ascii: "\""))
    let start = offset
    var isPlain = true
    while true {
      let (end, seen) = Self.endOfPlainText(in: bytes.span.extracting(offset...))
      seenBits |= seen
      offset += end
      guard offset < bytes.count else { throw .notJSON }
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return JSONText(range: start..<offset - 1, isPlain: isPlain)
      case UInt8(ascii: "\\"):
        isPlain = false
        offset += 1
        let isUnicode = offset < bytes.count && bytes[offset] == UInt8(ascii: "u")
        try skipWithinString()
        if isUnicode { try skipHexDigits() }
      default:
        isPlain = false
        try skipWithinString()
      }
    }
  }

  /// How far the bytes are neither a quote nor a backslash nor control characters, and their bits.
  private static func endOfPlainText(in bytes: Span<UInt8>) -> (end: Int, seenBits: UInt8) {
    var seen: UInt8 = 0
    for index in bytes.indices {
      let byte = bytes[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        return (index, seen)
      }
      seen |= byte
    }
    return (bytes.count, seen)
  }

  /// Passes over a byte that is part of an escape, or a control character.
  private mutating func skipWithinString() throws(Mistake) {
    guard offset < bytes.count, bytes[offset] != 0 else { throw mistake }
    seenBits |= bytes[offset]
    offset += 1
  }

  /// Passes over the digits of `\u`: without them the end of the string would be in doubt.
  private mutating func skipHexDigits() throws(Mistake) {
    for _ in 0..<4 {
      guard offset < bytes.count, bytes[offset].hexDigitValue != nil else { throw mistake }
      offset += 1
    }
  }

  private mutating func word() throws(Mistake) -> ReceivedValue {
    switch next() {
    case UInt8(ascii: "t"):
      try takeWord("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try takeWord("false")
      return .bool(false)
    default:
      try takeWord("null")
      return .null
    }
  }

  private mutating func takeWord(_ word: String) throws(Mistake) {
    for byte in word.utf8 {
      guard offset < bytes.count, bytes[offset] == byte else { throw mistake }
      offset += 1
    }
  }

  private mutating func open(_ bracket: UInt8) throws(Mistake) {
    try take(bracket)
    nesting += 1
    if nesting > Self.maximumNesting { throw .tooDeep }
  }

  private mutating func close(_ bracket: UInt8) throws(Mistake) {
    try take(bracket)
    nesting -= 1
  }

  private mutating func take(_ byte: UInt8) throws(Mistake) {
    guard takes(byte) else { throw mistake }
  }

  private mutating func takes(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    offset += 1
    return true
  }

  /// The byte after any spaces; nil at the end.
  @inline(__always)
  private mutating func next() -> UInt8? {
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte > UInt8(ascii: " ") { return byte }
      guard Self.isSpace(byte) else { return byte }
      offset += 1
    }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
    default: false
    }
  }

  /// What is wrong with the byte at `offset`.
  private var mistake: Mistake {
    guard offset < bytes.count else { return .notJSON }
    switch bytes[offset] {
    case 0: return .nul(offset: offset)
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      let before = bytes[..<offset].last { !Self.isSpace($0) }
      return before == UInt8(ascii: ",") ? .commaBeforeBracket(offset: offset) : .notJSON
    default: return .notJSON
    }
  }
}
