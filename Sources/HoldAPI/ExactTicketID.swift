/// A ticket id that equals another only byte for byte, as it does for PostgreSQL.
///
/// A `String` equals every other that Unicode calls canonically equivalent: "é" in one scalar and in
/// two are different tickets.
struct ExactTicketID: Hashable {
  let text: String

  static func == (left: ExactTicketID, right: ExactTicketID) -> Bool {
    // What is equal byte for byte is equal to Unicode too, and that is told faster.
    left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// The string's own hash: it tells fewer ids apart than `==` does, which is allowed.
  func hash(into hasher: inout Hasher) {
    hasher.combine(text)
  }
}
