/// What an id or a name of the caller's may be, whether it comes in a body or in a query.
enum TextCheck {
  /// How messages say it.
  static func expectation(maximumBytes: Int) -> String { "a string of 1 to \(maximumBytes) bytes" }

  /// The text itself, unless it is empty, too long, or contains a NUL, which PostgreSQL's text cannot
  /// hold.
  static func check(
    _ text: String, named name: @autoclosure () -> String, maximumBytes: Int
  ) throws(BadRequest) -> String {
    let fits = (1...maximumBytes).contains(text.utf8.count)
    if fits, !text.containsNUL { return text }
    throw BadRequest(
      name(), expected: expectation(maximumBytes: maximumBytes) + (fits ? " without NUL" : ""),
      got: Quotation.of(text))
  }
}
