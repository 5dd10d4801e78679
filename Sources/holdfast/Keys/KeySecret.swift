/// Secrets of keys, as `Authorization: Bearer` carries them (RFC 6750, section 2.1).
enum KeySecret {
  /// 256 random bits, from the kernel (`getrandom(2)`). The prefix lets scanners of leaked secrets
  /// recognise it.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    let words = (0..<4).map { _ in
      String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16)
    }
    return "hfk_" + words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
  }

  /// Whether a secret that was made elsewhere may be used: long enough, and fit for the header.
  static func isStrong(_ secret: String) -> Bool {
    secret.wholeMatch(of: #/[A-Za-z0-9._~+\/=-]{32,512}/#) != nil
  }
}
