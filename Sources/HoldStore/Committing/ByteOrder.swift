private import Glibc

/// Strings compared by their UTF-8 bytes, like PostgreSQL's "C" collation.
enum ByteOrder {
  static func precedes(_ left: String, _ right: String) -> Bool { compare(left, right) < 0 }

  static func areEqual(_ left: String, _ right: String) -> Bool { compare(left, right) == 0 }

  private static func compare(_ left: String, _ right: String) -> Int {
    // Spans, as `withUTF8` would have to own each string.
    unsafe left.utf8.span.withUnsafeBufferPointer { left in
      unsafe right.utf8.span.withUnsafeBufferPointer { right in
        let common = min(left.count, right.count)
        if common > 0, let a = left.baseAddress, let b = right.baseAddress {
          let order = unsafe memcmp(a, b, common)
          if order != 0 { return Int(order) }
        }
        return left.count - right.count
      }
    }
  }
}
