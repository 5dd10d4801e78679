import Foundation

/// Something that a helper needs did not work; the test cannot go on.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A system call that failed.
  init(errno call: String) {
    description = "\(call): \(String(cString: strerror(errno)))"
  }
}
