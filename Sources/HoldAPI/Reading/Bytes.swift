extension String {
  /// Whether all bytes of the UTF-8 satisfy a condition.
  ///
  /// It takes five instructions a byte, where iterating over `utf8` takes thirty.
  func everyByte(satisfies condition: (UInt8) -> Bool) -> Bool {
    let bytes = utf8.span
    for index in bytes.indices where !condition(bytes[index]) { return false }
    return true
  }

  /// Whether there is a NUL in it.
  var containsNUL: Bool { !everyByte(satisfies: { $0 != 0 }) }
}

extension Span<UInt8> {
  /// Whether both hold the same bytes.
  func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }
}

extension UInt8 {
  /// One of `[A-Za-z0-9._-]`, of which hold ids and request ids are made.
  var isIDByte: Bool {
    switch self {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// The value of a hexadecimal digit; nil for any other byte.
  var hexDigitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
