import Holds

/// What an event id may be, whether it comes in a body or in a query.
enum EventIDCheck {
  static func expectation(_ bounds: APIBounds) -> String {
    "a string of 1 to \(bounds.maximumEventIDBytes) bytes"
  }

  static func check(
    _ text: String, named name: String, bounds: APIBounds
  ) throws(BadRequest) -> EventID {
    let fits = (1...bounds.maximumEventIDBytes).contains(text.utf8.count)
    // PostgreSQL's text cannot hold a NUL.
    if fits, text.everyByte(satisfies: { $0 != 0 }) { return EventID(text) }
    throw BadRequest(
      name, expected: expectation(bounds) + (fits ? " without NUL" : ""), got: Quotation.of(text))
  }
}
