import Foundation

/// An HTTP answer.
struct HTTPResponse: Sendable {
  var status: Int
  var headers: [(name: String, value: String)]
  var body: String

  /// The values of the headers of that name, whatever its case.
  func values(_ name: String) -> [String] {
    headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }

  /// The only header of that name; nil if there are none or several.
  subscript(name: String) -> String? {
    let found = values(name)
    return found.count == 1 ? found[0] : nil
  }

  /// The member `data`.
  var data: [String: Any] {
    let json = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    return json?["data"] as? [String: Any] ?? [:]
  }

  /// The member `message`.
  var message: String {
    let json = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    return json?["message"] as? String ?? ""
  }

  /// Reads a header block: a status line or CGI's `Status`, and header lines.
  init(head: String, body: String = "") {
    var lines = head.split(whereSeparator: \.isNewline)[...]
    status = 0
    if lines.first?.hasPrefix("HTTP/") == true, let line = lines.popFirst() {
      status = Int(line.split(separator: " ")[1]) ?? 0
    }
    headers = lines.compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (String(line[..<colon]), value)
    }
    self.body = body
    if status == 0, let line = self["Status"] { status = Int(line.prefix(3)) ?? 0 }
  }
}
