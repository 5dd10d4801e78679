@testable import FastCGI

/// Decodes an input as a connection's bytes, and ends the process when what it makes of them is out of
/// bounds or depends on how they are cut up. libFuzzer calls it (https://llvm.org/docs/LibFuzzer.html,
/// "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFastCGI(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  // So narrow that the inputs reach them.
  let limits = FastCGILimits(
    workers: 1, connections: 1, peerTimeoutMilliseconds: 1, parameterBytes: 64, bodyBytes: 16)
  let whole = Reading(bytes, readBytes: max(1, count), limits: limits)
  for request in whole.requests {
    require(request.body.count <= limits.bodyBytes, "too much of a body")
    require(
      request.parameters.reduce(0) {
        $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count
      }
        <= limits.parameterBytes, "too much of parameters")
    require(request.parameters.allSatisfy { !$0.name.isEmpty }, "a parameter without a name")
  }
  // A reply to a record of eight bytes has at most three names and numbers in it.
  require(whole.replies.count <= 16 * (count + 8), "more is said than asked")
  for readBytes in [1, 7] {
    require(
      Reading(bytes, readBytes: readBytes, limits: limits) == whole, "reads of \(readBytes) differ")
  }
  return 0
}

/// Unlike `precondition`, it says what was wrong in an optimised build too.
private func require(_ isSo: Bool, _ complaint: String) {
  if !isSo { fatalError(complaint) }
}
