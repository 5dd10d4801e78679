@testable import FastCGI

/// What a decoder makes of a connection's bytes.
struct Decoded: Equatable {
  var requests: [FastCGIRequest] = []
  var replies: [UInt8] = []
  var violation: ProtocolViolation?

  /// The connection is to be closed after a reply.
  var closes = false
  var isBetweenRequests = true

  /// The most bytes that the decoder has held at once.
  var mostHeldBytes = 0

  /// - Parameter chunks: The bytes as one read after the other brings them.
  init(_ chunks: [[UInt8]], limits: FastCGILimits = .testing(), measures: Bool = false) {
    var decoder = RequestDecoder(limits: limits)
    for chunk in chunks {
      var position = 0
      do throws(ProtocolViolation) {
        while let event = try decoder.decode(chunk.span, from: &position) {
          switch event {
          case .request(let request):
            requests.append(request)
            // What follows would be taken for the rest of its body.
            if !request.keepsConnection { return }
          case .reply(let records, let closes):
            replies += records
            self.closes = closes
            if closes { return }
          }
        }
      } catch {
        violation = error
        return
      }
      if measures { mostHeldBytes = max(mostHeldBytes, Self.bytes(in: decoder)) }
    }
    isBetweenRequests = decoder.isBetweenRequests
  }

  init(_ bytes: [UInt8], limits: FastCGILimits = .testing()) { self.init([bytes], limits: limits) }

  /// The bytes of every string and array within a value.
  private static func bytes(in value: Any) -> Int {
    switch value {
    case let text as String: text.utf8.count
    case let array as [UInt8]: array.count
    default: Mirror(reflecting: value).children.reduce(0) { $0 + bytes(in: $1.value) }
    }
  }
}

extension FastCGIRequest {
  func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
}
