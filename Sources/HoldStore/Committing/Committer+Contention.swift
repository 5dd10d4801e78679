internal import Holds
internal import Postgres
internal import Threads

/// Which ticket an operation has waited for in vain.
///
/// Requests for that ticket are to pause, or to be refused; but only these. The operation may name many
/// others, which are free for everybody else. The server's error does not tell which ticket it was: so
/// each is tried by itself.
///
/// A trial is the commit of one ticket without a number to record it under, which the key of
/// `holdfast_commits` forbids. So it can wait for another session's insert, but it can never commit.
/// While it waits it has no other ticket, so nobody waits for it in turn. It costs one more wait, and a
/// round trip for each ticket that is free; but only until the ticket is known, and requests for it pause.
extension Committer {
  /// Notes which ticket of an operation another session's insert is in progress of.
  ///
  /// - Parameter entry: It was alone in its batch, and has waited in vain.
  /// - Returns: False if it cannot be told: usually the other session has finished meanwhile.
  func noteContention(_ entry: HoldQueue.Entry) -> Bool {
    let ticketIDs = contendedTickets(of: entry)
    let now = Instant.now
    contended.withLock {
      $0.insert(
        ticketIDs, now: now,
        pausedUntil: now.advanced(byMilliseconds: contentionMilliseconds / 4),
        refusedUntil: now.advanced(byMilliseconds: contentionMilliseconds),
        rememberedUntil: now.advanced(byMilliseconds: contentionMilliseconds * 2))
    }
    return !ticketIDs.isEmpty
  }

  /// The first ticket that is contended, as far as it can be told.
  private func contendedTickets(of entry: HoldQueue.Entry) -> [String] {
    let operation = entry.payload.committed
    guard operation.ticketIDs.count > 1, triesTickets else { return operation.ticketIDs }
    let candidates = contended.withLock { $0.rememberedFirst(operation.ticketIDs) }
    let found = try? pool.withConnection(deadline: entry.deadline) {
      connection throws(PostgresError) in
      for ticketID in candidates
      where try waitsInVain(operation.naming(ticketID), on: connection, deadline: entry.deadline) {
        return [ticketID]
      }
      return []
    }
    return found ?? []
  }

  private func waitsInVain(
    _ operation: HoldOperation, on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> Bool {
    let parameters = CommitStatement([operation]).parameters(
      longestHoldSeconds: longestHoldSeconds, isStrict: false, record: nil)
    do throws(PostgresError) {
      try connection.execute(calls.commit, calls.adding(parameters), deadline: deadline)
      return false
    } catch {
      guard case .server(let state) = error.code, connection.isUsable else { throw error }
      return state == .lockNotAvailable
    }
  }
}

extension HoldOperation {
  /// The same for one of its tickets.
  fileprivate func naming(_ ticketID: String) -> HoldOperation {
    switch self {
    case .lock(var request):
      request.ticketIDs = [ticketID]
      // A choice would be deferred, since its other tickets are missing.
      request.choice = nil
      return .lock(request)
    case .release(var request):
      request.ticketIDs = [ticketID]
      return .release(request)
    case .confirm(var request):
      request.ticketIDs = [ticketID]
      return .confirm(request)
    case .lockBest:
      return self
    }
  }
}
