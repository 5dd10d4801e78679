internal import FoundationEssentials

/// Times as a person reads them.
enum Readable {
  /// `9m 12s` for 552 seconds: the two largest units, without a second one that is 0.
  static func duration(seconds: Int) -> String {
    let units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    let magnitude = abs(seconds)
    let first = units.firstIndex { magnitude >= $0.1 } ?? units.count - 1
    var text = (seconds < 0 ? "-" : "") + "\(magnitude / units[first].1)\(units[first].0)"
    if first + 1 < units.count {
      let rest = magnitude % units[first].1 / units[first + 1].1
      if rest > 0 { text += " \(rest)\(units[first + 1].0)" }
    }
    return text
  }

  /// `2026-11-25 20:03:11` for an instant in RFC 3339, which must be in UTC.
  static func instant(_ text: String?) -> String {
    guard let text else { return "-" }
    guard text.hasSuffix("Z") else { return text }
    let seconds = String(text.prefix { $0 != "." && $0 != "Z" })
    return seconds.replacing("T", with: " ")
  }

  /// The same for microseconds since 1970.
  static func instant(microseconds: Int64) -> String {
    instant(timestamp(microseconds: microseconds))
  }

  /// RFC 3339 in UTC with milliseconds, rounded down.
  static func timestamp(microseconds: Int64) -> String {
    let milliseconds = (Double(microseconds) / 1000).rounded(.down)
    return Date(timeIntervalSince1970: milliseconds / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
