internal import Holds
internal import Threads

/// How far an operation for the best available tickets has come.
///
/// Unchecked: only whoever has taken its entry out of the queue touches it, and the queue's lock hands
/// it on.
final class BestCall: @unchecked Sendable {
  /// What is known of the tickets that the same call chose before.
  enum Earlier {
    /// Nothing: the commit will tell if there are some.
    case unknown

    /// They are to be looked up first.
    case toLookUp

    /// These.
    case known([String])
  }

  /// So often others may be faster than a look before a call is told so.
  private static let mostLostLooks = 4

  let request: BestRequest
  let event: ExactText

  /// The call's key; nil without a cart, when no repeat can be told from another call.
  let choice: ChoiceKey?
  let arrived: Instant

  /// The tickets that it goes to the database with.
  var proposal: LockRequest?

  /// How often a proposal was refused.
  var refusals = 0
  var earlier: Earlier

  /// When it was last looked up which tickets it chose before.
  var lookedUp: Instant?

  /// After how many looks something could have been chosen, and was gone when it was decided.
  private var lostLooks = 0
  private var lostLook: Instant?

  /// Whether what it waits for is in the hands of other calls that are under way to the database.
  var waitsForOthers = false

  init(_ request: BestRequest, arrived: Instant) {
    self.request = request
    self.arrived = arrived
    event = ExactText(request.eventID)
    choice = ChoiceKey(request)
    earlier = choice == nil ? .known([]) : .unknown
  }

  /// Whether nobody has looked up since then which tickets the same call chose: before, or as this call's twin,
  /// sent at the same moment.
  func hasNotLookedUp(since time: Instant?) -> Bool {
    guard choice != nil, let time else { return false }
    return lookedUp.map { $0 < time } ?? true
  }

  var key: ExactText? { choice.map { ExactText($0.text) } }

  var holder: SeatBook.Holder { request.holdID.map { .cart($0) } ?? .anonymous }

  /// The request for these tickets.
  func lock(_ ticketIDs: [String]) -> LockRequest {
    LockRequest(
      ticketIDs: ticketIDs, reservedSeconds: request.reservedSeconds, holdID: request.holdID,
      shopper: request.shopper, choice: choice)
  }

  /// Whether others have been faster after look upon look: nobody waits for ever in a rush in which tickets
  /// come back all the time.
  func isOutrun(at look: Instant) -> Bool {
    if lostLook != look {
      lostLook = look
      lostLooks += 1
    }
    return lostLooks > Self.mostLostLooks
  }

  /// What is to be chosen, given the seats of `kept`. Whoever was refused once may only have been ill
  /// informed; whoever is refused again and again is in a race, and gets out of its way.
  func wish(kept: [Int]) -> SeatWish {
    let most = refusals < 2 ? 0 : 1 << min(refusals - 1, 6)
    return SeatWish(
      zone: request.zone, quantity: request.quantity, mustBeAdjacent: request.mustBeAdjacent,
      kept: kept, skippedRows: most == 0 ? 0 : .random(in: 0...most))
  }
}
