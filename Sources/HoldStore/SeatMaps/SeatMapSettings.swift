public import Holds

/// The bounds and times of seat maps and lists.
public struct SeatMapSettings: Sendable {
  /// The database, as a URI or `key=value` string; libpq's `PG*` variables fill in the rest.
  public var conninfo = ""

  /// Threads that read seat maps, each on a connection of its own.
  public var readers = 2

  /// How many connections that makes: one for each reader, and one for lists.
  public var connections: Int { readers + 1 }

  /// Lists that are read, wait to be read or are being sent at once; one is read at a time. So many
  /// long layouts may be in memory besides.
  public var lists = 4

  /// What is kept.
  public var limits = SeatMapLimits(events: 64, bytes: 33_554_432)

  /// When a question is given up, counted from its arrival.
  public var answerTimeoutMilliseconds = 4900

  /// The server's `statement_timeout` for a seat map. Not more than 2 s, since no answer is to be older.
  public var readTimeoutMilliseconds = 2000

  /// How long one attempt to connect may take.
  public var connectTimeoutMilliseconds = 2000

  /// The longest that an unbroken hold may last through renewals, in seconds.
  public var longestHoldSeconds = 7200.0

  /// Whether the tickets are on several servers, behind an engine.
  public var isSharded = false

  /// The defaults.
  public init() {}
}
