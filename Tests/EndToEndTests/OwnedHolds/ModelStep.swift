import TestSupport

/// One thing that happens in a history; tickets are numbers, owners too, nil for nobody.
enum ModelStep: CustomStringConvertible {
  case lock(owner: Int?, tickets: [Int], seconds: Int)
  case release(owner: Int?, tickets: [Int])
  case best(HoldModel.BestCall, seconds: Int)
  case sweep

  /// Under an order of its own.
  case confirm(owner: Int?, tickets: [Int])

  /// By SQL: the holds' ends, and beginnings, move into the past.
  case expire(tickets: [Int])
  case age(tickets: [Int], seconds: Int)

  /// By SQL: as a shop sells, with the hold or leaving its row; and takes back.
  case sell(ticket: Int, deletesHold: Bool)
  case takeBack(ticket: Int)

  var description: String {
    func name(_ owner: Int?) -> String { owner.map { "owner \($0)" } ?? "nobody" }
    return switch self {
    case .lock(let owner, let tickets, let seconds):
      "\(name(owner)) locks \(tickets) for \(seconds) s"
    case .release(let owner, let tickets): "\(name(owner)) releases \(tickets)"
    case .best(let call, let seconds):
      "\(name(call.owner)) locks the best \(call.quantity)"
        + "\(call.mustBeAdjacent ? " side by side" : "") for \(seconds) s"
    case .sweep: "sweep"
    case .confirm(let owner, let tickets): "\(name(owner)) confirms \(tickets)"
    case .expire(let tickets): "\(tickets) expire"
    case .age(let tickets, let seconds): "\(tickets) become \(seconds) s older"
    case .sell(let ticket, let deletesHold):
      "\(ticket) is sold\(deletesHold ? "" : ", its row stays")"
    case .takeBack(let ticket): "\(ticket) is taken back"
    }
  }

  /// A step of a history: mostly locks, and enough of all else.
  static func random(using generator: inout SeededGenerator) -> ModelStep {
    func tickets(_ most: Int) -> [Int] {
      Array(
        (0..<HoldModel.ticketCount).shuffled(using: &generator)
          .prefix(.random(in: 1...most, using: &generator)))
    }
    let seconds = [60, 600, 3000, 7200]
    let owner = Int.random(in: 0...HoldModel.ownerCount, using: &generator)
    let isOwned = owner < HoldModel.ownerCount
    switch Int.random(in: 0..<100, using: &generator) {
    case ..<5: return .confirm(owner: isOwned ? owner : nil, tickets: tickets(3))
    case ..<20:
      return .best(
        HoldModel.BestCall(
          owner: isOwned ? owner : nil, quantity: .random(in: 1...4, using: &generator),
          mustBeAdjacent: .random(using: &generator)),
        seconds: seconds.randomElement(using: &generator) ?? 60)
    case ..<55:
      return .lock(
        owner: isOwned ? owner : nil, tickets: tickets(4),
        seconds: seconds.randomElement(using: &generator) ?? 60)
    case ..<75: return .release(owner: isOwned ? owner : nil, tickets: tickets(6))
    case ..<85: return .expire(tickets: tickets(4))
    case ..<91: return .age(tickets: tickets(4), seconds: .random(in: 1...7000, using: &generator))
    case ..<93: return .sweep
    case ..<94:
      return .sell(ticket: tickets(1)[0], deletesHold: .random(using: &generator))
    default: return .takeBack(ticket: tickets(1)[0])
    }
  }

  /// A step that is a request, for the bursts; with `isBest` one for the best tickets.
  static func randomRequest(isBest: Bool, using generator: inout SeededGenerator) -> ModelStep {
    var step: ModelStep
    repeat { step = random(using: &generator) } while !step.isRequest || isBest && !step.isBest
    return step
  }

  private var isBest: Bool { if case .best = self { true } else { false } }

  private var isRequest: Bool {
    switch self {
    case .lock, .release, .confirm, .best: true
    default: false
    }
  }
}
