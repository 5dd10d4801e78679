internal import FastCGI
private import Glibc

/// A listening socket that whoever has started the process has passed to it.
enum PassedSocket {
  /// The first descriptor that a service manager passes (`sd_listen_fds(3)`).
  private static let firstDescriptor: Int32 = 3

  /// The address of the socket; nil if none was passed.
  ///
  /// A service manager says in `LISTEN_FDS` and `LISTEN_PID` that it passes descriptor 3; spawn-fcgi
  /// passes descriptor 0.
  static func find(_ environment: [String: String]) -> ListenAddress? {
    let isForThisProcess = environment["LISTEN_PID"].flatMap { Int32($0) } == getpid()
    let count = environment["LISTEN_FDS"].flatMap { Int($0) } ?? 0
    if isForThisProcess, count > 0 { return .inherited(descriptor: firstDescriptor) }
    return ListeningSocket.isListening(descriptor: 0) ? .inherited(descriptor: 0) : nil
  }
}
