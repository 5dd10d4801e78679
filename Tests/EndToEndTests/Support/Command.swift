import Foundation
import TestSupport

/// A program that runs to its end.
struct Command {
  let exitCode: Int

  /// Standard output and standard error together.
  let output: String

  @discardableResult
  init(
    _ arguments: [String], environment: [String: String] = [:], seconds: Double = 60
  ) throws {
    let file = try TemporaryFile()
    let child = try ChildProcess(
      arguments, environment: environment, output: file.descriptor)
    guard let code = child.wait(seconds: seconds) else {
      throw Failure("\(arguments.joined(separator: " ")): still running after \(seconds) s")
    }
    exitCode = code
    output = file.text
  }

  /// Runs a program that must succeed.
  static func succeed(
    _ arguments: [String], environment: [String: String] = [:], seconds: Double = 60
  ) throws {
    let command = try Command(arguments, environment: environment, seconds: seconds)
    guard command.exitCode == 0 else {
      throw Failure("\(arguments.joined(separator: " ")): \(command.exitCode)\n\(command.output)")
    }
  }
}
