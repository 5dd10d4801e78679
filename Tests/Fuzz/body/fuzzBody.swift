@testable import HoldAPI

/// Answers an input as the body of a lock and of a release, and ends the process at an answer that it
/// may not have. libFuzzer calls it (https://llvm.org/docs/LibFuzzer.html, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let body = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  let lock = BodyFuzz<LockBody>(path: "/tickets_lock") { body, bounds throws(BadRequest) in
    .lock(try body.makeRequest(bounds: bounds))
  }
  let release = BodyFuzz<ReleaseBody>(path: "/tickets_unlock_param") {
    body, bounds throws(BadRequest) in
    .release(try body.makeRequest(bounds: bounds))
  }
  lock.run(body)
  release.run(body)
  return 0
}
