/// The media type of a `Content-Type` (RFC 9110, section 8.3.1).
enum MediaType {
  /// Whether it is `application/json`, in whatever case and with whatever parameters.
  static func isJSON(_ contentType: String) -> Bool {
    if contentType == "application/json" { return true }
    let spaces: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    var type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    type = type.drop { spaces.contains($0) }
    while let last = type.last, spaces.contains(last) { type.removeLast() }
    return type.elementsEqual("application/json".utf8) { sent, wanted in
      let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(sent)
      return (isCapital ? sent | 0x20 : sent) == wanted
    }
  }
}
