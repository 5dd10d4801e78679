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
///
/// What is waited for may not be a ticket: somebody has locked the history, say. A trial does all that the
/// operation did, and waits for it too; then the ticket that is tried first stands for all of them. Only
/// what is done at the very commit, by a site's deferred trigger, no trial can see. When trials find nothing
/// once more, all of the operation's tickets are taken to be contended, and are not tried any more.
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
    let ticketIDs = entry.payload.committed.ticketIDs
    guard ticketIDs.count > 1, triesTickets else { return ticketIDs }
    let (candidates, wereAllContended) = contended.withLock {
      ($0.rememberedFirst(ticketIDs), $0.wereInsertedTogether(ticketIDs))
    }
    if wereAllContended { return ticketIDs }
    let found = try? pool.withConnection(deadline: entry.deadline) {
      connection throws(PostgresError) in
      for ticketID in candidates where try waitsInVain(entry, for: ticketID, on: connection) {
        return [ticketID]
      }
      return []
    }
    // The first time that nothing is found, the other session may just have finished.
    guard let found, found.isEmpty, entry.failureCount > 0 else { return found ?? [] }
    return ticketIDs
  }

  private func waitsInVain(
    _ entry: HoldQueue.Entry, for ticketID: String, on connection: PostgresConnection
  ) throws(PostgresError) -> Bool {
    let trial = CommitStatement(
      [entry.payload.committed.naming(ticketID)], requestIDs: requestIDs(of: [entry]))
    let parameters = parameters(of: trial, record: nil)
    do throws(PostgresError) {
      try connection.execute(calls.commit, calls.adding(parameters), deadline: entry.deadline)
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
