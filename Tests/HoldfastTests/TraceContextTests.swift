import Testing

@testable import holdfast

@Suite struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  @Test(arguments: [
    "00-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-00",
    "01-\(trace)-00f067aa0ba902b7-01", "cc-\(trace)-00f067aa0ba902b7-01-what-the-future-brings",
  ])
  func wellFormed(header: String) {
    #expect(TraceContext.traceID(of: header) == Self.trace)
  }

  @Test(arguments: [
    "", "00", trace, "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-00f067aa0ba902b7-1",
    "ff-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-01-more",
    "00-\(trace)-00f067aa0ba902b7-010", "01-\(trace)-00f067aa0ba902b7-010",
    "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01",
    "00-\(trace)-\(String(repeating: "0", count: 16))-01",
    "00-\(trace.uppercased())-00f067aa0ba902b7-01", "0x-\(trace)-00f067aa0ba902b7-01",
    "00_\(trace)-00f067aa0ba902b7-01", "00-\(trace)\n00f067aa0ba902b7-01",
    "01-\(trace)-00f067aa0ba902b7-01-" + String(repeating: "x", count: 500),
  ])
  func notWellFormed(header: String) {
    #expect(TraceContext.traceID(of: header) == nil)
  }

  @Test func withoutAHeaderThereIsNoTrace() { #expect(TraceContext.traceID(of: nil) == nil) }
}
