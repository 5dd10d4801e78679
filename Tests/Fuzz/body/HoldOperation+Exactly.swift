import Holds

extension HoldOperation {
  private var holdIDBytes: [UInt8]? {
    switch self {
    case .lock(let request): request.holdID.map { Array($0.secret.utf8) }
    case .release(let request): request.holdID.map { Array($0.secret.utf8) }
    case .lockBest(let request): request.holdID.map { Array($0.secret.utf8) }
    case .confirm(let request): request.holdID.map { Array($0.secret.utf8) }
    }
  }

  private var secondsBits: UInt64? {
    if case .lock(let request) = self { request.reservedSeconds.bitPattern } else { nil }
  }

  /// Byte for byte and bit for bit.
  func isExactly(_ other: HoldOperation) -> Bool {
    ticketIDs.utf8Bytes == other.ticketIDs.utf8Bytes && holdIDBytes == other.holdIDBytes
      && secondsBits == other.secondsBits
  }
}

extension [String] {
  /// What tells apart strings that Swift calls equal.
  var utf8Bytes: [[UInt8]] { map { [UInt8]($0.utf8) } }
}
