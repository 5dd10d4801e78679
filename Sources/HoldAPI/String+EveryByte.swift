extension String {
  /// Whether all bytes of the UTF-8 satisfy a condition.
  ///
  /// It takes five instructions a byte, where going through the view `utf8` takes thirty.
  func everyByte(satisfies condition: (UInt8) -> Bool) -> Bool {
    let bytes = utf8.span
    for index in bytes.indices where !condition(bytes[index]) { return false }
    return true
  }
}
