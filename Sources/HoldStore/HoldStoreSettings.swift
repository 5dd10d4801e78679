public import Holds
public import Postgres

/// Whether commits lock the tickets that they grant.
public enum StrictSales: String, Sendable, CaseIterable {
  /// Where the role may.
  case auto

  /// Always; a role that may not cannot commit.
  case on = "true"

  /// Never.
  case off = "false"
}

/// The bounds and times of the store.
public struct HoldStoreSettings: Sendable {
  /// The database, as a URI or `key=value` string; libpq's `PG*` variables fill in the rest.
  public var conninfo = ""

  /// Connections kept open.
  public var pool = PoolLimits(connections: 5, connectTimeoutMilliseconds: 2000)

  /// Threads that commit batches, each on a connection of its own while it does.
  public var committers = 2

  /// Whether commits lock the tickets, so that a sale by plain SQL cannot commit unseen between a
  /// batch's decision and its commit.
  public var strictSales = StrictSales.off

  /// The longest that an operation waits for a commit in progress before another may start beside it.
  public var overlapAfterMilliseconds = 20

  /// The bounds of the queue in front of them.
  public var queue = CommitQueueLimits(
    waitingOperations: 1024, waitingMilliseconds: 2000, batchOperations: 128, batchTickets: 1024)

  /// When an operation is given up, counted from its submission.
  public var answerTimeoutMilliseconds = 4900

  /// The server's `statement_timeout`.
  public var statementTimeoutMilliseconds = 2000

  /// The server's `lock_timeout`: how long a batch waits for another session's insert of a ticket.
  public var lockTimeoutMilliseconds = 20

  /// How long waits for a ticket must have failed before requests for it are refused as contended, and
  /// how long they are then refused without another wait.
  public var contentionMilliseconds = 500

  /// How long the readiness check waits for an answer.
  public var readinessTimeoutMilliseconds = 1000

  /// The pause between sweeps of expired rows; 0 for none.
  public var sweepIntervalMilliseconds = 30_000

  /// Pages of the table that one statement of a sweep covers.
  public var sweepPages = 128

  /// The longest that an unbroken hold may last through renewals, in seconds.
  public var longestHoldSeconds = 7200.0

  /// Events whose seats are kept in memory for calls for the best tickets.
  public var bestEvents = 32

  /// Seats that are kept for it, of all events together; an event with more is not served.
  public var bestSeats = 500_000

  /// How many live tickets one cart, or one shopper, may have; 0 for any number.
  public var heldTicketLimit = 0

  /// How a ticket's key is taken from its id, where an engine in front of several servers finds the
  /// ticket's by it; nil for tables in the database itself.
  public var shardKey: ShardKey?

  /// Whether confirms are to be expected, so that the readiness check tries the rights for them.
  public var hasConfirms = false

  /// How many days of history are kept; 0 for none.
  public var historyDays = 0

  /// Whether a batch that the database refused is divided and run again: always, but in negative controls.
  var retriesFailedBatches = true

  /// Whether no connection is opened to a server on which commits hang: always, but in negative controls.
  var refusesHungCommits = true

  /// Whether an operation that has waited in vain finds out for which of its tickets: always, but in a
  /// negative control.
  var triesTickets = true

  /// The defaults.
  public init() {}
}
