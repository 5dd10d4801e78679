import Threads

/// Polls until the condition holds; throws past the time, which says no more than that it never will.
public func waitUntil(
  _ what: String, seconds: Int = 30, _ condition: () throws -> Bool
) throws {
  let deadline = Instant.now.advanced(byMilliseconds: 1000 * seconds)
  while try !condition() {
    guard Instant.now < deadline else { throw Failure("\(what): not within \(seconds) s") }
    Instant.now.advanced(byMilliseconds: 2).sleep()
  }
}
