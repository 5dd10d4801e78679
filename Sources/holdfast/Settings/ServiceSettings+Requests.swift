internal import HoldAPI
internal import HoldStore
internal import Holds

/// The settings of what requests may ask for.
extension ServiceSettings {
  /// Confirms, and limits by shopper.
  static func readSales(
    _ reader: inout SettingReader, _ store: inout HoldStoreSettings, _ bounds: inout APIBounds
  ) throws(SettingError) {
    bounds.allowsConfirms = try reader.read(
      "confirm", .boolean, default: false,
      "Serve /tickets_confirm, which sets tickets.status. holdfast migrate --grant ROLE --confirm "
        + "grants the right to do so.")
    store.hasConfirms = bounds.allowsConfirms
    bounds.maximumOrderIDBytes = try reader.read(
      "max-order-id-bytes", .integer(1...512), default: 128, "Longest order_id, in bytes.")
    store.heldTicketLimit = try reader.read(
      "max-held-tickets", .integer(0...10_000), default: 0,
      "Live tickets that one hold_id, or one shopper, may have. 0 sets no limit. All instances "
        + "must have the same.")
    bounds.maximumShopperBytes = try reader.read(
      "max-shopper-bytes", .integer(1...1024), default: 128, "Longest shopper, in bytes.")
  }

  static func readShardKey(
    _ reader: inout SettingReader, _ store: HoldStoreSettings
  ) throws(SettingError) -> ShardKey? {
    let shardKey = try reader.read(
      "shard-key", .shardKey, default: nil,
      "The part of a ticket's id by which an engine such as PL/Proxy finds its server, such as "
        + "before-last:- for all before the last hyphen. All tickets of a request must have the "
        + "same. off is for tables in the database itself.")
    guard shardKey != nil else { return nil }
    guard store.heldTicketLimit == 0 else {
      throw SettingError(
        "HOLDFAST_MAX_HELD_TICKETS: expected 0 with HOLDFAST_SHARD_KEY, since no server counts the "
          + "tickets on others, got \(store.heldTicketLimit)")
    }
    guard store.strictSales != .auto else {
      throw SettingError(
        "HOLDFAST_STRICT_SALES: expected true or false with HOLDFAST_SHARD_KEY, got \"auto\"")
    }
    return shardKey
  }

  static func readBounds(
    _ reader: inout SettingReader, bodyBytes: Int
  ) throws(SettingError) -> APIBounds {
    var bounds = APIBounds(maximumBodyBytes: bodyBytes)
    bounds.maximumTickets = try reader.read(
      "max-tickets", .integer(1...10_000), default: 100, "Different tickets in a request.")
    bounds.maximumTicketIDBytes = try reader.read(
      "max-ticket-id-bytes", .integer(1...2048), default: 256, "Longest ticket id, in bytes.")
    bounds.maximumEventIDBytes = try reader.read(
      "max-event-id-bytes", .integer(1...2048), default: 256, "Longest event id, in bytes.")
    let shortest = try reader.read("min-reserved-time", times, default: 1000, "Shortest hold.")
    let longest = try reader.read(
      "max-reserved-time", .time(1...604_800_000), default: 7_200_000,
      "Longest hold, renewals included.")
    guard shortest <= longest else {
      throw SettingError("HOLDFAST_MIN_RESERVED_TIME: expected at most HOLDFAST_MAX_RESERVED_TIME")
    }
    bounds.minimumReservedSeconds = Double(shortest) / 1000
    bounds.maximumReservedSeconds = Double(longest) / 1000
    bounds.minimumHoldIDBytes = try reader.read(
      "min-hold-id-bytes", .integer(1...1024), default: 16, "Shortest hold_id, in bytes.")
    bounds.maximumHoldIDBytes = try reader.read(
      "max-hold-id-bytes", .integer(1...1024), default: 128, "Longest hold_id, in bytes.")
    guard bounds.minimumHoldIDBytes <= bounds.maximumHoldIDBytes else {
      throw SettingError("HOLDFAST_MIN_HOLD_ID_BYTES: expected at most HOLDFAST_MAX_HOLD_ID_BYTES")
    }
    bounds.requiresHoldID = try reader.read(
      "require-hold-id", .boolean, default: false,
      "Refuse locks, releases and confirms without a hold_id.")
    let retryAfter = try reader.read(
      "retry-after", .time(1000...3_600_000), default: 1000,
      "Retry-After header of a 503, rounded up to whole seconds.")
    bounds.retryAfterSeconds = (retryAfter + 999) / 1000
    return bounds
  }
}
