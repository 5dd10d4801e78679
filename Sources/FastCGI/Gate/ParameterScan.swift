/// Adds up the lengths in a stream of name-value pairs, record by record (FastCGI 1.0, section 3.4).
struct ParameterScan {
  /// More than any web server has reason to send.
  private static let maximumPairs = 256

  private let maximumBytes: Int
  private var takenBytes = 0
  private var pairCount = 0

  /// Bytes of the current pair's name and value that are still to come.
  private var pairBytesLeft = 0

  /// The current pair's name, once its length is known.
  private var nameBytes: Int?

  /// A length of four bytes of which so many are still to come.
  private var length = 0
  private var lengthBytesLeft = 0

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// No pair has begun without having ended.
  var isBetweenPairs: Bool { pairBytesLeft == 0 && nameBytes == nil && lengthBytesLeft == 0 }

  /// Takes the stream's next bytes; false once a bound is exceeded.
  ///
  /// A pair counts with the length that it announces, before its bytes have come.
  mutating func take(_ content: Span<UInt8>) -> Bool {
    var position = 0
    while position < content.count {
      if pairBytesLeft > 0 {
        let count = min(pairBytesLeft, content.count - position)
        pairBytesLeft -= count
        position += count
        continue
      }
      guard takeLengthByte(content[position], following: takenBytes + position + 1) else {
        return false
      }
      position += 1
    }
    takenBytes += content.count
    return takenBytes <= maximumBytes
  }

  /// A length takes one byte, or four when the first bit of the first is set.
  private mutating func takeLengthByte(_ byte: UInt8, following bytesBefore: Int) -> Bool {
    if lengthBytesLeft > 0 {
      length = length << 8 | Int(byte)
      lengthBytesLeft -= 1
    } else if byte >= 0x80 {
      length = Int(byte & 0x7f)
      lengthBytesLeft = 3
    } else {
      length = Int(byte)
    }
    guard lengthBytesLeft == 0 else { return true }
    guard let name = nameBytes else {
      nameBytes = length
      return bytesBefore + length <= maximumBytes
    }
    nameBytes = nil
    pairCount += 1
    pairBytesLeft = name + length
    return pairCount <= Self.maximumPairs && bytesBefore + pairBytesLeft <= maximumBytes
  }
}
