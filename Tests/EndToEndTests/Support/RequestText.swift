import Foundation

/// Bodies of requests.
enum RequestText {
  static func lock(
    _ tickets: [String], seconds: Double = 600, holdID: String? = nil, details: Bool = false
  ) -> String {
    var members = "\"ticketd_reserved\":\(array(tickets)),\"reserved_time\":\(seconds)"
    if let holdID { members += ",\"hold_id\":\"\(holdID)\"" }
    if details { members += ",\"details\":true" }
    return "{\"data\":{\(members)}}"
  }

  static func release(_ tickets: [String], holdID: String? = nil) -> String {
    let owner = holdID.map { ",\"hold_id\":\"\($0)\"" } ?? ""
    return "{\"data\":{\"tickets\":\(array(tickets))\(owner)}}"
  }

  static func confirm(
    _ tickets: [String], order: String? = nil, holdID: String? = nil
  ) -> String {
    let order = order.map { ",\"order_id\":\(string($0))" } ?? ""
    let owner = holdID.map { ",\"hold_id\":\"\($0)\"" } ?? ""
    return "{\"data\":{\"tickets\":\(array(tickets))\(order)\(owner)}}"
  }

  /// Strings as the service writes them: escaped only where JSON demands it.
  static func array(_ strings: [String]) -> String {
    "[" + strings.map(string).joined(separator: ",") + "]"
  }

  static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
