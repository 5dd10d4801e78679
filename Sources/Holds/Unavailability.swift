/// Why an operation has no outcome; each is a 503 to the caller.
public enum Unavailability: Sendable, Equatable {
  /// The commit queue was full: the operation was never taken in. Nothing was changed.
  case queueFull

  /// The service is stopping and took the operation no further. Nothing was changed.
  case stopping

  /// The database could not be reached, or answered too late. Nothing was changed.
  case databaseUnreachable

  /// A ticket of the request stayed locked by another transaction. Nothing was changed.
  case contended

  /// The connection was lost while the operation was being committed.
  case outcomeUnknown

  /// True when it is certain that the operation changed nothing.
  public var nothingWasChanged: Bool { self != .outcomeUnknown }
}
