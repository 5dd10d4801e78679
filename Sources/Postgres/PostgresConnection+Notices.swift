private import CPostgreSQL
private import Glibc

extension PostgresConnection {
  /// Whether a notice says that a commit's wait for its synchronous standby was cancelled.
  ///
  /// The place in the server's source tells, for the text may be in any language. PL/Proxy passes all warnings
  /// of its servers on from one place. This one is made at the end of a transaction, and so outside of any
  /// function; it has a detail, and no hint. The warnings of triggers come from a function, and those that
  /// greet a new connection have a hint or no detail. One that is taken for it costs a look-up.
  static func isOfCancelledWait(_ notice: OpaquePointer?) -> Bool {
    func field(_ code: UnicodeScalar) -> UnsafeMutablePointer<CChar>? {
      unsafe PQresultErrorField(notice, Int32(code.value))
    }
    guard let place = unsafe field("R") else { return false }
    if unsafe strcmp(place, "SyncRepWaitForLSN") == 0 { return true }
    guard unsafe strcmp(place, "plproxy_remote_error") == 0 else { return false }
    // What is no warning has a state that begins so.
    let isWarning = unsafe field("C").map { unsafe strncmp($0, "00", 2) != 0 } ?? false
    // PL/Proxy's own words; the server in front may add a context of its own.
    let remote = "Remote context: "
    let isInFunction =
      unsafe field("W").map { unsafe strncmp($0, remote, remote.utf8.count) == 0 } ?? false
    return unsafe isWarning && !isInFunction && field("D") != nil && field("H") == nil
  }
}
