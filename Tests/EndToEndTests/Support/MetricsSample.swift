import Foundation
import TestSupport

/// What `/metrics` says at one moment: the sum over a site's instances, each asked by itself.
struct MetricsSample {
  private var values: [String: Double] = [:]

  init(_ site: Site) throws {
    for number in site.sockets.indices {
      let answer = try site.http().get("/metrics/\(number + 1)")
      guard answer.status == 200 else { throw Failure("/metrics: \(answer.status)") }
      for line in answer.body.split(separator: "\n") where !line.hasPrefix("#") {
        guard let space = line.lastIndex(of: " "),
          let value = Double(line[line.index(after: space)...])
        else { throw Failure("not a sample: \(line)") }
        values[String(line[..<space]), default: 0] += value
      }
    }
  }

  /// The value of a series, by its name and labels as they are shown; 0 if it is not there.
  subscript(series: String) -> Double { values[series] ?? 0 }

  /// Whether the series is shown.
  func has(_ series: String) -> Bool { values[series] != nil }

  /// All series.
  var series: [String] { values.keys.sorted() }
}
