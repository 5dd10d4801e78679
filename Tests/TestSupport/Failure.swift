private import Foundation

/// Something that a helper needs did not work; the test cannot go on.
public struct Failure: Error, CustomStringConvertible {
  /// What did not work.
  public let description: String

  /// Describes what did not work.
  public init(_ description: String) { self.description = description }

  /// A system call that failed.
  public init(errno call: String) {
    description = unsafe "\(call): \(String(cString: strerror(errno)))"
  }
}
