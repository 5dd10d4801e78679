import Foundation
import TestSupport
import Testing
import Threads

@testable import FastCGI

@Suite struct ListeningSocketTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private var path: String { "\(directory.path)/s" }

  private func code(_ address: ListenAddress) -> FastCGIError.Code? {
    do throws(FastCGIError) {
      _ = try Sockets.make(address)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func aPathThatIsTooLongIsSaidToBe() throws {
    let longest = "\(directory.path)/".padding(toLength: 107, withPad: "x", startingAt: 0)
    let socket = try Sockets.make(.unix(path: longest))
    #expect(FileManager.default.fileExists(atPath: longest))
    _ = try FastCGIPeer(path: longest)
    _ = socket
    let error = #expect(throws: FastCGIError.self) {
      _ = try Sockets.make(.unix(path: longest + "x"))
    }
    #expect(error?.code == .invalidAddress)
    #expect(
      error?.description.contains("expected a socket path of 1 to 107 bytes, got 108") == true)
    // By bytes, not by characters.
    let accents = "/" + String(repeating: "é", count: 60)
    #expect(code(.unix(path: accents)) == .invalidAddress)
  }

  @Test(arguments: ["", "a\0b"])
  func aPathThatCannotBeIsRefused(path: String) {
    #expect(code(.unix(path: path)) == .invalidAddress)
  }

  @Test func aFolderThatIsNotThereIsASystemError() {
    #expect(code(.unix(path: "\(directory.path)/no/s")) == .system(ENOENT))
  }

  /// Leaves a socket's file as a process that has gone.
  private func abandonFile() throws {
    _ = try Socket(boundTo: path)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func aFileThatNobodyListensOnIsReplaced() throws {
    try abandonFile()
    let socket = try Sockets.make(.unix(path: path))
    _ = try FastCGIPeer(path: path)
    _ = socket
  }

  /// Both find the file that a third has left, or one finds the other's before that one listens.
  @Test func ofTwoThatStartTogetherOneListens() throws {
    for _ in 0..<300 {
      try abandonFile()
      let results = try Sockets.makeTwo(.unix(path: path))
      let errors = results.compactMap { if case .failure(let error) = $0 { error } else { nil } }
      try #require(errors.map(\.code) == [.addressInUse])
      _ = try FastCGIPeer(path: path)
      withExtendedLifetime(results) {}
    }
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() throws {
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    #expect(code(.unix(path: path)) != nil)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test func aSocketInUseIsLeftAlone() throws {
    let socket = try Sockets.make(.unix(path: path))
    #expect(code(.unix(path: path)) == .addressInUse)
    _ = try FastCGIPeer(path: path)
    _ = socket
  }

  @Test(arguments: [0o600, 0o660, 0o666] as [UInt32])
  func theFileHasTheModeAskedFor(mode: UInt32) throws {
    let socket = try Sockets.make(.unix(path: path), mode: mode)
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == mode)
    _ = socket
  }

  @Test func theFileGoesWithTheSocket() throws {
    var socket: ListeningSocket? = try Sockets.make(.unix(path: path))
    #expect(socket != nil && FileManager.default.fileExists(atPath: path))
    socket = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aSuccessorsFileIsLeftAlone() throws {
    let socket = try Sockets.make(.unix(path: path))
    socket.removePath()
    let successor = try Sockets.make(.unix(path: path))
    socket.removePath()
    #expect(FileManager.default.fileExists(atPath: path))
    _ = successor
  }

  @Test func aPortIsListenedOnAndInUseThen() throws {
    let socket = try Sockets.make(.tcp(host: "127.0.0.1", port: "0"))
    let port = Socket.port(of: socket.descriptor)
    #expect(port > 0)
    #expect(ListeningSocket.isListening(descriptor: socket.descriptor))
    #expect(self.code(.tcp(host: "127.0.0.1", port: "\(port)")) == .addressInUse)
  }

  @Test func aHostThatIsUnknownIsSaidToBe() {
    #expect(code(.tcp(host: "no such host.invalid", port: "1")) == .invalidAddress)
  }

  @Test func whatDoesNotListenCannotBeInherited() throws {
    let socket = try Socket(boundTo: path)
    #expect(!ListeningSocket.isListening(descriptor: socket.descriptor))
    #expect(!ListeningSocket.isListening(descriptor: -1))
  }
}
