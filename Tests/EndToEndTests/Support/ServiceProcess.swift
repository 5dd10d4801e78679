import Foundation
import TestSupport

/// `holdfast serve` as a child of the test, without nginx, on a database of the test's.
final class ServiceProcess {
  let socketPath: String
  private let child: ChildProcess
  private let output = Result { try TemporaryFile() }
  private let directory: TemporaryDirectory

  /// Starts it and waits until it listens.
  ///
  /// - Parameters:
  ///   - listen: Another address than a socket of its own.
  ///   - input: A descriptor that becomes its standard input.
  ///   - output: A descriptor that takes in what it logs; `log` is empty then.
  ///   - launcher: A command that runs the service, whose command line follows.
  init(
    on site: Site, database: String? = nil, user: String? = nil, listen: String? = nil,
    settings: [String: String] = [:], input: Int32? = nil, output: Int32? = nil,
    launcher: [String] = []
  ) throws {
    directory = try TemporaryDirectory()
    socketPath = listen ?? directory.path + "/s"
    var environment = site.databaseEnvironment(database, user: user)
    environment["HOLDFAST_LISTEN"] = input == nil ? socketPath : nil
    environment["HOLDFAST_SOCKET_MODE"] = "0666"
    environment.merge(TestSettings.patience) { $1 }
    child = try ChildProcess(
      launcher + [TestSettings.binary, "serve"], environment: environment.merging(settings) { $1 },
      input: input, output: try output ?? self.output.get().descriptor)
    try waitUntil("holdfast listens") {
      if let code = child.wait(seconds: 0) { throw Failure("holdfast ended: \(code)\n\(log)") }
      return output == nil
        ? log.contains(#""message":"serving""#) : (try? Socket(path: socketPath)) != nil
    }
  }

  /// What it has logged.
  var log: String { (try? output.get().text) ?? "" }

  var identifier: pid_t { child.identifier }

  func signal(_ number: Int32) { child.signal(number) }

  /// Its exit code; nil if it still runs after that time.
  func wait(seconds: Double) -> Int? { child.wait(seconds: seconds) }

  func peer() throws -> FastCGIPeer { try FastCGIPeer(path: socketPath) }

  /// Waits until it has reached the database.
  func waitUntilReady() throws {
    try waitUntil("readiness") {
      try peer().request("GET", "/readyz", keepsConnection: false).status == 200
    }
  }
}
