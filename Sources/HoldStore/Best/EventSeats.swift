internal import Holds
internal import Threads

/// What the store knows of an event's seats, and of the looks at them. Guarded by the lock of the
/// `SeatBooks` that it is in.
final class EventSeats {
  /// The seats; nil until the first look has ended.
  var book: SeatBook?

  /// The free seats as the last look has found them, all at one moment; and when that look ended. The book
  /// may have learned of some changes since and not of others. So callers are refused by what was found.
  var found: (free: FreeSeats, by: Instant)?

  /// Counts the layouts: seats' numbers are those of one layout.
  var layout = 0

  /// Counts what callers may wait for: looks that ended, and claims.
  var news = 0

  /// When the last look began that succeeded.
  var lookedAt: Instant?

  /// Why the last look failed, and when it began; nil if it succeeded.
  var failure: (cause: HoldFailure, lookedAt: Instant)?

  /// Since when a look is wanted; nil if none is.
  var wantedSince: Instant?
  var isLooking = false

  /// Whether it is known to have seats although none has been read.
  var isFound = false
  var nextLook: Instant

  /// While a look is under way: the seats of which commits have told since it began. It may have been
  /// made between a commit's decision and its end, so that what they told holds.
  var learned: Set<Int> = []

  /// The tickets that another session keeps locked, and until when each is left out of the choice. They
  /// may be free after all.
  var avoided: [ExactText: Instant] = [:]

  /// The calls of carts that are under way to the database.
  var choices: Set<ExactText> = []

  var lastUse: Instant

  init(now: Instant) {
    nextLook = now
    lastUse = now
  }

  var seatCount: Int { book?.plan.ticketIDs.count ?? 0 }

  /// Whether nobody needs it at the moment.
  var isIdle: Bool { !isLooking && wantedSince == nil && choices.isEmpty && !hasClaims }

  private var hasClaims: Bool { book?.claimedSeats.isEmpty == false }

  /// Whether it may well not exist.
  var isUnknown: Bool { seatCount == 0 && !isFound }

  func beginLook() {
    wantedSince = nil
    isLooking = true
  }

  /// Whether tickets of a zone, or of any if that is nil, are left out of the choice.
  func avoidsTickets(of zone: String?, now: Instant) -> Bool {
    avoided = avoided.filter { $0.value > now }
    guard let plan = book?.plan, !avoided.isEmpty else { return false }
    return avoided.keys.contains { ticketID in
      plan.seat(of: ticketID).map { plan.isSeat($0, in: zone) } ?? false
    }
  }

  /// What a call is told by what the last look has found; nil if something could have been chosen then, or
  /// what the call keeps was not held yet.
  func refusal(of wish: SeatWish) -> HoldOutcome? {
    guard found != nil, wish.kept.allSatisfy({ found?.free[$0] == false }),
      found?.free.choose(wish) == nil
    else { return nil }
    return found.map { .notEnough(free: $0.free.count(zone: wish.zone)) }
  }

  func wantLook(now: Instant) {
    if wantedSince == nil { wantedSince = now }
  }
}

/// The seats that a batch has taken out of the choice, until it is decided.
struct SeatClaims {
  struct Claim {
    let event: ExactText
    let layout: Int
    let seats: [Int]
    let ticketIDs: [String]
    let choice: ExactText?
  }

  var claims: [Claim] = []
}
