/// Writes metrics in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct MetricsText {
  typealias Label = (name: String, value: String)

  private(set) var text = ""

  /// Begins a family of samples.
  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ value: Double, _ labels: [Label] = []) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(Self.number(value))\n"
  }

  /// The samples of a histogram: its buckets, each with all that is smaller, the sum and the count.
  mutating func histogram(_ name: String, _ histogram: Histogram, _ labels: [Label] = []) {
    let counts = histogram.cumulativeCounts
    let sum = histogram.sum
    let bounds = histogram.bounds.map { Self.number(histogram.shown($0)) } + ["+Inf"]
    for (bound, count) in zip(bounds, counts) {
      sample("\(name)_bucket", Double(count), labels + [("le", bound)])
    }
    sample("\(name)_sum", sum, labels)
    sample("\(name)_count", Double(counts[counts.count - 1]), labels)
  }

  /// As Go's `ParseFloat` reads it; whole numbers without a fraction.
  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    let text = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return quotes ? text.replacing("\"", with: "\\\"") : text
  }
}
