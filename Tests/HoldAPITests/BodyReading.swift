import Holds

@testable import HoldAPI

/// What a body was read as, byte for byte and bit for bit: Swift's strings and numbers call equal what
/// is not the same.
struct BodyReading: Equatable, CustomStringConvertible {
  private static let noBounds = APIBounds(
    maximumTickets: .max, maximumTicketIDBytes: .max, minimumReservedSeconds: -.infinity,
    maximumReservedSeconds: .infinity, minimumHoldIDBytes: 0, maximumHoldIDBytes: .max)

  private var refusal: String?
  private var tickets: [[UInt8]] = []
  private var secondsBits: UInt64?
  private var holdID: [UInt8]?
  private var wantsDetails = false

  init(_ body: LockBody) {
    do throws(BadRequest) {
      let request = try body.makeRequest(bounds: Self.noBounds)
      tickets = request.ticketIDs.map { Array($0.utf8) }
      secondsBits = request.reservedSeconds.bitPattern
      holdID = request.holdID.map { Array($0.secret.utf8) }
      wantsDetails = body.wantsDetails
    } catch {
      refusal = error.message
    }
  }

  init(_ body: ReleaseBody) {
    do throws(BadRequest) {
      let request = try body.makeRequest(bounds: Self.noBounds)
      tickets = request.ticketIDs.map { Array($0.utf8) }
      holdID = request.holdID.map { Array($0.secret.utf8) }
    } catch {
      refusal = error.message
    }
  }

  var description: String {
    refusal ?? "\(tickets), \(secondsBits ?? 0), \(holdID ?? []), \(wantsDetails)"
  }

  /// Where `read` and `JSONDecoder` come to different readings of a body; nil when they agree, and
  /// when `read` leaves the body to the decoder.
  static func difference(
    in body: [UInt8], read: ([UInt8]) -> OrdinaryBody? = { OrdinaryBody($0) }
  ) -> String? {
    guard let ordinary = read(body) else { return nil }
    return difference(LockBody(ordinary), in: body) { BodyReading($0) }
      ?? difference(ReleaseBody(ordinary), in: body) { BodyReading($0) }
  }

  private static func difference<Body: RequestBody>(
    _ ordinary: Body?, in body: [UInt8], reading: (Body) -> BodyReading
  ) -> String? {
    guard let ordinary else { return nil }
    do throws(BadRequest) {
      let decoded = try BodyReader(bounds: noBounds).decode(Body.self, from: body)
      if reading(ordinary) == reading(decoded) { return nil }
      return "\(reading(ordinary)), but the decoder read \(reading(decoded)): \(body)"
    } catch {
      return "\(reading(ordinary)), but the decoder refused it: \(error.message): \(body)"
    }
  }
}
