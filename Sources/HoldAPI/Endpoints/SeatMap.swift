import Holds

/// `GET /tickets_layout` and `GET /tickets_availability`: an event's seat map, the same for everybody.
struct SeatMap: Endpoint {
  let service: any SeatMapService
  let bounds: APIBounds
  let part: SeatMapPart

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let eventID: EventID
    do throws(BadRequest) {
      let maximumBytes = bounds.maximumEventIDBytes
      guard let text = try QueryReader.value("event_id", in: request.query) else {
        throw BadRequest(
          "event_id", expected: TextCheck.expectation(maximumBytes: maximumBytes), got: "nothing")
      }
      eventID = EventID(
        try TextCheck.check(text, named: "event_id", maximumBytes: maximumBytes))
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    if request.header("SEAT_MAP_REDIRECT") != nil {
      return respond(Self.redirect(to: "\(request.path)?event_id=", eventID, requestID: requestID))
    }
    // Read now: a request's headers end with its answer.
    let coding = Conditions.coding(request.header("HTTP_ACCEPT_ENCODING"))
    let ifNoneMatch = request.header("HTTP_IF_NONE_MATCH")
    service.seatMap(part, of: eventID) { [bounds, part] outcome in
      switch outcome {
      case .found(let answer):
        respond(
          Self.response(
            part, answer, coding: coding, ifNoneMatch: ifNoneMatch, bounds: bounds,
            requestID: requestID))
      case .notFound:
        respond(APIResponse(status: 404, requestID: requestID, body: Self.notFound))
      case .failed(let failure):
        respond(.failed(failure, bounds: bounds, requestID: requestID))
      }
    }
  }

  private static let notFound = Array(
    #"{"message":"Event not found","status":404,"data":{"valido":false}}"#.utf8)

  /// Tells the web server, which cannot decode an id, under which one it has the answer in its cache.
  private static func redirect(
    to path: String, _ eventID: EventID, requestID: String
  ) -> APIResponse {
    var response = APIResponse(status: 200, requestID: requestID, body: [])
    // nginx would send these beside the other answer's.
    (response.contentType, response.cacheControl) = (nil, nil)
    response.ownHeaders.append(
      APIHeader(name: "X-Accel-Redirect", value: path + QueryReader.encode(eventID.text)))
    return response
  }

  private static func response(
    _ part: SeatMapPart, _ answer: SeatMapAnswer, coding: ContentCoding, ifNoneMatch: String?,
    bounds: APIBounds, requestID: String
  ) -> APIResponse {
    let tag = coding == .gzip ? "\"\(answer.tag)-gzip\"" : "\"\(answer.tag)\""
    let isNotModified = Conditions.isNotModified(ifNoneMatch, tag: tag)
    var response = APIResponse(status: isNotModified ? 304 : 200, requestID: requestID, body: [])
    if isNotModified {
      response.contentType = nil
    } else {
      guard let body = answer.body(coding) else {
        return .failed(.busy, bounds: bounds, requestID: requestID)
      }
      response.longBody = body
      if coding == .gzip {
        response.ownHeaders.append(APIHeader(name: "Content-Encoding", value: "gzip"))
      }
    }
    response.cacheControl = cacheControl(part)
    response.ownHeaders += [
      // For the web server's cache, in which it expires with the second in which it was read. It is
      // taken over from the header before, and so has to follow it.
      APIHeader(name: "X-Accel-Expires", value: "@\(answer.second)"),
      APIHeader(name: "ETag", value: tag),
      APIHeader(name: "Vary", value: "Accept-Encoding"),
    ]
    return response
  }

  /// What a cache is told that the web server's own does not replace.
  ///
  /// The web server's cache counts in whole seconds: an answer that it may still give out during an
  /// update for one second is at most two old. What it tells its clients is in its configuration.
  private static func cacheControl(_ part: SeatMapPart) -> String {
    switch part {
    case .availability: "public, max-age=1, stale-while-revalidate=1"
    case .layout: "public, max-age=60, stale-while-revalidate=1"
    }
  }
}
