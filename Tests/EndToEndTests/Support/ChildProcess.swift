import Foundation
import TestSupport

/// A process that a test has started; killed when the last reference goes.
///
/// `posix_spawn(3)` and `waitpid(2)`, so that nothing but the named descriptors is inherited.
final class ChildProcess {
  let identifier: pid_t
  private var exitStatus: Int32?

  /// - Parameters:
  ///   - arguments: The program, looked for on PATH, and its arguments.
  ///   - environment: Added to the neutral environment.
  init(
    _ arguments: [String], environment: [String: String] = [:], input: Int32? = nil,
    output: Int32? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
      posix_spawn_file_actions_adddup2(&actions, output, 2)
    }
    // What the test runner ignores or blocks, the child shall not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let values = TestSettings.neutralEnvironment.merging(environment) { $1 }
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = values.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var identifier: pid_t = 0
    errno = posix_spawnp(&identifier, arguments[0], &actions, &attributes, &argv, &envp)
    guard errno == 0 else { throw Failure(errno: arguments[0]) }
    self.identifier = identifier
  }

  deinit {
    guard exitStatus == nil else { return }
    kill(identifier, SIGKILL)
    waitpid(identifier, nil, 0)
  }

  func signal(_ number: Int32) {
    if exitStatus == nil { kill(identifier, number) }
  }

  /// The exit code, or 128 and the signal's number; nil if it still runs after that time.
  func wait(seconds: Double) -> Int? {
    let deadline = Clock.now + seconds
    while exitStatus == nil {
      var status: Int32 = 0
      if waitpid(identifier, &status, WNOHANG) == identifier {
        exitStatus = status
      } else if Clock.now > deadline {
        return nil
      } else {
        Clock.sleep(0.002)
      }
    }
    guard let status = exitStatus else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? Int(status >> 8 & 0xff) : 128 + Int(signal)
  }
}
