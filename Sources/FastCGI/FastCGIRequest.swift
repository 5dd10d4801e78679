/// A request that has arrived whole.
struct FastCGIRequest: Equatable {
  let requestID: UInt16

  /// The web server wants the connection kept, and nothing of the request is left to be read.
  var keepsConnection: Bool
  var parameters: [FastCGIParameter] = []

  /// As much of the body as is kept.
  var body: [UInt8] = []

  /// The body had more bytes than are kept.
  var isBodyTruncated = false
}
