/// Why listening failed.
public struct FastCGIError: Error, Equatable, CustomStringConvertible {
  /// What went wrong, to be matched on.
  public enum Code: Sendable, Equatable {
    /// Somebody listens there already.
    case addressInUse

    /// The address cannot be used: too long a path, an unknown host.
    case invalidAddress

    /// The inherited descriptor is not a listening socket.
    case notListening

    /// A system call failed with this `errno`.
    case system(Int32)
  }

  /// What went wrong, to be matched on.
  public let code: Code

  /// What went wrong, for a person.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
