/// Request ids: 1 to 64 of `[A-Za-z0-9._-]`, safe to echo and to log.
enum RequestID {
  /// The web server's or caller's id if it is one, else a new random one of 32 hexadecimal digits.
  static func usable(_ candidate: String?) -> String {
    if let candidate, (1...64).contains(candidate.utf8.count), candidate.utf8.allSatisfy(isAllowed)
    {
      return candidate
    }
    let words = [UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)]
    return words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
