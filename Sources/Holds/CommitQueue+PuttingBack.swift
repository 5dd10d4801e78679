/// How entries of a batch that has not decided them return to the queue, each to its place in the order
/// of arrival.
extension CommitQueue {
  /// Puts entries of a batch back that need a row which another session has locked.
  public mutating func deferUntil(_ notBefore: Time, _ entries: [Entry]) {
    putBack(entries) { entry in
      entry.deferralCount += 1
      entry.notBefore = notBefore
    }
  }

  /// Puts the entries of a batch back whose statement failed, to be tried again.
  ///
  /// - Parameters:
  ///   - notBefore: When they may be taken again; nil for at once.
  ///   - divided: Whether they are divided into two groups, which are committed apart from each other
  ///     and from all else. One that fails alone is known after a few commits, and the others still
  ///     share theirs.
  public mutating func retry(_ entries: [Entry], notBefore: Time?, divided: Bool) {
    regroup(entries, divided: divided) { entry in
      entry.failureCount += 1
      entry.notBefore = notBefore
    }
  }

  /// Puts the entries of a batch back that was not committed, because its connection was lost.
  ///
  /// - Parameter sharedLosses: From so many losses on they are divided: it may be one of them that ends
  ///   connections.
  public mutating func rerun(_ entries: [Entry], sharedLosses: Int) {
    let losses = entries.map(\.lossCount).max() ?? 0
    regroup(entries, divided: losses + 1 >= sharedLosses) { $0.lossCount += 1 }
  }

  private mutating func regroup(
    _ entries: [Entry], divided: Bool, changing change: (inout Entry) -> Void
  ) {
    guard divided else { return putBack(entries, changing: change) }
    let middle = (entries.count + 1) / 2
    for half in [entries[..<middle], entries[middle...]] where !half.isEmpty {
      nextGroup += 1
      let group = nextGroup
      putBack(Array(half)) { entry in
        change(&entry)
        entry.group = group
      }
    }
  }

  /// Puts entries of a batch back that wait for something that `wake` tells of.
  public mutating func park(_ entries: [Entry]) {
    putBack(entries) { $0.notBefore = $0.startsUntil }
  }

  /// Lets entries that are parked be taken again.
  ///
  /// - Parameter isMeant: Which of the waiting entries.
  /// - Returns: Whether a committer is to be woken, because none is at work.
  public mutating func wake(where isMeant: (Payload) -> Bool) -> Bool {
    var hasWoken = false
    for index in waiting.indices where isMeant(waiting[index].payload) {
      guard waiting[index].notBefore == waiting[index].startsUntil else { continue }
      waiting[index].notBefore = nil
      hasWoken = true
    }
    guard hasWoken, batchCount == 0, !isCommitterCalled else { return false }
    isCommitterCalled = true
    return true
  }

  /// Puts the entries of a batch back that was never begun.
  public mutating func putBack(_ entries: [Entry]) {
    putBack(entries) { _ in }
  }

  private mutating func putBack(_ entries: [Entry], changing change: (inout Entry) -> Void) {
    finish(entries.count)
    for var entry in entries {
      change(&entry)
      waitingTicketCount += entry.ticketCount
      let place = waiting.firstIndex { $0.number > entry.number } ?? waiting.endIndex
      waiting.insert(entry, at: place)
    }
  }
}
