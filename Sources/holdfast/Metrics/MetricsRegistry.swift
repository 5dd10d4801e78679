/// The metrics of the process, in the order in which they are shown. Adding one is one call.
struct MetricsRegistry: Sendable {
  typealias Sample = (labels: [MetricsText.Label], value: Double)

  private var families: [@Sendable (inout MetricsText) -> Void] = []

  /// Writes every metric.
  func write(to text: inout MetricsText) {
    for family in families { family(&text) }
  }

  /// Adds a number that only grows.
  mutating func counter(_ name: String, _ help: String) -> Counter {
    let counter = Counter()
    families.append { text in
      text.family(name, "counter", help)
      text.sample(name, Double(counter.value))
    }
    return counter
  }

  /// Adds one such number for each value of a label.
  mutating func counters<Value: Hashable & Sendable & RawRepresentable & CaseIterable>(
    _ name: String, _ help: String, by label: String, _ values: Value.Type
  ) -> [Value: Counter] where Value.RawValue == String {
    let counters = Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, Counter()) })
    families.append { text in
      text.family(name, "counter", help)
      for value in Value.allCases {
        text.sample(name, Double(counters[value]?.value ?? 0), [(label, value.rawValue)])
      }
    }
    return counters
  }

  /// Adds a histogram.
  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) -> Histogram {
    families.append { text in
      text.family(name, "histogram", help)
      text.histogram(name, histogram)
    }
    return histogram
  }

  /// Adds numbers that are asked for whenever metrics are read; a family without samples is left out.
  mutating func gauge(
    _ name: String, _ help: String, type: String = "gauge",
    _ samples: @escaping @Sendable () -> [Sample]
  ) {
    families.append { text in
      let samples = samples()
      guard !samples.isEmpty else { return }
      text.family(name, type, help)
      for sample in samples { text.sample(name, sample.value, sample.labels) }
    }
  }

  /// Adds a family that writes itself.
  mutating func family(_ write: @escaping @Sendable (inout MetricsText) -> Void) {
    families.append(write)
  }
}
