internal import Holds

/// Why an operation was not done: the values of the label `reason`.
enum Refusal: String, CaseIterable, Sendable {
  case held
  case sold
  case unknown
  case withheld
  case notEnough = "not_enough"
  case overLimit = "over_limit"
  case orderMismatch = "order_mismatch"
  case queueFull = "queue_full"
  case stopping
  case databaseUnreachable = "database_unreachable"
  case databaseRefused = "database_refused"
  case contended
  case unsupported
  case outcomeUnknown = "outcome_unknown"

  /// The different reasons of an outcome; none if it was done.
  static func all(in outcome: HoldOutcome) -> Set<Refusal> {
    switch outcome {
    case .granted, .released, .chosen, .sold: []
    case .refused(let tickets): Set(tickets.map { Refusal($0.reason) })
    case .notEnough: [.notEnough]
    case .overLimit: [.overLimit]
    case .orderMismatch: [.orderMismatch]
    case .failed(let failure): [Refusal(failure)]
    }
  }

  private init(_ reason: UnavailableTicket.Reason) {
    self =
      switch reason {
      case .held: .held
      case .sold: .sold
      case .unknown: .unknown
      case .withheld: .withheld
      }
  }

  private init(_ failure: HoldFailure) {
    self =
      switch failure {
      case .queueFull: .queueFull
      case .stopping: .stopping
      case .databaseUnreachable: .databaseUnreachable
      case .databaseRefused, .sweepRefused: .databaseRefused
      case .contended: .contended
      case .unsupported: .unsupported
      case .outcomeUnknown, .sweepLate: .outcomeUnknown
      }
  }
}
