/// A parameter of a statement, sent in the server's binary format.
///
/// The statement must give the parameter the matching type, by a function's signature or a cast.
public enum PostgresParameter: Sendable {
  /// NULL, of any type.
  case null

  /// `text`; must not contain NUL, which PostgreSQL cannot store.
  case text(String)

  /// `text[]`, where nil is NULL.
  case textArray([String?])

  /// `bytea[]`.
  case byteaArray([[UInt8]])

  /// `bool`.
  case bool(Bool)

  /// `int4`.
  case int32(Int32)

  /// `int8`.
  case int64(Int64)

  /// `int4[]`.
  case int32Array([Int32])

  /// `float8`.
  case double(Double)

  /// `float8[]`.
  case doubleArray([Double])

  /// Whether it is NULL, which has no bytes.
  var isNull: Bool { if case .null = self { true } else { false } }

  /// The value's bytes, by the type's `*_send` function in the server's source.
  func encode(into bytes: inout [UInt8]) {
    switch self {
    case .null:
      break
    case .text(let value):
      bytes.append(contentsOf: value.utf8)
    case .bool(let value):
      bytes.append(value ? 1 : 0)
    case .int32(let value):
      Self.append(UInt32(bitPattern: value), to: &bytes)
    case .int64(let value):
      Self.append(UInt64(bitPattern: value), to: &bytes)
    case .double(let value):
      Self.append(value.bitPattern, to: &bytes)
    case .textArray(let values):
      Self.appendArrayHeader(
        count: values.count, hasNull: values.contains(nil), elementType: 25, to: &bytes)
      for value in values {
        guard var text = value else {
          Self.append(UInt32.max, to: &bytes)
          continue
        }
        text.withUTF8 { utf8 in
          Self.append(UInt32(utf8.count), to: &bytes)
          unsafe bytes.append(contentsOf: utf8)
        }
      }
    case .byteaArray(let values):
      Self.appendArrayHeader(count: values.count, hasNull: false, elementType: 17, to: &bytes)
      for value in values {
        Self.append(UInt32(value.count), to: &bytes)
        bytes.append(contentsOf: value)
      }
    case .int32Array(let values):
      Self.appendArrayHeader(count: values.count, hasNull: false, elementType: 23, to: &bytes)
      // The length, 4, and the value; all are appended at once.
      let elements = values.map { (UInt64(4) << 32 | UInt64(UInt32(bitPattern: $0))).bigEndian }
      unsafe elements.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    case .doubleArray(let values):
      Self.appendArrayHeader(count: values.count, hasNull: false, elementType: 701, to: &bytes)
      for value in values {
        Self.append(UInt32(8), to: &bytes)
        Self.append(value.bitPattern, to: &bytes)
      }
    }
  }

  private static func appendArrayHeader(
    count: Int, hasNull: Bool, elementType: UInt32, to bytes: inout [UInt8]
  ) {
    // An empty array has no dimension.
    append(UInt32(count == 0 ? 0 : 1), to: &bytes)
    append(UInt32(hasNull ? 1 : 0), to: &bytes)
    append(elementType, to: &bytes)
    guard count > 0 else { return }
    append(UInt32(count), to: &bytes)
    append(UInt32(1), to: &bytes)
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
  }
}
