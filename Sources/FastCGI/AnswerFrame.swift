/// What goes before and after an answer that fits into one record, as numbers in network order.
struct AnswerFrame {
  static let tailBytes = 24

  let head: UInt64

  /// The empty record that ends standard output.
  let outputEnd: UInt64

  /// The header of `END_REQUEST`.
  let end: UInt64

  /// Its content: application status 0, and complete.
  let ending: UInt64 = 0

  init(contentBytes: Int, requestID: UInt16) {
    head =
      RecordHeader(.standardOutput, requestID: requestID, contentBytes: contentBytes).bits
    outputEnd = RecordHeader(.standardOutput, requestID: requestID, contentBytes: 0).bits
    end = RecordHeader(.endRequest, requestID: requestID, contentBytes: 8).bits
  }
}
