import Testing

@testable import Postgres

/// The bytes of the binary format, by the server's `*_send` functions.
@Suite struct PostgresParameterTests {
  private func bytes(_ parameter: PostgresParameter) -> [UInt8] {
    var bytes: [UInt8] = []
    parameter.encode(into: &bytes)
    return bytes
  }

  @Test func textIsItsUTF8() {
    #expect(bytes(.text("aé")) == [0x61, 0xc3, 0xa9])
    #expect(bytes(.text("")) == [])
  }

  @Test func numbersAreBigEndian() {
    #expect(bytes(.int32(0x0102_0304)) == [1, 2, 3, 4])
    #expect(bytes(.int32(-2)) == [0xff, 0xff, 0xff, 0xfe])
    #expect(bytes(.double(1.5)) == [0x3f, 0xf8, 0, 0, 0, 0, 0, 0])
    #expect(bytes(.double(-0.0)) == [0x80, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func anEmptyArrayHasNoDimension() {
    #expect(bytes(.textArray([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25])
    #expect(bytes(.int32Array([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23])
    #expect(bytes(.doubleArray([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xbd])
  }

  @Test func anArrayTellsOfItsNULLs() {
    #expect(
      bytes(.textArray(["é", nil, ""])) == [
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0, 0, 1,
        0, 0, 0, 2, 0xc3, 0xa9, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
      ])
  }

  @Test func arraysOfNumbersCarryALengthForEach() {
    #expect(
      bytes(.int32Array([7, -1])) == [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1,
        0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff,
      ])
    #expect(
      bytes(.doubleArray([2])) == [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0xbd, 0, 0, 0, 1, 0, 0, 0, 1,
        0, 0, 0, 8, 0x40, 0, 0, 0, 0, 0, 0, 0,
      ])
  }
}
