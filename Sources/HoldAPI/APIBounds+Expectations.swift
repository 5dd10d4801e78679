/// How messages name what was expected: the same words whether a member's type or its value is wrong.
extension APIBounds {
  var expectedTickets: String { "an array of 1 to \(maximumTickets) ticket ids" }

  var expectedTicketID: String { "a string of 1 to \(maximumTicketIDBytes) bytes" }

  var expectedReservedTime: String {
    "a number from \(ReceivedValue.numeral(minimumReservedSeconds))"
      + " to \(ReceivedValue.numeral(maximumReservedSeconds))"
  }

  var expectedHoldID: String {
    "\(minimumHoldIDBytes) to \(maximumHoldIDBytes) of [A-Za-z0-9._-]"
  }
}
