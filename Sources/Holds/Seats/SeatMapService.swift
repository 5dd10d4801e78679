/// What the endpoints that only read need of the store: seat maps and lists of tickets.
///
/// No call waits for the commit queue. Every call returns at once and calls its completion exactly
/// once, at once or later on one of the store's threads.
public protocol SeatMapService: Sendable {
  /// Gives a part of an event's seat map, read in this second of the clock or the one before.
  func seatMap(
    _ part: SeatMapPart, of eventID: EventID,
    completion: @escaping @Sendable (ReadOutcome<SeatMapAnswer>) -> Void)

  /// Gives all tickets of an event as a JSON array, in the byte order of their ids.
  ///
  /// - Parameter showsSales: Whether `status` is false also for a ticket that is under a live hold or
  ///   withheld; otherwise it is the ticket's own.
  func tickets(
    of eventID: EventID, showsSales: Bool,
    completion: @escaping @Sendable (ReadOutcome<LongBody>) -> Void)
}

/// What there is to ask of a seat map.
public enum SeatMapPart: Sendable, Hashable {
  /// The tickets and where they are. It changes only when the event's tickets do.
  case layout

  /// Which of them are free, held and sold.
  case availability
}

/// How an answer's body is encoded.
public enum ContentCoding: Sendable, Hashable {
  /// As it is.
  case identity

  /// Compressed (RFC 1952).
  case gzip
}

/// What became of a question to the database.
public enum ReadOutcome<Value: Sendable>: Sendable {
  /// The answer.
  case found(Value)

  /// There is no ticket of that event.
  case notFound

  /// There is no answer; nothing was changed.
  case failed(ReadFailure)
}

/// Why a question to the database has no answer.
public enum ReadFailure: Sendable, Equatable {
  /// As much is being read, kept or sent as the settings allow.
  case busy

  /// A stop has been requested.
  case stopping

  /// The database did not answer in time.
  case databaseUnreachable

  /// The database refused the question.
  case databaseRefused

  /// The table of tickets lacks this column, without which there are no events.
  case columnMissing(String)
}

/// A part of a seat map, ready to be sent.
public struct SeatMapAnswer: Sendable {
  /// Identifies the content, whatever its coding; without quotes.
  public let tag: String

  /// The second of the wall clock, since 1970, in which it was read.
  public let second: Int

  private let makeBody: @Sendable (ContentCoding) -> LongBody?

  /// Creates an answer.
  public init(
    tag: String, second: Int, makeBody: @escaping @Sendable (ContentCoding) -> LongBody?
  ) {
    self.tag = tag
    self.second = second
    self.makeBody = makeBody
  }

  /// The body in that coding; nil when as many long answers are in progress as the settings allow.
  public func body(_ coding: ContentCoding) -> LongBody? { makeBody(coding) }
}

/// A body that may be long: in pieces, so that it is never copied to grow, and counted until it has
/// been sent.
public final class LongBody: Sendable, Equatable {
  /// What it consists of.
  public let pieces: [[UInt8]]

  /// How long it is.
  public let byteCount: Int

  private let onRelease: @Sendable () -> Void

  /// Creates a body.
  ///
  /// - Parameter onRelease: Called once nobody needs the body any longer.
  public init(_ pieces: [[UInt8]], onRelease: @escaping @Sendable () -> Void = {}) {
    self.pieces = pieces
    self.onRelease = onRelease
    byteCount = pieces.reduce(0) { $0 + $1.count }
  }

  deinit { onRelease() }

  /// Bodies are equal when their bytes are.
  public static func == (left: LongBody, right: LongBody) -> Bool {
    left === right || left.pieces.joined().elementsEqual(right.pieces.joined())
  }
}
