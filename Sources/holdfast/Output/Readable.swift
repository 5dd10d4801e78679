/// Times as a person reads them.
enum Readable {
  /// `9m 12s` for 552 seconds: the two largest units.
  static func duration(seconds: Int) -> String {
    let magnitude = abs(seconds)
    let sign = seconds < 0 ? "-" : ""
    if magnitude < 60 { return "\(sign)\(magnitude)s" }
    if magnitude < 3600 { return "\(sign)\(magnitude / 60)m \(magnitude % 60)s" }
    if magnitude < 86_400 { return "\(sign)\(magnitude / 3600)h \(magnitude % 3600 / 60)m" }
    return "\(sign)\(magnitude / 86_400)d \(magnitude % 86_400 / 3600)h"
  }

  /// `2026-11-25 20:03:11` for an instant in RFC 3339, which must be in UTC.
  static func instant(_ text: String?) -> String {
    guard let text else { return "-" }
    guard text.hasSuffix("Z") else { return text }
    return text.replacing("T", with: " ").prefix { $0 != "." }.replacing("Z", with: "")
  }
}
