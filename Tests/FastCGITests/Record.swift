/// A FastCGI record (the FastCGI specification, section 3.3).
struct Record: Equatable {
  static let beginRequest: UInt8 = 1
  static let abortRequest: UInt8 = 2
  static let endRequest: UInt8 = 3
  static let params: UInt8 = 4
  static let stdin: UInt8 = 5
  static let stdout: UInt8 = 6
  static let getValues: UInt8 = 9

  var version: UInt8 = 1
  var kind: UInt8
  var requestID: UInt16 = 1
  var content: [UInt8] = []
  var paddingBytes: UInt8 = 0

  var bytes: [UInt8] {
    let length = UInt16(content.count)
    return [
      version, kind, UInt8(requestID >> 8), UInt8(truncatingIfNeeded: requestID),
      UInt8(length >> 8), UInt8(truncatingIfNeeded: length), paddingBytes, 0,
    ] + content + [UInt8](repeating: 0, count: Int(paddingBytes))
  }

  /// The records of one request to a responder.
  static func request(
    _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: [UInt8] = [],
    keepsConnection: Bool = true
  ) -> [UInt8] {
    var records = [
      Record(kind: beginRequest, content: [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
    ]
    records += stream(params, parameters.flatMap { pair($0.0, $0.1) })
    records += stream(stdin, body)
    return records.flatMap(\.bytes)
  }

  /// A stream's records, with padding, and the empty one that ends it.
  static func stream(_ kind: UInt8, _ content: [UInt8]) -> [Record] {
    let longest = 65_535
    let parts = stride(from: 0, to: content.count, by: longest).map { start in
      let part = Array(content[start..<min(start + longest, content.count)])
      return Record(kind: kind, content: part, paddingBytes: UInt8(-part.count & 7))
    }
    return parts + [Record(kind: kind)]
  }

  /// A name and a value, with lengths of one byte or of four.
  static func pair(_ name: String, _ value: String) -> [UInt8] {
    func length(_ count: Int) -> [UInt8] {
      count < 128
        ? [UInt8(count)]
        : [
          UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255),
          UInt8(count & 255),
        ]
    }
    return length(name.utf8.count) + length(value.utf8.count) + name.utf8 + value.utf8
  }
}
