internal import Holds
internal import Postgres
internal import Threads

/// The choice of the best tickets: an operation that asks for them goes to the database as an ordinary
/// lock of those that a seat book proposes. The commit decides; when it refuses, the book has learned, and
/// others are proposed.
extension Committer {
  /// What a verdict means for the operation's caller.
  enum Settlement {
    case decided(HoldOutcome)
    case deferred

    /// The tickets that were proposed are gone: others are to be chosen.
    case chooseAgain
  }

  /// Chooses the tickets of those operations of a batch that ask for the best, answers those for whom
  /// there are none, and has others wait.
  ///
  /// - Returns: What is left of the batch, and what it has claimed.
  func choosing(_ batch: [HoldQueue.Entry]) -> ([HoldQueue.Entry], SeatClaims) {
    guard batch.contains(where: { $0.payload.best != nil }) else { return (batch, SeatClaims()) }
    let asking = lookingUpChoices(batch.filter { $0.payload.best != nil })
    let (decisions, claims) = books.decide(asking.compactMap(\.payload.best), now: .now)
    var ready = batch.filter { $0.payload.best == nil }
    var waiting: [(event: ExactText, news: Int)] = []
    for (entry, decision) in zip(asking, decisions) {
      guard let call = entry.payload.best else { continue }
      switch decision {
      case .propose: ready.append(entry)
      case .answer(let outcome):
        queue.withLock { $0.finish(1) }
        entry.payload.completion(outcome)
      case .lookUp:
        queue.withLock { $0.putBack([entry]) }
      case .wait(let news):
        queue.withLock { $0.park([entry]) }
        waiting.append((call.event, news))
      }
    }
    // What they wait for may have happened before they were put back.
    let missed = waiting.filter { books.hasNews(of: $0.event, since: $0.news) }
    queue.wake(callersOf: Set(missed.map(\.event)))
    return (ready.sorted { $0.number < $1.number }, claims)
  }

  /// Looks up which tickets calls chose before, where that is needed, in one query.
  ///
  /// - Returns: The operations without those for which it failed; they are put back.
  private func lookingUpChoices(_ asking: [HoldQueue.Entry]) -> [HoldQueue.Entry] {
    let repeats = asking.filter {
      if case .toLookUp? = $0.payload.best?.earlier { true } else { false }
    }
    guard !repeats.isEmpty else { return asking }
    let deadline = repeats.map(\.deadline).min() ?? .now
    let now = Instant.now
    let keys = repeats.map { Digest.sha256(of: $0.payload.best?.choice?.text ?? "") }
    do throws(PostgresError) {
      let found = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        let result = try connection.execute(
          calls.choiceRows, calls.adding([.byteaArray(keys), .double(longestHoldSeconds)]),
          deadline: deadline)
        return (0..<result.rowCount).map {
          (index: result.integer(row: $0, column: 0) - 1, ticketID: result.text(row: $0, column: 1))
        }
      }
      for entry in repeats {
        entry.payload.best?.earlier = .known([])
        entry.payload.best?.lookedUp = now
      }
      for (index, ticketID) in found {
        guard let call = repeats[index].payload.best, case .known(let ticketIDs) = call.earlier
        else { continue }
        call.earlier = .known(ticketIDs + [ticketID])
      }
      return asking
    } catch {
      onEvent(.seatsNotRead(error))
      for entry in repeats {
        let time = backoff(doublings: entry.deferralCount + 4)
        queue.withLock { $0.deferUntil(time, [entry]) }
      }
      return asking.filter { entry in !repeats.contains { $0.number == entry.number } }
    }
  }

  /// Tells the seat books what a batch has changed.
  func learn(_ verdicts: CommitVerdicts, of batch: [HoldQueue.Entry], now: Instant) {
    let outcomes = zip(batch, verdicts.verdicts).lazy.compactMap { entry, verdict in
      if case .decided(let outcome) = verdict {
        (operation: entry.payload.committed, event: entry.payload.best?.event, outcome: outcome)
      } else {
        nil
      }
    }
    books.learn(outcomes, decidedAt: Int64(verdicts.decidedAt), now: now)
  }

  /// Translates the outcome of a proposal into that of the operation that asked for it.
  func settlement(
    of entry: HoldQueue.Entry, _ verdict: CommitVerdicts.Verdict
  ) -> Settlement {
    guard let call = entry.payload.best else {
      switch verdict {
      case .decided(let outcome): return .decided(outcome)
      case .deferred: return .deferred
      }
    }
    let proposed = call.proposal?.ticketIDs ?? []
    call.proposal = nil
    switch verdict {
    case .decided(.granted(let grant)):
      return .decided(.chosen(ticketIDs: proposed, grant))
    case .decided(.refused):
      call.refusals += 1
      // Those that it had may be among the lost.
      if case .known(let earlier) = call.earlier, !earlier.isEmpty { call.earlier = .toLookUp }
      return .chooseAgain
    case .decided(let outcome):
      return .decided(outcome)
    case .deferred:
      // It may be that the call has tickets already, or is being decided elsewhere.
      if call.choice != nil { call.earlier = .toLookUp }
      return .deferred
    }
  }

  /// Puts an operation back whose proposal would only wait for another session, and has those tickets
  /// left out of the choice for as long.
  func chooseOthers(_ entry: HoldQueue.Entry, until end: Instant) {
    guard let call = entry.payload.best else { return }
    let now = Instant.now
    let ticketIDs = call.proposal?.ticketIDs ?? []
    let contended = contended.withLock { contended in
      ticketIDs.filter { contended.advice(for: [$0], now: now) != .goAhead }
    }
    books.avoid(
      contended, of: call.event, milliseconds: now.milliseconds(until: end), now: now)
    call.proposal = nil
    queue.withLock { $0.deferUntil(backoff(doublings: entry.deferralCount), [entry]) }
  }
}
