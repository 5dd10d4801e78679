import Testing

@testable import holdfast

/// Prometheus' text format, version 0.0.4.
@Suite struct MetricsTextTests {
  private var text = MetricsText()

  @Test mutating func aFamilyIsItsHelpItsTypeAndItsSamples() {
    text.family("a_total", "counter", "What it counts.")
    text.sample("a_total", 3)
    text.sample("a_total", 4, [("code", "200"), ("endpoint", "/x")])
    #expect(
      text.text == """
        # HELP a_total What it counts.
        # TYPE a_total counter
        a_total 3
        a_total{code="200",endpoint="/x"} 4

        """)
  }

  @Test mutating func backslashesLineFeedsAndQuotesAreEscaped() {
    text.family("a", "gauge", "one\ntwo \\ \"three\"")
    text.sample("a", 1, [("l", "one\ntwo \\ \"three\"")])
    #expect(
      text.text == #"""
        # HELP a one\ntwo \\ "three"
        # TYPE a gauge
        a{l="one\ntwo \\ \"three\""} 1

        """#)
  }

  @Test mutating func numbersAreWrittenAsGoReadsThem() {
    for number in [0, -1, 0.5, 1e15, .nan, .infinity, -.infinity] { text.sample("a", number) }
    let numbers = text.text.split(separator: "\n").map { $0.dropFirst(2) }
    #expect(numbers == ["0", "-1", "0.5", "1000000000000000", "NaN", "+Inf", "-Inf"])
  }

  @Test mutating func theBucketsOfAHistogramIncludeTheSmallerOnes() {
    let histogram = Histogram(bounds: [1, 2, 4])
    for quantity in [1, 2, 2, 3, 5, 100] { histogram.observe(quantity) }
    text.histogram("a", histogram, [("l", "x")])
    #expect(
      text.text == """
        a_bucket{l="x",le="1"} 1
        a_bucket{l="x",le="2"} 3
        a_bucket{l="x",le="4"} 4
        a_bucket{l="x",le="+Inf"} 6
        a_sum{l="x"} 113
        a_count{l="x"} 6

        """)
  }

  @Test mutating func timesAreShownInSeconds() {
    let histogram = Histogram.ofTimes()
    histogram.observe(500_000)
    histogram.observe(2_000_000_000)
    text.histogram("a", histogram)
    let lines = text.text.split(separator: "\n")
    #expect(lines.first == #"a_bucket{le="0.0005"} 1"#)
    #expect(lines.contains(#"a_bucket{le="1"} 1"#))
    #expect(lines.contains(#"a_bucket{le="2.5"} 2"#))
    #expect(lines.suffix(2) == ["a_sum 2.0005", "a_count 2"])
  }
}
