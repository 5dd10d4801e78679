/// The bodies of answers, whole.
enum Answer {
  static let released = #"{"message":"Tickets unblocked","status":200,"data":{"valido":true}}"#
  static let swept = #"{"message":"Expired tickets unblocked","status":200,"data":{"valido":true}}"#
  static let alive = #"{"message":"Alive","status":200,"data":{}}"#
  static let ready =
    #"{"message":"Ready","status":200,"data":{"database":"ok","stopping":false,"strict_sales":false}}"#
  static let notFound = #"{"message":"Not found","status":404,"data":{}}"#
  static let tooLarge =
    #"{"message":"Request body larger than 65536 bytes","status":413,"data":{}}"#

  static func granted(_ tickets: [String]) -> String {
    #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":"#
      + RequestText.array(tickets) + "}}"
  }

  static func refused(_ tickets: [String]) -> String {
    #"{"message":"Tickets not available","status":400,"data":{"valido":false,"nodisponible":"#
      + RequestText.array(tickets) + "}}"
  }

  static func notEnough(free: Int) -> String {
    #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
      + #""nodisponible":[],"free":\#(free)}}"#
  }

  static func sold(_ tickets: [String], order: String) -> String {
    #"{"message":"Tickets sold","status":200,"data":{"valido":true,"tickets":"#
      + RequestText.array(tickets) + #","order_id":"# + RequestText.string(order) + "}}"
  }

  static func overLimit(_ limit: Int, held: Int) -> String {
    #"{"message":"At most \#(limit) tickets at once","status":400,"#
      + #""data":{"valido":false,"limit":\#(limit),"held":\#(held)}}"#
  }

  /// Bad input.
  static func bad(_ message: String, status: Int = 400) -> String {
    "{\"message\":\(RequestText.string(message)),\"status\":\(status),\"data\":{\"valido\":false}}"
  }

  /// An error about HTTP itself.
  static func http(_ status: Int, _ message: String) -> String {
    "{\"message\":\(RequestText.string(message)),\"status\":\(status),\"data\":{}}"
  }
}
