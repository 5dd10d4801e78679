private import CCrypto
private import Holds

/// The SHA-256 of a key's secret, which is all that is stored of it.
///
/// A slow, salted hash is for passwords, which people choose and others guess. A secret here has 256
/// random bits, which nobody can guess from a hash of any speed.
public struct KeyDigest: Sendable {
  private static let prefix = "sha256:"
  private let bytes: [UInt8]

  /// Digests a secret.
  public init(ofSecret secret: String) { bytes = Digest.sha256(of: secret) }

  /// Reads `sha256:` and 64 hexadecimal digits; nil if the text is anything else.
  init?(_ text: Substring) {
    let digits = text.dropFirst(Self.prefix.count).utf8.map { UInt8($0) }
    guard text.hasPrefix(Self.prefix), digits.count == 2 * Int(SHA256_DIGEST_LENGTH) else {
      return nil
    }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(ofDigit: digits[index]),
        let low = Self.value(ofDigit: digits[index + 1])
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// As the file of keys has it.
  public var text: String {
    let digits = Array("0123456789abcdef".utf8)
    let hexadecimal = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return Self.prefix + String(decoding: hexadecimal, as: UTF8.self)
  }

  /// Compares in a time that does not depend on the bytes (`CRYPTO_memcmp(3ssl)`).
  func equals(_ other: KeyDigest) -> Bool {
    unsafe bytes.withUnsafeBytes { left in
      unsafe other.bytes.withUnsafeBytes { right in
        unsafe left.count == right.count
          && CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
