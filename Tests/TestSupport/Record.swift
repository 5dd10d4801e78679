/// A FastCGI record (the FastCGI specification, section 3.3).
public struct Record: Equatable {
  /// The types of records (section 8).
  public static let beginRequest: UInt8 = 1, abortRequest: UInt8 = 2, endRequest: UInt8 = 3,
    params: UInt8 = 4, stdin: UInt8 = 5, stdout: UInt8 = 6, data: UInt8 = 8, getValues: UInt8 = 9

  private var version: UInt8
  private var kind: UInt8
  private var requestID: UInt16
  private var content: [UInt8]
  private var paddingBytes: UInt8

  /// Creates a record, by default without content.
  public init(
    version: UInt8 = 1, kind: UInt8, requestID: UInt16 = 1, content: [UInt8] = [],
    paddingBytes: UInt8 = 0
  ) {
    self.version = version
    self.kind = kind
    self.requestID = requestID
    self.content = content
    self.paddingBytes = paddingBytes
  }

  /// The record as it is sent.
  public var bytes: [UInt8] {
    let length = UInt16(content.count)
    return [
      version, kind, UInt8(requestID >> 8), UInt8(truncatingIfNeeded: requestID),
      UInt8(length >> 8), UInt8(truncatingIfNeeded: length), paddingBytes, 0,
    ] + content + [UInt8](repeating: 0, count: Int(paddingBytes))
  }

  /// The records of one request to a responder.
  public static func request(
    _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: [UInt8] = [],
    keepsConnection: Bool = true
  ) -> [UInt8] {
    Record(kind: beginRequest, content: [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0]).bytes
      + stream(params, parameters.flatMap { pair($0.0, $0.1) }) + stream(stdin, body)
  }

  /// A stream's records, with padding, and the empty one that ends it.
  public static func stream(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
    let longest = 65_535
    let parts = stride(from: 0, to: content.count, by: longest).flatMap { start in
      let part = Array(content[start..<min(start + longest, content.count)])
      return Record(kind: kind, content: part, paddingBytes: UInt8(-part.count & 7)).bytes
    }
    return parts + Record(kind: kind).bytes
  }

  /// A name and a value, with lengths of one byte or of four.
  public static func pair(_ name: String, _ value: String) -> [UInt8] {
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
