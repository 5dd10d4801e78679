private import CPostgreSQL

/// The rows that a statement gave, in the server's binary format.
@safe public final class PostgresResult {
  private let result: OpaquePointer

  /// Takes over a result; `PQclear` frees it with its owner.
  init(owning result: OpaquePointer) {
    unsafe self.result = result
  }

  deinit { unsafe PQclear(result) }

  /// How many rows there are.
  public var rowCount: Int { Int(unsafe PQntuples(result)) }

  /// How many rows the statement inserted, updated or deleted; 0 for other statements.
  public var affectedRowCount: Int {
    Int(unsafe String(cString: PQcmdTuples(result))) ?? 0
  }

  /// True for SQL's NULL.
  public func isNull(row: Int, column: Int) -> Bool {
    unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
  }

  /// A `text`, `varchar` or `name`.
  public func text(row: Int, column: Int) -> String {
    unsafe withBytes(row: row, column: column) { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// A `text`, `varchar` or `name`; nil for NULL.
  public func optionalText(row: Int, column: Int) -> String? {
    isNull(row: row, column: column) ? nil : text(row: row, column: column)
  }

  /// Appends the bytes of a `text` or `varchar`.
  public func appendText(row: Int, column: Int, to bytes: inout [UInt8]) {
    unsafe withBytes(row: row, column: column) { unsafe bytes.append(contentsOf: $0) }
  }

  /// A `bool`.
  public func bool(row: Int, column: Int) -> Bool {
    unsafe withBytes(row: row, column: column) { unsafe $0.first == 1 }
  }

  /// An `int4` or `int8`.
  public func integer(row: Int, column: Int) -> Int {
    unsafe withBytes(row: row, column: column) { bytes in
      unsafe bytes.count == 4
        ? Int(Int32(truncatingIfNeeded: Self.bigEndian(bytes, at: 0, count: 4)))
        : Self.bigEndian(bytes, at: 0, count: 8)
    }
  }

  /// An `int4` or `int8`; nil for NULL.
  public func optionalInteger(row: Int, column: Int) -> Int? {
    isNull(row: row, column: column) ? nil : integer(row: row, column: column)
  }

  /// An `int4[]` or `int8[]` without NULLs; empty for NULL.
  public func integerArray(row: Int, column: Int) -> [Int] {
    unsafe withBytes(row: row, column: column) { bytes in
      // Dimensions, flags, element type; then count and lower bound; then length and value of each.
      guard bytes.count >= 20 else { return [] }
      let count = unsafe Self.bigEndian(bytes, at: 12, count: 4)
      var values: [Int] = []
      values.reserveCapacity(count)
      var offset = 20
      for _ in 0..<count {
        let size = unsafe Self.bigEndian(bytes, at: offset, count: 4)
        let value = unsafe Self.bigEndian(bytes, at: offset + 4, count: size)
        values.append(size == 4 ? Int(Int32(truncatingIfNeeded: value)) : value)
        offset += 4 + size
      }
      return values
    }
  }

  private func withBytes<Value>(
    row: Int, column: Int, _ body: (UnsafeRawBufferPointer) -> Value
  ) -> Value {
    let count = Int(unsafe PQgetlength(result, Int32(row), Int32(column)))
    let start = unsafe UnsafeRawPointer(PQgetvalue(result, Int32(row), Int32(column)))
    return unsafe body(UnsafeRawBufferPointer(start: start, count: count))
  }

  private static func bigEndian(_ bytes: UnsafeRawBufferPointer, at offset: Int, count: Int) -> Int
  {
    var value: UInt64 = 0
    for index in offset..<offset + count { value = value << 8 | UInt64(unsafe bytes[index]) }
    return Int(truncatingIfNeeded: value)
  }
}
