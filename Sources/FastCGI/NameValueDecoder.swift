/// Decodes a stream of name-value pairs as it comes in (FastCGI 1.0, section 3.4).
///
/// Nothing is allocated on the word of a length: what a pair announces is held against the bound
/// first, and memory grows with the bytes that have come.
struct NameValueDecoder {
  private(set) var pairs: [FastCGIParameter] = []

  private let maximumBytes: Int
  private let maximumPairs: Int
  private let keepsEmptyValues: Bool

  /// Bytes of the pairs that are complete.
  private var decodedBytes = 0

  /// The beginning of a pair that is not complete.
  private var pending: [UInt8] = []

  /// How long `pending` has to be for its pair to be complete, as far as its lengths are known.
  private var wantedBytes = 0

  init(maximumBytes: Int, maximumPairs: Int, keepsEmptyValues: Bool) {
    self.maximumBytes = maximumBytes
    self.maximumPairs = maximumPairs
    self.keepsEmptyValues = keepsEmptyValues
  }

  /// No pair has begun without having ended.
  var isBetweenPairs: Bool { pending.isEmpty }

  /// Takes the stream's next bytes.
  mutating func decode(_ content: Span<UInt8>) throws(ProtocolViolation) {
    guard decodedBytes + pending.count + content.count <= maximumBytes else {
      throw .tooManyParameters
    }
    if pending.isEmpty {
      let used = try takePairs(content)
      if used < content.count { pending.append(copying: content.extracting(used..<content.count)) }
    } else {
      pending.append(copying: content)
      guard pending.count >= wantedBytes else { return }
      var held: [UInt8] = []
      swap(&held, &pending)
      let used = try takePairs(held.span)
      held.removeFirst(used)
      pending = held
    }
  }

  /// Decodes the pairs that are complete, and tells how many bytes they take.
  private mutating func takePairs(_ bytes: Span<UInt8>) throws(ProtocolViolation) -> Int {
    var start = 0
    wantedBytes = 0
    while start < bytes.count {
      var position = start
      guard let nameBytes = Self.length(in: bytes, at: &position),
        let valueBytes = Self.length(in: bytes, at: &position)
      else { break }
      // Two lengths of 31 bits each.
      let end = position + nameBytes + valueBytes
      guard decodedBytes + end - start <= maximumBytes else { throw .tooManyParameters }
      guard end <= bytes.count else {
        wantedBytes = end - start
        break
      }
      let nameEnd = position + nameBytes
      try keep(
        name: bytes.extracting(position..<nameEnd), value: bytes.extracting(nameEnd..<end))
      decodedBytes += end - start
      start = end
    }
    return start
  }

  /// A length of one byte, or of four when the first bit is set; nil when it is not all there.
  private static func length(in bytes: Span<UInt8>, at position: inout Int) -> Int? {
    guard position < bytes.count else { return nil }
    let first = bytes[position]
    if first < 0x80 {
      position += 1
      return Int(first)
    }
    guard bytes.count - position >= 4 else { return nil }
    let rest =
      Int(bytes[position + 1]) << 16 | Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
    position += 4
    return Int(first & 0x7f) << 24 | rest
  }

  private mutating func keep(
    name: Span<UInt8>, value: Span<UInt8>
  ) throws(ProtocolViolation) {
    // Nobody can ask for the one, and the other is as good as none.
    guard !name.isEmpty, keepsEmptyValues || !value.isEmpty else { return }
    guard pairs.count < maximumPairs else { throw .tooManyParameters }
    if pairs.isEmpty { pairs.reserveCapacity(8) }
    pairs.append(FastCGIParameter(name: String(copying: name), value: String(copying: value)))
  }
}
