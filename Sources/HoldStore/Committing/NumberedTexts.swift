/// The different texts of one kind that a batch carries, and which operation carries which.
///
/// Texts are told apart by their bytes, as the database does.
struct NumberedTexts {
  private(set) var texts: [String] = []

  /// For each operation the number of its text, from 1; 0 for none. Those behind the last that carries
  /// one are left out.
  private(set) var numbers: [Int32] = []

  private var known: [[UInt8]: Int32] = [:]

  /// Notes the text of an operation; operations come in their order.
  mutating func append(_ text: String, for operation: Int) {
    let bytes = Array(text.utf8)
    let number = known[bytes] ?? Int32(texts.count + 1)
    if number > texts.count {
      texts.append(text)
      known[bytes] = number
    }
    numbers.append(contentsOf: repeatElement(0, count: operation - numbers.count))
    numbers.append(number)
  }
}
