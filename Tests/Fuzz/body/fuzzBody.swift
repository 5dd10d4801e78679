/// Answers an input as the body of a lock and of a release, and ends the process if an answer is wrong.
/// libFuzzer calls it (https://llvm.org/docs/LibFuzzer.html, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let body = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  BodyFuzz<ExpectedLock>(path: "/tickets_lock").run(body)
  BodyFuzz<ExpectedRelease>(path: "/tickets_unlock_param").run(body)
  return 0
}
