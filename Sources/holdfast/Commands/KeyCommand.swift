internal import ArgumentParser
private import HoldAPI

/// `holdfast key`: makes keys for the callers of the API.
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make keys for callers of the API.",
    discussion: """
      A key is one line in the file that HOLDFAST_API_KEYS_FILE names. It holds the SHA-256 of the \
      key's secret; the secret itself is stored nowhere. The service reads a changed file by itself.
      """,
    subcommands: [Create.self, Hash.self])

  /// Makes a key.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Make a key: its line goes to the output, its secret to the screen.",
      discussion: """
        holdfast key create shop --scopes hold,sell >>/etc/holdfast/api-keys adds a key and shows \
        its secret, once.
        """)

    @Argument(help: "Who will have the key: 1 to 64 characters of [A-Za-z0-9._-].")
    var name: String

    @Option(help: "What it may be used for: some of hold, sell, operate, separated by commas.")
    var scopes: String

    @Option(help: "The last day on which it is valid, in UTC, such as 2027-01-31.")
    var lastDay: String?

    func run() throws {
      let secret = KeySecret.random()
      let line = [name, scopes, KeyDigest(ofSecret: secret).text, lastDay].compactMap(\.self)
        .joined(separator: " ")
      do throws(APIKeyError) {
        _ = try APIKey(line: line)
      } catch {
        throw SettingError(error.description)
      }
      print(line)
      // The secret of a key that is stored nowhere must not be handed out.
      flushOutput()
      // Not in the output, which goes to the file of keys.
      printError("The secret of \(name), which is not shown again: \(secret)")
    }
  }

  /// Digests a secret that was made elsewhere.
  struct Hash: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hash", abstract: "Read a secret from the input and print its hash.")

    func run() throws {
      let secret = readLine() ?? ""
      guard KeySecret.isStrong(secret) else {
        throw SettingError(
          "the secret: expected 32 to 512 of [A-Za-z0-9._~+/=-], made at random")
      }
      print(KeyDigest(ofSecret: secret).text)
    }
  }
}
