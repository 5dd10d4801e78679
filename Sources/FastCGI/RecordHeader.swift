/// The eight bytes in front of a record, as a number in network order (FastCGI 1.0, section 3.3).
struct RecordHeader {
  static let byteCount = 8

  /// The largest content of one record.
  static let maximumContentBytes = 65_535

  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  /// The header of a record without padding.
  init(_ kind: RecordKind, requestID: UInt16, contentBytes: Int) {
    bits =
      1 << 56 | UInt64(kind.rawValue) << 48 | UInt64(requestID) << 32
      | UInt64(UInt16(contentBytes)) << 16
  }

  var version: UInt8 { UInt8(truncatingIfNeeded: bits >> 56) }
  var kindByte: UInt8 { UInt8(truncatingIfNeeded: bits >> 48) }
  var requestID: UInt16 { UInt16(truncatingIfNeeded: bits >> 32) }
  var contentBytes: Int { Int(bits >> 16 & 0xffff) }
  var paddingBytes: Int { Int(bits >> 8 & 0xff) }
}
