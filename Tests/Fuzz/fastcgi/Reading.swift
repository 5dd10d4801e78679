@testable import FastCGI

/// What a decoder makes of a connection's bytes, which come in reads of so many.
struct Reading: Equatable {
  private(set) var requests: [FastCGIRequest] = []
  private(set) var replies: [UInt8] = []
  private(set) var violation: ProtocolViolation?

  init(_ bytes: [UInt8], readBytes: Int, limits: FastCGILimits) {
    var decoder = RequestDecoder(limits: limits)
    for start in stride(from: 0, to: bytes.count, by: readBytes) {
      let read = Array(bytes[start..<min(start + readBytes, bytes.count)])
      var position = 0
      do throws(ProtocolViolation) {
        while let event = try decoder.decode(read.span, from: &position) {
          switch event {
          case .request(let request):
            requests.append(request)
            if !request.keepsConnection { return }
          case .reply(let records, let closes):
            replies += records
            if closes { return }
          }
        }
      } catch {
        violation = error
        return
      }
    }
  }
}
