import Holds

/// `POST /tickets_confirm`: sells all of the tickets under an order, or none and lists those that are
/// unavailable.
struct TicketsConfirm: Endpoint {
  private static let example =
    #"{"data":{"tickets":["…"],"hold_id":"…","order_id":"A-1001"}}"#

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let confirm: ConfirmRequest
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: bounds, example: Self.example)
      confirm = ConfirmRequest(
        ticketIDs: try members.ticketIDs(.tickets),
        orderID: try members.orderID(
          idempotencyKey: request.headerBytes("HTTP_IDEMPOTENCY_KEY")),
        holdID: try members.holdID())
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.submit(.confirm(confirm), requestID: requestID) { [bounds] outcome in
      switch outcome {
      case .sold:
        respond(APIResponse(status: 200, requestID: requestID, body: Self.sold(confirm)))
      case .refused(let tickets):
        let body = TicketsLock.refused(tickets, wantsDetails: false)
        respond(APIResponse(status: 400, requestID: requestID, body: body))
      case .orderMismatch:
        respond(
          .error(
            status: 409, message: "The order exists with other tickets", requestID: requestID))
      default:
        respond(.other(outcome, bounds: bounds, requestID: requestID))
      }
    }
  }

  private static func sold(_ confirm: ConfirmRequest) -> [UInt8] {
    var writer = JSONWriter()
    writer.raw(#"{"message":"Tickets sold","status":200,"data":{"valido":true,"tickets":"#)
    writer.strings(confirm.ticketIDs)
    writer.raw(#","order_id":"#)
    writer.string(confirm.orderID)
    writer.raw("}}")
    return writer.bytes
  }
}
