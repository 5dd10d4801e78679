import FastCGI
import Foundation
import Testing

@Suite struct ListenAddressTests {
  @Test(
    arguments: [
      ("fd:0", .inherited(descriptor: 0)), ("fd:3", .inherited(descriptor: 3)),
      ("/run/x.sock", .unix(path: "/run/x.sock")),
      ("unix:/run/x.sock", .unix(path: "/run/x.sock")), ("unix:x.sock", .unix(path: "x.sock")),
      ("./x.sock", .unix(path: "./x.sock")),
      ("127.0.0.1:9000", .tcp(host: "127.0.0.1", port: "9000")),
      ("localhost:0", .tcp(host: "localhost", port: "0")),
      ("[::1]:9000", .tcp(host: "::1", port: "9000")),
      ("a:65535", .tcp(host: "a", port: "65535")), ("/odd:9000", .unix(path: "/odd:9000")),
    ] as [(String, ListenAddress)])
  func anAddressIsRead(text: String, address: ListenAddress) {
    #expect(ListenAddress(text) == address)
  }

  @Test(arguments: [
    "", "9000", ":9000", "localhost", "localhost:", "localhost:http", "localhost:65536",
    "localhost:-1", "fd:", "fd:x", "fd:-1", "unix:", longPath + "x", "unix:" + longPath + "x",
  ])
  func whatIsNoneIsRefused(text: String) {
    #expect(ListenAddress(text) == nil)
  }

  /// The longest that there may be.
  private static let longPath = "/".padding(toLength: 107, withPad: "x", startingAt: 0)

  @Test(arguments: [
    "fd:0", "/run/x.sock", longPath, "127.0.0.1:9000", "[::1]:9000", "localhost:1",
  ])
  func itIsWrittenAsItIsRead(text: String) {
    #expect(ListenAddress(text)?.description == text)
  }
}
