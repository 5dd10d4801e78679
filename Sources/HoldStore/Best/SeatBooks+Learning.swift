internal import Holds
internal import Threads

/// What commits tell the seat books.
extension SeatBooks {
  /// Notes what has become of a batch's operations.
  ///
  /// - Parameters:
  ///   - outcomes: The operations as they went to the database, and the events of those whose tickets
  ///     the service has chosen.
  ///   - decidedAt: The database's clock, in microseconds since 1970.
  ///   - now: When the outcomes were known.
  func learn(
    _ outcomes: some Sequence<(operation: HoldOperation, event: ExactText?, outcome: HoldOutcome)>,
    decidedAt: Int64, now: Instant
  ) {
    state.withLock { state in
      guard !state.events.isEmpty else { return }
      state.clock = (decidedAt, now)
      // Most of them may be of events that do not exist.
      let all = state.events.values.filter { $0.seatCount > 0 }
      for (operation, event, outcome) in outcomes {
        let books = event.map { [state.events[$0]].compactMap(\.self) } ?? all
        Self.learn(operation, outcome, decidedAt: decidedAt, in: books)
      }
    }
  }

  private static func learn(
    _ operation: HoldOperation, _ outcome: HoldOutcome, decidedAt: Int64, in books: [EventSeats]
  ) {
    switch outcome {
    case .granted(let grant):
      guard case .lock(let request) = operation else { return }
      let holder: SeatBook.Holder = request.holdID.map { .cart($0) } ?? .anonymous
      for ticketID in request.ticketIDs {
        learn(ticketID, in: books) {
          $0.learn(.held(until: grant.expiresAtUnixMicroseconds), of: $1, holder: holder)
          return true
        }
      }
    case .refused(let tickets):
      for ticket in tickets {
        learn(ticket.ticketID, in: books) { book, seat in
          learn(ticket, decidedAt: decidedAt, of: seat, in: &book)
        }
      }
    case .sold:
      for ticketID in operation.ticketIDs {
        learn(ticketID, in: books) {
          $0.learn(.taken, of: $1)
          return true
        }
      }
    case .released:
      guard case .release(let request) = operation else { return }
      let holder: SeatBook.Holder = request.holdID.map { .cart($0) } ?? .anonymous
      for ticketID in request.ticketIDs {
        learn(ticketID, in: books) { $0.learnRelease(of: $1, by: holder) }
      }
    case .chosen, .notEnough, .overLimit, .orderMismatch, .failed: break
    }
  }

  private static func learn(
    _ ticket: UnavailableTicket, decidedAt: Int64, of seat: Int, in book: inout SeatBook
  ) -> Bool {
    switch ticket.reason {
    case .sold, .unknown, .withheld: book.learn(.taken, of: seat)
    case .held:
      // What is known already is more exact, and says whose hold it is.
      if case .held(let end) = book.state(of: seat), end > decidedAt { return false }
      let wait = (ticket.availableInSeconds ?? 0) * 1_000_000
      book.learn(.held(until: decidedAt + wait), of: seat)
    }
    return true
  }

  /// - Parameter change: Tells whether the book has learned something of the seat. If it has not, what it
  ///   knows may be older than what a look finds.
  private static func learn(
    _ ticketID: String, in books: [EventSeats], _ change: (inout SeatBook, Int) -> Bool
  ) {
    let exact = ExactText(ticketID)
    let hash = exact.hashValue
    for event in books {
      guard let seat = event.book?.plan.seat(of: exact, hash: hash) else { continue }
      if change(&event.book!, seat), event.isLooking { event.learned.insert(seat) }
      return
    }
  }

  /// Has tickets left out of the choice for a while that another session keeps locked.
  func avoid(_ ticketIDs: [String], of event: ExactText, milliseconds: Int, now: Instant) {
    state.withLock { state in
      guard let event = state.events[event] else { return }
      let end = state.now(now) + Int64(milliseconds) * 1000
      for ticketID in ticketIDs {
        let exact = ExactText(ticketID)
        guard let seat = event.book?.plan.seat(of: exact) else { continue }
        event.book?.learn(.held(until: end), of: seat)
        event.avoided[exact] = now.advanced(byMilliseconds: milliseconds)
      }
    }
  }
}
