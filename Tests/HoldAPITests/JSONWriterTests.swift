import Testing

@testable import HoldAPI

@Suite struct JSONWriterTests {
  @Test func everyByteThatMustBeEscapedIs() {
    var writer = JSONWriter()
    writer.string(String(String.UnicodeScalarView((0..<0x20).map { Unicode.Scalar(UInt8($0)) })))
    writer.string("\"\\/\u{7f}é🎟\u{2028}")
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
        + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c"#
        + #"\u001d\u001e\u001f""# + "\"\\\"\\\\/\u{7f}é🎟\u{2028}\"")
  }

  @Test func arraysAndNumbers() {
    var writer = JSONWriter()
    writer.strings([])
    writer.strings(["a"])
    writer.strings(["a", "", "b"])
    writer.integer(Int64.min)
    writer.integer(0)
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"[]["a"]["a","","b"]-92233720368547758080"#)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (999, "1970-01-01T00:00:00.000Z"),
      (1000, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (-1_000_000, "1969-12-31T23:59:59.000Z"),
      (951_782_399_999_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000_000, "2000-03-01T00:00:00.000Z"),
      (1_078_012_800_000_000, "2004-02-29T00:00:00.000Z"),
      (1_234_567_890_000_000, "2009-02-13T23:31:30.000Z"),
      (1_700_000_000_123_999, "2023-11-14T22:13:20.123Z"),
      (1_735_689_599_999_999, "2024-12-31T23:59:59.999Z"),
      (1_735_689_600_000_000, "2025-01-01T00:00:00.000Z"),
      (4_107_542_399_000_000, "2100-02-28T23:59:59.000Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
      (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"),
      (-2_203_891_200_000_000, "1900-03-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func timestamps(microseconds: Int64, text: String) {
    var writer = JSONWriter()
    writer.timestamp(unixMicroseconds: microseconds)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
  }

  @Test func timestampsDoNotTrapAtTheEnds() {
    for microseconds in [Int64.min, Int64.max] {
      var writer = JSONWriter()
      writer.timestamp(unixMicroseconds: microseconds)
      #expect(writer.bytes.last == UInt8(ascii: "Z"))
    }
  }
}
