internal import Holds
internal import Postgres

/// A batch as the parameters of `holdfast_commit`; see its SQL file for their meaning.
struct CommitStatement {
  static let statement = PreparedStatement(
    name: "holdfast_commit", sql: EmbeddedSQL.commitStatement)

  private let operations: [HoldOperation]
  private let requestIDs: [String?]
  private(set) var ticketIDs: [String?] = []
  private(set) var wants: [Int32] = []
  private(set) var holdKeys: [[UInt8]] = []
  private var holdIDNumbers: [HoldID: Int32] = [:]
  private(set) var kinds: [Int32] = []
  private(set) var owners: [Int32] = []
  private(set) var seconds: [Double] = []
  private(set) var ends: [Int32] = []
  private(set) var members: [Int32] = []
  private(set) var shoppers = NumberedTexts()
  private(set) var choices = NumberedTexts()
  private(set) var orders = NumberedTexts()

  /// - Parameter requestIDs: By which request each operation was asked for; empty if no history is kept.
  init(_ operations: [HoldOperation], requestIDs: [String?] = []) {
    self.operations = operations
    self.requestIDs = requestIDs
    for (index, operation) in operations.enumerated() {
      switch operation {
      case .lock(let request):
        append(kind: 1, holdID: request.holdID, seconds: request.reservedSeconds)
        if let shopper = request.shopper { shoppers.append(shopper.text, for: index) }
        if let choice = request.choice { choices.append(choice.text, for: index) }
      case .release(let request):
        append(kind: 0, holdID: request.holdID, seconds: 0)
      case .confirm(let request):
        append(kind: 2, holdID: request.holdID, seconds: 0)
        orders.append(request.orderID, for: index)
      case .lockBest:
        preconditionFailure("its tickets have not been chosen")
      }
    }
    numberTickets()
  }

  /// - Parameter record: The number that a commit is recorded under; nil for a trial, which fails if it
  ///   would change anything.
  func parameters(
    longestHoldSeconds: Double, isStrict: Bool, heldTicketLimit: Int = 0, record: CommitRecord?
  ) -> [PostgresParameter] {
    // Without a limit nobody's shopper matters, and none is stored.
    let shoppers = heldTicketLimit > 0 ? shoppers : NumberedTexts()
    return [
      .textArray(ticketIDs), .int32Array(wants), .byteaArray(holdKeys), .int32Array(kinds),
      .int32Array(owners), .doubleArray(seconds), .int32Array(ends), .int32Array(members),
      .double(longestHoldSeconds), .bool(isStrict), .int32(Int32(heldTicketLimit)),
      .textArray(shoppers.texts), .int32Array(shoppers.numbers),
      .byteaArray(choices.texts.map(Digest.sha256)), .int32Array(choices.numbers),
      .textArray(orders.texts), .int32Array(orders.numbers), .textArray(requestIDs),
      record.map { .int64($0.committer) } ?? .null, record.map { .int64($0.batch) } ?? .null,
    ]
  }

  private mutating func append(kind: Int32, holdID: HoldID?, seconds: Double) {
    kinds.append(kind)
    self.seconds.append(seconds)
    guard let holdID else { return owners.append(0) }
    let number = holdIDNumbers[holdID] ?? Int32(holdKeys.count + 1)
    if number > holdKeys.count {
      // The secret itself does not reach the database, nor a log of the statements there.
      holdKeys.append(Digest.sha256(of: holdID.secret))
      holdIDNumbers[holdID] = number
    }
    owners.append(number)
  }

  /// Gives each different ticket a number in byte order.
  ///
  /// Strings are compared by their bytes, as the database does: Swift's own comparison takes
  /// differently composed accents for the same.
  private mutating func numberTickets() {
    var uses: [(ticketID: String, want: Int32, member: Int)] = []
    for (index, operation) in operations.enumerated() {
      let want = [2, 1, 4][Int(kinds[index])] | Int32(index + 1) << 3
      for ticketID in operation.ticketIDs {
        uses.append((ticketID, want, uses.count))
      }
      ends.append(Int32(uses.count))
    }
    members = [Int32](repeating: 0, count: uses.count)
    uses.sort { ByteOrder.precedes($0.ticketID, $1.ticketID) }
    var last: String?
    for use in uses {
      if let last, ByteOrder.areEqual(last, use.ticketID) {
        let first = min(wants[wants.endIndex - 1] >> 3, use.want >> 3)
        wants[wants.endIndex - 1] = (wants[wants.endIndex - 1] | use.want) & 7 | first << 3
      } else {
        ticketIDs.append(use.ticketID)
        wants.append(use.want)
        last = use.ticketID
      }
      members[use.member] = Int32(ticketIDs.count)
    }
  }
}
