/// A row of `tickets_blocked`, with its times in microseconds since 1970.
struct HoldRow: Equatable {
  var until: Int
  var created: Int
  var holdID: String?
  var shopper: String?
}
