/// The parameters of a query (`application/x-www-form-urlencoded`, as the URL standard has it).
enum QueryReader {
  /// The first parameter of that name, decoded.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: If its value is not UTF-8, or a percent sign is not followed by two digits.
  static func value(_ name: String, in query: String) throws(BadRequest) -> String? {
    for part in query.utf8.split(separator: UInt8(ascii: "&")) {
      let pair = part.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard pair[0].elementsEqual(name.utf8) else { continue }
      guard pair.count == 2 else { return "" }
      guard let bytes = decode(Array(pair[1])), let text = String(validating: bytes, as: UTF8.self)
      else {
        throw BadRequest(name, expected: "percent-encoded UTF-8", got: "something else")
      }
      return text
    }
    return nil
  }

  /// A value as RFC 3986 recommends to write it: all but `[A-Za-z0-9._~-]` encoded, with capital digits.
  static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte in
      byte.isIDByte || byte == UInt8(ascii: "~")
        ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func decode(_ encoded: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var index = 0
    while index < encoded.count {
      switch encoded[index] {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard index + 2 < encoded.count, let high = encoded[index + 1].hexDigitValue,
          let low = encoded[index + 2].hexDigitValue
        else { return nil }
        bytes.append(high << 4 | low)
        index += 2
      case let byte: bytes.append(byte)
      }
      index += 1
    }
    return bytes
  }
}
