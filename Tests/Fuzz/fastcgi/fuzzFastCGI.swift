import Glibc

@testable import FastCGI

/// Has the gate judge an input as a connection's bytes, and libfcgi decode what the gate lets through.
/// Ends the process when libfcgi finds something else than the gate, or when the gate's word depends on
/// how much has come. AddressSanitizer watches libfcgi's memory, and a connection that does not block
/// shows whether libfcgi would have waited. libFuzzer calls it (https://llvm.org/docs/LibFuzzer.html,
/// "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFastCGI(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  // So narrow that the inputs reach them.
  let limits = FastCGILimits(
    workers: 1, connections: 1, peerTimeoutMilliseconds: 1, parameterBytes: 64, bodyBytes: 16)
  let verdict = RequestGate.judge(bytes.span, limits: limits)
  checkPrefixes(of: bytes, verdict, limits)
  switch verdict {
  case .whole(let requestBytes, let bodyBytes):
    require(requestBytes <= count && bodyBytes <= limits.bodyBytes, "more than there is")
    serve(bytes, bodyBytes: bodyBytes, limits)
  case .bodyTooLarge:
    serve(bytes, bodyBytes: limits.bodyBytes + 1, limits)
  case .incomplete, .refused: break
  }
  return 0
}

/// What has come so far is incomplete until the verdict is clear, and then it stays as it is.
private func checkPrefixes(
  of bytes: [UInt8], _ verdict: RequestGate.Verdict, _ limits: FastCGILimits
) {
  for length in stride(from: 0, to: bytes.count, by: 7) {
    let earlier = RequestGate.judge(bytes.span.extracting(0..<length), limits: limits)
    require(earlier == .incomplete || earlier == verdict, "\(verdict), \(earlier) at \(length)")
  }
}

private func serve(_ bytes: [UInt8], bodyBytes: Int, _ limits: FastCGILimits) {
  LibFCGI.initialize()
  var ends: [Int32] = [0, 0]
  require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0, "socketpair")
  defer { close(ends[1]) }
  _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
  _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
  let connection = FastCGIConnection(identifier: 1, owning: ends[0], limits: limits)
  var buffer = [UInt8](repeating: 0, count: limits.requestBytes)
  // Half of the inputs come in two pieces.
  var inspection = FastCGIConnection.Inspection.idle
  for piece in bytes.count % 2 == 0 ? [bytes[...]] : [bytes[..<9], bytes[9...]] {
    let sent = unsafe piece.withUnsafeBytes { unsafe write(ends[1], $0.baseAddress, $0.count) }
    require(sent == piece.count, "write")
    inspection = connection.inspect(using: &buffer, isHangUp: false)
  }
  guard case .request(let admission) = inspection, admission.bodyBytes == bodyBytes else {
    return require(bytes.count > limits.requestBytes, "another verdict through a socket")
  }
  guard let body = connection.acceptRequest(admission) else {
    return require(false, "libfcgi does not take what the gate let through")
  }
  require(body.count == bodyBytes, "another body")
  require((connection.parameter("A") ?? "").utf8.count <= 3 * limits.parameterBytes, "too much")
  _ = connection.answer([[120]])

  let received = unsafe buffer.withUnsafeMutableBytes {
    unsafe read(ends[1], $0.baseAddress, $0.count)
  }
  // One byte with padding, the end of the output, and the end of the request.
  require(received == 40, "an answer of \(received) bytes")
  if !admission.isFollowed, !admission.isBodyTooLarge, connection.descriptor >= 0 {
    require(!connection.hasInput, "something of the request is left")
  }
}

/// Unlike `precondition`, it says what was wrong in an optimised build too.
private func require(_ isSo: Bool, _ complaint: String) {
  if !isSo { fatalError(complaint) }
}
