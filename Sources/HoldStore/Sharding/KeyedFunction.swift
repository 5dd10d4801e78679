internal import Postgres

/// A statement of the service's that an engine runs on the server of a key: one source for the function
/// there, for the engine's function in front, and for the service's call.
struct KeyedFunction: Sendable {
  /// Where the engine runs it.
  enum Place: Sendable {
    /// On the server of the key in this parameter.
    case key(String)

    /// On that of each of the keys in this parameter.
    case keys(String)

    case everywhere
  }

  let name: String

  /// As in `CREATE FUNCTION`.
  let parameters: String

  /// As in `RETURNS TABLE`.
  let columns: String

  let place: Place

  /// The service's call; `$1`, `$2`, … are the parameters.
  let call: PreparedStatement

  init(name: String, parameters: String, columns: String, place: Place) {
    self.name = name
    self.parameters = parameters
    self.columns = columns
    self.place = place
    let count = parameters.split(separator: ",").count
    let places = (0..<count).map { "$\($0 + 1)" }.joined(separator: ", ")
    call = PreparedStatement(name: name, sql: "SELECT * FROM \(name)(\(places))")
  }

  static let commit = KeyedFunction(
    name: "holdfast_keyed_commit",
    parameters: """
      p_tickets text[], p_wants int[], p_hold_keys bytea[], p_kinds int[], p_owners int[], \
      p_seconds float8[], p_ends int[], p_members int[], p_longest float8, p_strict boolean, \
      p_limit int, p_shoppers text[], p_shopper_of int[], p_choices bytea[], p_choice_of int[], \
      p_orders text[], p_order_of int[], p_requests text[], p_committer bigint, p_batch bigint, \
      p_key text
      """, columns: outcome, place: .key("p_key"))

  static let lookUp = KeyedFunction(
    name: "holdfast_keyed_look_up", parameters: "p_committer bigint, p_batch bigint, p_key text",
    columns: outcome, place: .key("p_key"))

  static let purge = KeyedFunction(
    name: "holdfast_keyed_purge",
    parameters: "p_committer bigint, p_first bigint, p_last bigint, p_key text",
    columns: "purged_batch bigint", place: .key("p_key"))

  static let ping = KeyedFunction(
    name: "holdfast_keyed_ping", parameters: "p_key text", columns: "pong int", place: .key("p_key")
  )

  static let choiceRows = KeyedFunction(
    name: "holdfast_keyed_choice_rows",
    parameters: "p_choices bytea[], p_longest float8, p_key text",
    columns: "number bigint, chosen text", place: .key("p_key"))

  static let eventSeats = KeyedFunction(
    name: "holdfast_keyed_event_seats",
    parameters: "p_event text, p_never bigint, p_limit bigint, p_longest float8",
    columns: """
      seat text, seat_zone text, row_name text, seat_name text, until bigint, is_anonymous boolean, \
      read_at bigint
      """, place: .key("p_event"))

  static let lookForEvents = KeyedFunction(
    name: "holdfast_keyed_look_for_events", parameters: "p_events text[]",
    columns: "found_event text",
    place: .keys("p_events"))

  static let seatStates = KeyedFunction(
    name: "holdfast_keyed_seat_states",
    parameters: "p_event text, p_names text[], p_longest float8",
    columns: "event text, ticket_count bigint, digits text, hash_sum text, column_names text",
    place: .key("p_event"))

  static let seatLayout = KeyedFunction(
    name: "holdfast_keyed_seat_layout", parameters: "p_event text, p_longest float8",
    columns: "seat text, digit text, event text, ticket_count bigint, hash_sum text",
    place: .key("p_event"))

  static let ticketList = KeyedFunction(
    name: "holdfast_keyed_ticket_list", parameters: "p_event text, p_longest float8",
    columns: "ticket text", place: .key("p_event"))

  static let ticketListSales = KeyedFunction(
    name: "holdfast_keyed_ticket_list_sales", parameters: "p_event text, p_longest float8",
    columns: "ticket text", place: .key("p_event"))

  static let sweepPages = KeyedFunction(
    name: "holdfast_keyed_sweep_pages", parameters: "", columns: "pages bigint", place: .everywhere)

  static let sweep = KeyedFunction(
    name: "holdfast_keyed_sweep", parameters: "p_first text, p_last text, p_longest float8",
    columns: "swept bigint, from_the_future bigint, live bigint", place: .everywhere)

  private static let outcome =
    "outcomes int[], expiries bigint[], reasons int[], waits bigint[], decided_at bigint"
}
