/// Request ids: 1 to 64 of `[A-Za-z0-9._-]`, safe to echo and to log.
public enum RequestID {
  private static let lengths = 1...64

  /// The web server's or caller's id if it is one, else a new random one of 32 hexadecimal digits.
  public static func usable(_ candidate: String?) -> String {
    if let candidate, lengths.contains(candidate.utf8.count),
      candidate.everyByte(satisfies: { $0.isIDByte })
    {
      return candidate
    }
    let words = [UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)]
    return words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
