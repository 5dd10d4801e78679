/// One request for tickets, as its client saw it. Times are seconds since 1970, of the machine's clock.
struct Attempt: Sendable {
  enum Outcome: Sendable, Equatable {
    /// The end is told exactly for a cart; for others it lies as long after the grant as was asked.
    case granted(expiry: ClosedRange<Double>)
    case refused([String])

    /// An answer that says nothing of the outcome, or none.
    case unknown
  }

  var tickets: [String]
  var holdID: String?
  var start: Double
  var finish: Double
  var outcome: Outcome

  /// Of the release that followed it, if one did.
  var releaseStart: Double?
  var releaseFinish: Double?

  /// When it held its tickets for certain: after the answer, until a release began or the hold ended.
  var certain: ClosedRange<Double>? {
    guard case .granted(let expiry) = outcome else { return nil }
    let end = min(expiry.lowerBound, releaseStart ?? .infinity)
    return finish < end ? finish...end : nil
  }

  /// When it may have held its tickets: from the request on, until a release was answered.
  var possible: ClosedRange<Double>? {
    switch outcome {
    case .granted(let expiry):
      start...max(start, min(expiry.upperBound, releaseFinish ?? .infinity))
    case .refused: nil
    case .unknown: start...Double.infinity
    }
  }
}
