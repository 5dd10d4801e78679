extension SeatMapCache {
  /// Who waits for a part, and until when.
  struct Waiting {
    let part: SeatMapPart
    let deadline: Time
    let waiter: Waiter
  }

  /// What is kept of an event, and who waits for it.
  struct Entry {
    var layoutID: String?
    var availability: SeatMapSnapshot.Document?
    var layout: (id: String, document: SeatMapSnapshot.Document)?
    var failure: ReadFailure?

    /// The second of the last read's beginning.
    var second = Int.min
    var isReading = false
    var isQueued = false
    var waiting: [Waiting] = []
    var lastUse: UInt64 = 0

    var byteCount: Int { (availability?.byteCount ?? 0) + (layout?.document.byteCount ?? 0) }

    var hasCurrentLayout: Bool { layout != nil && layout?.id == layoutID }

    /// What the last read gave for a part; nil when it has to be read again.
    func result(_ part: SeatMapPart) -> ReadResult? {
      if let failure { return .failed(failure) }
      switch part {
      case .availability: return availability.map { .found($0, second: second) }
      case .layout:
        guard hasCurrentLayout, let layout else { return nil }
        return .found(layout.document, second: second)
      }
    }
  }
}

extension SeatMapCache.Waiting: Sendable where Waiter: Sendable, Time: Sendable {}
extension SeatMapCache.Entry: Sendable where Waiter: Sendable, Time: Sendable {}
