import Postgres
import TestSupport
import Testing
import Threads

extension ServerSuites {
  /// Every type of parameter goes to the server and comes back as what it was.
  @Suite struct RoundTripTests {
    private static let texts = [
      "", "a", "naïve", "nai\u{308}ve", "日本語", "👩‍👩‍👧‍👦", "'; DROP TABLE tickets; --", "{a,\"b\",NULL}",
      "\\x00", " \n\t", String(repeating: "é", count: 20_000),
    ]

    private func query(_ sql: String, _ parameters: [PostgresParameter]) throws -> PostgresResult {
      try Connections.make().query(sql, parameters, deadline: Connections.patience)
    }

    @Test(arguments: texts.indices)
    func text(index: Int) throws {
      let text = Self.texts[index]
      let result = try query("SELECT $1::text, octet_length($1::text)", [.text(text)])
      // By bytes: Swift takes differently composed accents for the same.
      #expect(Array(result.text(row: 0, column: 0).utf8) == Array(text.utf8))
      #expect(result.integer(row: 0, column: 1) == text.utf8.count)
    }

    @Test func textArray() throws {
      let values: [String?] = Self.texts + [nil, "NULL"]
      let result = try query(
        "SELECT a, a IS NULL FROM unnest($1::text[]) WITH ORDINALITY AS u (a, i) ORDER BY i",
        [.textArray(values)])
      #expect(result.rowCount == values.count)
      for (row, value) in values.enumerated() {
        #expect(result.isNull(row: row, column: 0) == (value == nil))
        #expect(result.bool(row: row, column: 1) == (value == nil))
        #expect(Array(result.text(row: row, column: 0).utf8) == Array((value ?? "").utf8))
      }
    }

    @Test(arguments: [[], [0], [1, -1, .max, .min, 65_536]] as [[Int32]])
    func int32Array(values: [Int32]) throws {
      let result = try query(
        "SELECT $1::int4[], $1::int4[]::int8[], cardinality($1::int4[]), $1::int4[] = $2::int4[]",
        [.int32Array(values), .int32Array(values)])
      #expect(result.integerArray(row: 0, column: 0) == values.map(Int.init))
      #expect(result.integerArray(row: 0, column: 1) == values.map(Int.init))
      #expect(result.integer(row: 0, column: 2) == values.count)
      #expect(result.bool(row: 0, column: 3))
    }

    @Test func null() throws {
      let result = try query(
        "SELECT $1::int8, $2::text IS NULL, $3::text", [.null, .null, .text("after")])
      #expect(result.isNull(row: 0, column: 0))
      #expect(result.bool(row: 0, column: 1))
      #expect(result.text(row: 0, column: 2) == "after")
    }

    @Test func emptyArraysAreEmptyAndNotNULL() throws {
      let result = try query(
        """
        SELECT $1::text[] = '{}', $2::int4[] = '{}', $3::float8[] = '{}', $4::bytea[] = '{}'
        """, [.textArray([]), .int32Array([]), .doubleArray([]), .byteaArray([])])
      for column in 0..<4 { #expect(result.bool(row: 0, column: column)) }
    }

    @Test(arguments: [0, 1, -1, .max, .min] as [Int32])
    func int32(value: Int32) throws {
      let result = try query("SELECT $1::int4, $1::int4::text", [.int32(value)])
      #expect(result.integer(row: 0, column: 0) == Int(value))
      #expect(result.text(row: 0, column: 1) == "\(value)")
    }

    @Test func int8() throws {
      let result = try query(
        "SELECT $1::int8, 9223372036854775807, $2::int8, (-9223372036854775807 - 1)",
        [.int64(.max), .int64(.min)])
      #expect((0..<4).map { result.integer(row: 0, column: $0) } == [.max, .max, .min, .min])
      let array = try query("SELECT ARRAY[1, -1, 9223372036854775807]::int8[]", [])
      #expect(array.integerArray(row: 0, column: 0) == [1, -1, .max])
    }

    @Test(arguments: [0, -0.0, 0.1, 1e300, -1e-300, .infinity, .nan])
    func double(value: Double) throws {
      let result = try query(
        "SELECT $1::float8::text, $2::float8[] = ARRAY[$1::float8, 1.5]",
        [.double(value), .doubleArray([value, 1.5])])
      let text = result.text(row: 0, column: 0).replacing("Infinity", with: "inf")
      let returned = try #require(Double(text))
      #expect(returned == value || (returned.isNaN && value.isNaN))
      #expect(returned.sign == value.sign)
      #expect(result.bool(row: 0, column: 1))
    }

    @Test func byteaArray() throws {
      let result = try query(
        #"SELECT $1::bytea[] = ARRAY['\x00ff', '', '\x5c']::bytea[]"#,
        [.byteaArray([[0, 0xff], [], [0x5c]])])
      #expect(result.bool(row: 0, column: 0))
    }

    @Test func boolAndNULL() throws {
      let result = try query(
        "SELECT $1::bool, $2::bool, NULL::bool, NULL::text, NULL::int4[], $1::bool::text",
        [.bool(true), .bool(false)])
      #expect(result.bool(row: 0, column: 0))
      #expect(!result.bool(row: 0, column: 1))
      #expect(result.text(row: 0, column: 5) == "true")
      for column in 2..<5 { #expect(result.isNull(row: 0, column: column)) }
      #expect(!result.bool(row: 0, column: 2))
      #expect(result.text(row: 0, column: 3) == "")
      #expect(result.integerArray(row: 0, column: 4) == [])
    }

    @Test func rowsAreCounted() throws {
      let connection = try Connections.make()
      let deadline = Connections.patience
      #expect(
        try connection.query("SELECT generate_series(1, 3)", deadline: deadline).rowCount == 3)
      try connection.run(script: "CREATE TEMP TABLE counted (a int)", deadline: deadline)
      let inserted = try connection.query(
        "INSERT INTO counted SELECT generate_series(1, 5)", deadline: deadline)
      #expect(inserted.affectedRowCount == 5)
      #expect(inserted.rowCount == 0)
      let deleted = try connection.query(
        "DELETE FROM counted WHERE a < $1", [.int32(3)], deadline: deadline)
      #expect(deleted.affectedRowCount == 2)
    }

    @Test func aLargeParameterGoesThroughWhileTheServerAnswers() throws {
      // Larger than the socket's buffers, both ways.
      let values = (0..<60_000).map { "ticket-\($0)-" + String(repeating: "x", count: 80) }
      let result = try query("SELECT unnest($1::text[])", [.textArray(values)])
      #expect(result.rowCount == values.count)
      #expect(result.text(row: values.count - 1, column: 0) == values.last)
    }
  }
}
