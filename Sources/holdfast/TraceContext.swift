/// A W3C `traceparent` header (https://www.w3.org/TR/trace-context/, section 3.2).
enum TraceContext {
  /// The trace id of a header: 32 hexadecimal digits. Nil if the header is not well formed.
  static func traceID(of header: String?) -> String? {
    guard let header, (55...512).contains(header.utf8.count) else { return nil }
    let bytes = Array(header.utf8)
    let dashes = [2, 35, 52]
    guard dashes.allSatisfy({ bytes[$0] == dash }) else { return nil }
    guard bytes[..<55].indices.allSatisfy({ dashes.contains($0) || isHexadecimal(bytes[$0]) })
    else { return nil }
    let (version, trace, parent) = (bytes[..<2], bytes[3..<35], bytes[36..<52])
    // Version 00 ends with the flags; a later one may go on after another dash.
    let isWhole = bytes.count == 55 || version != Array("00".utf8)[...] && bytes[55] == dash
    guard isWhole, version != Array("ff".utf8)[...], !isZero(trace), !isZero(parent) else {
      return nil
    }
    return String(decoding: trace, as: UTF8.self)
  }

  private static let dash = UInt8(ascii: "-")

  private static func isZero(_ digits: ArraySlice<UInt8>) -> Bool {
    digits.allSatisfy { $0 == UInt8(ascii: "0") }
  }

  /// Lower case only.
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
  }
}
