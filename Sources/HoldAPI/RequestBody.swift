/// The body of an endpoint: decoded in one pass, and looked at again only when that has failed.
protocol RequestBody: Decodable {
  /// A body that would do, as messages show it.
  static var example: String { get }

  /// Takes over an ordinary body; nil when it lacks a member that the endpoint must have.
  init?(_ ordinary: OrdinaryBody)

  /// The first member whose type kept the body from being decoded; nil when it was none of them.
  static func mistake(in findings: BodyFindings, bounds: APIBounds) -> BadRequest?
}
