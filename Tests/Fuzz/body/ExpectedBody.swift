import Holds

/// A body as `JSONDecoder` reads it.
protocol ExpectedBody: Decodable {
  /// The request; nil when it exceeds the bounds of the contract or those of `BodyFuzz`.
  var operation: HoldOperation? { get }

  var wantsDetails: Bool { get }
}

struct ExpectedLock: ExpectedBody {
  struct Content: Decodable {
    var ticketd_reserved: [String]
    var reserved_time: Double
    var hold_id: String?
    var details: Bool?
  }

  var data: Content

  var wantsDetails: Bool { data.details ?? false }

  var operation: HoldOperation? {
    guard let ids = distinct(data.ticketd_reserved), (1...7200).contains(data.reserved_time),
      isHoldID(data.hold_id)
    else { return nil }
    return .lock(
      LockRequest(
        ticketIDs: ids, reservedSeconds: data.reserved_time,
        holdID: data.hold_id.map { HoldID($0) }))
  }
}

struct ExpectedRelease: ExpectedBody {
  struct Content: Decodable {
    var tickets: [String]?
    var ticketd_reserved: [String]?
    var hold_id: String?
  }

  var data: Content

  var wantsDetails: Bool { false }

  var operation: HoldOperation? {
    guard (data.tickets == nil) != (data.ticketd_reserved == nil),
      let ids = (data.tickets ?? data.ticketd_reserved).flatMap(distinct), isHoldID(data.hold_id)
    else { return nil }
    return .release(ReleaseRequest(ticketIDs: ids, holdID: data.hold_id.map { HoldID($0) }))
  }
}

extension ExpectedBody {
  /// The ids without duplicates; nil when one of them, or their number, exceeds the bounds.
  fileprivate func distinct(_ ids: [String]) -> [String]? {
    var distinct: [[UInt8]] = []
    for id in ids.utf8Bytes {
      guard (1...20).contains(id.count), !id.contains(0) else { return nil }
      if !distinct.contains(id) { distinct.append(id) }
    }
    guard (1...4).contains(distinct.count) else { return nil }
    return distinct.map { String(decoding: $0, as: UTF8.self) }
  }

  fileprivate func isHoldID(_ holdID: String?) -> Bool {
    guard let bytes = holdID?.utf8 else { return true }
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8
    return (16...24).contains(bytes.count) && bytes.allSatisfy { allowed.contains($0) }
  }
}
