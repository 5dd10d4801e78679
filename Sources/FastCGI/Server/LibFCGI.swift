private import CFastCGI
private import Glibc

/// libfcgi's own state in the process.
enum LibFCGI {
  private static let isInitialized: Bool = {
    // FCGX_Init handles SIGPIPE, SIGUSR1 and SIGTERM where nobody else does. A handler of SIGPIPE is
    // needed, since libfcgi writes to peers that may be gone. The others are not libfcgi's to handle.
    let signals = [SIGUSR1, SIGTERM]
    let before = signals.map { signal in
      var action = sigaction()
      unsafe sigaction(signal, nil, &action)
      return action
    }
    let code = FCGX_Init()
    for (signal, action) in zip(signals, before) {
      var action = action
      unsafe sigaction(signal, &action, nil)
    }
    precondition(code == 0, "FCGX_Init: error \(code)")
    return true
  }()

  /// Makes the library ready, once, by `FCGX_Init`; handlers of SIGUSR1 and SIGTERM stay as they are.
  static func initialize() { _ = isInitialized }
}
