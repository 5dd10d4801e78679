/// What every answer is.
struct FuzzEnvelope: Decodable {
  struct Detail: Decodable {
    var ticket_id: String
  }

  struct Content: Decodable {
    var valido: Bool?
    var tickets: [String]?
    var nodisponible: [String]?
    var unavailable: [Detail]?
  }

  var message: String
  var status: Int
  var data: Content
}
