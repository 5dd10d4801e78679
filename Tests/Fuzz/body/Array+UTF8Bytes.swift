extension [String] {
  /// What tells apart strings that Swift calls equal.
  var utf8Bytes: [[UInt8]] { map { [UInt8]($0.utf8) } }
}
