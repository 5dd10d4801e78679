internal import Holds
internal import Postgres
internal import Threads

/// Looks at the seats of events on a thread of its own, one after the other, when callers wait for it.
struct SeatLooker: Sendable {
  let books: SeatBooks
  let pool: Pool
  let longestHoldSeconds: Double

  /// Whether the seats are behind an engine.
  let isSharded: Bool
  let timeoutMilliseconds: Int
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  /// Lets calls for the best tickets of these events be decided anew.
  let wake: @Sendable (Set<ExactText>) -> Void

  func run() {
    while true {
      switch books.nextDuty() {
      case .look(let look): wake(perform(look))
      case .find(let looks): wake(find(looks))
      case .end: return
      }
    }
  }

  private func find(_ looks: [SeatBooks.Look]) -> Set<ExactText> {
    let deadline = Instant.now.advanced(byMilliseconds: timeoutMilliseconds)
    let events = looks.map(\.event)
    do throws(PostgresError) {
      let found = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        try SeatLook.events(
          events.map(\.text), isSharded: isSharded, on: connection, deadline: deadline)
      }
      return books.end(looks, finding: Set(found.map { ExactText($0) }))
    } catch {
      onEvent(.seatsNotRead(error))
      // It may be the server of a single key that has failed.
      if isSharded { return books.end(looks, finding: Set(events)) }
      let cause = Self.cause(of: error)
      return looks.reduce(into: []) { $0.formUnion(books.end($1, failedBy: cause)) }
    }
  }

  private func perform(_ look: SeatBooks.Look) -> Set<ExactText> {
    let deadline = look.began.advanced(byMilliseconds: timeoutMilliseconds)
    do throws(PostgresError) {
      let limit = books.limits.seats
      let found = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        try SeatLook(
          at: look.event.text, limit: limit + 1, longestHoldSeconds: longestHoldSeconds,
          isSharded: isSharded, on: connection, deadline: deadline)
      }
      guard found.seats.count <= limit else {
        let cause = "The event has more than \(limit) tickets"
        return books.end(look, failedBy: .unsupported(cause))
      }
      return books.end(look, with: found.book(before: look.plan), readAt: found.readAt)
    } catch {
      onEvent(.seatsNotRead(error))
      return books.end(look, failedBy: Self.cause(of: error))
    }
  }

  /// What callers are told; nil where another attempt may succeed.
  private static func cause(of error: PostgresError) -> HoldFailure? {
    switch error.code {
    case .server(.undefinedColumn): .unsupported("The table tickets has no column event_id")
    case .server(.queryCanceled): .databaseUnreachable
    case .server(.insufficientPrivilege), .server(.undefinedTable), .server(.undefinedFunction):
      .databaseRefused
    default: nil
    }
  }
}
