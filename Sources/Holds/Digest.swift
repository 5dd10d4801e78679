private import CCrypto

/// SHA-256 (FIPS 180-4), as libcrypto computes it: 32 bytes.
public enum Digest {
  /// Fetched once: that takes longer than to digest a hold_id.
  nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

  /// The digest of a text's UTF-8 (`EVP_Digest(3ssl)`).
  public static func sha256(of text: String) -> [UInt8] {
    var text = text
    return text.withUTF8 { utf8 in
      unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
        var bytes: UInt32 = 0
        let isDone = unsafe EVP_Digest(
          utf8.baseAddress, utf8.count, digest.baseAddress, &bytes, algorithm, nil)
        precondition(isDone == 1, "libcrypto has no SHA-256")
        count = Int(bytes)
      }
    }
  }
}
