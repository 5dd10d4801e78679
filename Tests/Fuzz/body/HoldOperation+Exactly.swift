import Holds

extension HoldOperation {
  var holdID: HoldID? {
    switch self {
    case .lock(let request): request.holdID
    case .release(let request): request.holdID
    }
  }

  private var secondsBits: UInt64? {
    if case .lock(let request) = self { request.reservedSeconds.bitPattern } else { nil }
  }

  /// Byte for byte and bit for bit.
  func isExactly(_ other: HoldOperation) -> Bool {
    ticketIDs.utf8Bytes == other.ticketIDs.utf8Bytes
      && holdID.map { Array($0.secret.utf8) } == other.holdID.map { Array($0.secret.utf8) }
      && secondsBits == other.secondsBits
  }
}
