internal import Holds
internal import Postgres

/// A batch as the parameters of `holdfast_commit`; see its SQL file for their meaning.
struct CommitStatement {
  static let statement = PreparedStatement(
    name: "holdfast_commit", sql: EmbeddedSQL.commitStatement)

  private let operations: [HoldOperation]
  private(set) var ticketIDs: [String?] = []
  private(set) var wants: [Int32] = []
  private(set) var holdIDs: [String?] = []
  private var holdIDNumbers: [HoldID: Int32] = [:]
  private(set) var locks: [Int32] = []
  private(set) var owners: [Int32] = []
  private(set) var seconds: [Double] = []
  private(set) var ends: [Int32] = []
  private(set) var members: [Int32] = []

  init(_ operations: [HoldOperation]) {
    self.operations = operations
    for operation in operations {
      switch operation {
      case .lock(let request):
        append(isLock: true, holdID: request.holdID, seconds: request.reservedSeconds)
      case .release(let request):
        append(isLock: false, holdID: request.holdID, seconds: 0)
      case .lockBest, .confirm:
        preconditionFailure("no endpoint submits it yet")
      }
    }
    numberTickets()
  }

  func parameters(
    longestHoldSeconds: Double, isStrict: Bool, record: CommitRecord
  ) -> [PostgresParameter] {
    [
      .textArray(ticketIDs), .int32Array(wants), .textArray(holdIDs), .int32Array(locks),
      .int32Array(owners), .doubleArray(seconds), .int32Array(ends), .int32Array(members),
      .double(longestHoldSeconds), .bool(isStrict), .int64(record.committer),
      .int64(record.batch),
    ]
  }

  private mutating func append(isLock: Bool, holdID: HoldID?, seconds: Double) {
    locks.append(isLock ? 1 : 0)
    self.seconds.append(seconds)
    guard let holdID else { return owners.append(0) }
    let number = holdIDNumbers[holdID] ?? Int32(holdIDs.count + 1)
    if number > holdIDs.count {
      holdIDs.append(holdID.secret)
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
      for ticketID in operation.ticketIDs {
        uses.append((ticketID, locks[index] == 1 ? 1 : 2, uses.count))
      }
      ends.append(Int32(uses.count))
    }
    members = [Int32](repeating: 0, count: uses.count)
    uses.sort { ByteOrder.precedes($0.ticketID, $1.ticketID) }
    var last: String?
    for use in uses {
      if let last, ByteOrder.areEqual(last, use.ticketID) {
        wants[wants.endIndex - 1] |= use.want
      } else {
        ticketIDs.append(use.ticketID)
        wants.append(use.want)
        last = use.ticketID
      }
      members[use.member] = Int32(ticketIDs.count)
    }
  }
}
