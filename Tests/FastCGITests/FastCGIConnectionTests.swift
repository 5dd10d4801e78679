import CFastCGI
import Foundation
import TestSupport
import Testing

@testable import FastCGI

/// A connection that is lent to libfcgi: what the service relies on in libfcgi 2.4.2.
@Suite struct FastCGIConnectionTests {
  /// A connection and the web server's end of it.
  private static func pair() -> (connection: FastCGIConnection, peer: Socket) {
    LibFCGI.initialize()
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    let connection = FastCGIConnection(identifier: 1, owning: ends[0], limits: .testing())
    return (connection, Socket(owning: ends[1]))
  }

  private static let request = Record.request(
    [("REQUEST_METHOD", "POST"), ("NAME", "naïve")], body: Array("body".utf8))

  /// The gate is all that keeps libfcgi from waiting. Where it is wrong, the connection is lost and
  /// the thread goes on.
  @Test func aConnectionThatIsLentTooEarlyIsClosed() throws {
    for length in [0, 4, 16, 30, Self.request.count - 8, Self.request.count - 1] {
      let (connection, peer) = Self.pair()
      try peer.write(Self.request.prefix(length))
      let admission = FastCGIConnection.Admission(bodyBytes: 4)
      #expect(connection.acceptRequest(admission) == nil, "\(length)")
      connection.close()
      #expect(connection.descriptor == -1 && peer.isClosed)
    }
  }

  @Test func aRequestIsAcceptedOnceItIsWhole() throws {
    // At once, in two pieces, and with the beginning of the next.
    for (first, more) in [(Self.request.count, 0), (30, 0), (Self.request.count, 20), (30, 20)] {
      let (connection, peer) = Self.pair()
      var buffer = [UInt8](repeating: 0, count: 100_000)
      let bytes = Self.request + Self.request.prefix(more)
      try peer.write(bytes.prefix(first))
      if first < Self.request.count {
        guard case .waiting = connection.inspect(using: &buffer, isHangUp: false) else {
          throw Failure("it is not waited for")
        }
        #expect(!connection.hasInput)
      }
      try peer.write(bytes.dropFirst(first))
      guard case .request(let admission) = connection.inspect(using: &buffer, isHangUp: false)
      else { throw Failure("it is not seen") }
      #expect(admission.bodyBytes == 4 && admission.isFollowed == (more > 0))
      #expect(connection.acceptRequest(admission) == Array("body".utf8))
      #expect(connection.parameter("NAME") == "naïve" && connection.parameter("OTHER") == nil)
      guard case .idle = connection.answer([Array("x".utf8)]) else { throw Failure("it is closed") }
      #expect(connection.hasInput == (more > 0))
    }
  }

  @Test func aParameterThatIsNotUTF8IsHandedDownAsItWasSent() throws {
    let (connection, peer) = Self.pair()
    let name = Array("na".utf8) + [0xE9, 0xE9] + Array("ve".utf8)
    var bytes = Self.request
    bytes.replaceSubrange(try #require(bytes.firstRange(of: Array("naïve".utf8))), with: name)
    try peer.write(bytes)
    var buffer = [UInt8](repeating: 0, count: 100_000)
    guard case .request(let admission) = connection.inspect(using: &buffer, isHangUp: false)
    else { throw Failure("it is not seen") }
    #expect(connection.acceptRequest(admission) == Array("body".utf8))
    #expect(connection.parameterBytes("NAME") == name)
    #expect(connection.parameter("NAME") == "na\u{FFFD}\u{FFFD}ve")
    #expect(connection.parameterBytes("OTHER") == nil)
  }

  /// The fields of `FCGX_Request` below "Don't use anything below here" that the service uses.
  @Test func theFieldsOfARequestMeanWhatTheyDid() {
    let request = UnsafeMutablePointer<FCGX_Request>.allocate(capacity: 1)
    defer { request.deallocate() }
    #expect(FCGX_InitRequest(request, -1, 0) == 0)
    #expect(request.pointee.ipcFd == -1 && request.pointee.listen_sock == -1)
    #expect(request.pointee.keepConnection == 0 && request.pointee.detached == 0)
    request.pointee.ipcFd = 1
    FCGX_Detach(request)
    #expect(request.pointee.detached == 1)
    request.pointee.ipcFd = -1
    // Without a listening socket it accepts nothing, and says so at once.
    #expect(FCGX_Accept_r(request) < 0)
    #expect(request.pointee.ipcFd == -1)
  }

  /// `FCGX_Init` would take over SIGTERM and SIGUSR1.
  @Test func signalHandlersStayAsTheyWere() {
    LibFCGI.initialize()
    for signal in [SIGTERM, SIGUSR1] {
      var action = sigaction()
      sigaction(signal, nil, &action)
      #expect(action.__sigaction_handler.sa_handler == nil, "signal \(signal)")
    }
  }
}
