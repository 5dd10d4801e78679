import Holds

/// `POST /tickets_list_event` and `/tickets_list_event_sales`: all tickets of an event.
struct TicketsListEvent: Endpoint {
  private static let example = #"{"data":{"event_id":"…"}}"#
  private static let listStart = Array(
    #"{"message":"Evento Encontrado","status":200,"data":{"valido":true,"response":"#.utf8)
  private static let notFound = Array(
    #"{"message":"Evento no Encontrado","status":400,"data":{"valido":false}}"#.utf8)

  let service: any SeatMapService
  let bounds: APIBounds

  /// Whether `status` is false also for a ticket that somebody holds.
  let showsSales: Bool

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let eventID: EventID
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: bounds, example: Self.example)
      eventID = try members.eventID()
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.tickets(of: eventID, showsSales: showsSales) { [bounds] outcome in
      switch outcome {
      case .found(let tickets):
        var response = APIResponse(status: 200, requestID: requestID, body: Self.listStart)
        response.longBody = tickets
        response.bodyEnd = Array("}}".utf8)
        respond(response)
      case .notFound:
        respond(APIResponse(status: 400, requestID: requestID, body: Self.notFound))
      case .failed(let failure):
        respond(.failed(failure, bounds: bounds, requestID: requestID))
      }
    }
  }
}
