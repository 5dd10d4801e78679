public import Postgres
public import Threads

/// Releases holds on behalf of a person who looks after the site, whoever owns them.
///
/// The release and the note of it in the history are one transaction.
public struct HoldRelease: Sendable {
  /// A row that was deleted.
  public struct Released: Sendable, Equatable {
    /// The ticket that it was on.
    public let ticketID: String

    /// When the hold would have ended, in RFC 3339; nil where the row had no end.
    public let expiresAt: String?

    /// Digits of a hash by which one cart is told from another; nil for an anonymous hold.
    public let cart: String?

    /// Whether it kept others from the ticket.
    public let wasLive: Bool
  }

  /// How long a row that a commit has locked is waited for, each time.
  private static let lockTimeoutMilliseconds = 200

  /// The tickets whose holds are released.
  public let ticketIDs: [String]

  /// Why, for the history.
  public let reason: String

  /// The user of the operating system who asks for it.
  public let user: String

  /// Prepares a release.
  public init(ticketIDs: [String], reason: String, user: String) {
    self.ticketIDs = ticketIDs
    self.reason = reason
    self.user = user
  }

  /// Deletes the rows, and tells which there were.
  ///
  /// - Throws: The server's error; nothing was released then.
  public func run(
    _ connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> [Released] {
    let facts = try OperatingFacts(connection, deadline: deadline)
    guard facts.hasHistory else {
      throw PostgresError(
        .server(.undefinedTable),
        "holdfast_history: a release is noted there, and there is no such table"
      ).askingForMigration
    }
    try connection.run(
      script: "\(EmbeddedSQL.session); SET lock_timeout = \(Self.lockTimeoutMilliseconds)",
      deadline: deadline)
    let sql = EmbeddedSQL.release.filling("cart", with: facts.cart)
    while true {
      do throws(PostgresError) {
        let rows = try connection.query(
          sql, [.textArray(ticketIDs), .text(reason), .text(user)], deadline: deadline)
        return (0..<rows.rowCount).map { row in
          Released(
            ticketID: rows.text(row: row, column: 0),
            expiresAt: rows.optionalText(row: row, column: 1),
            cart: rows.optionalText(row: row, column: 2),
            wasLive: rows.bool(row: row, column: 3))
        }
      } catch {
        let isPassing = [SQLState.lockNotAvailable, .deadlockDetected, .serializationFailure]
          .contains { error.code == .server($0) }
        guard isPassing, Instant.now < deadline else { throw error }
      }
    }
  }
}
