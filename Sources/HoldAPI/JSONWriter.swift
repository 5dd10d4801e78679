/// Writes JSON in the order in which it is called: the contract fixes the members' order, which
/// `JSONEncoder` does not keep.
struct JSONWriter {
  private static let hexDigits = Array("0123456789abcdef".utf8)

  /// What has been written.
  private(set) var bytes: [UInt8] = []

  init() {
    // Room for the answer to a few tickets, so that most answers are one allocation.
    bytes.reserveCapacity(256)
  }

  /// Appends text that is JSON already.
  mutating func raw(_ json: String) {
    bytes.append(contentsOf: json.utf8)
  }

  mutating func integer(_ value: some BinaryInteger) {
    bytes.append(contentsOf: String(value).utf8)
  }

  /// Appends a string with its quotes (RFC 8259, section 7); what is not ASCII stays as it is.
  mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0x08: raw("\\b")
      case 0x09: raw("\\t")
      case 0x0A: raw("\\n")
      case 0x0C: raw("\\f")
      case 0x0D: raw("\\r")
      case 0..<0x20:
        raw("\\u00")
        bytes.append(Self.hexDigits[Int(byte >> 4)])
        bytes.append(Self.hexDigits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func strings(_ texts: some Collection<String>) {
    array(texts) { writer, text in writer.string(text) }
  }

  mutating func array<Elements: Collection>(
    _ elements: Elements, write: (inout JSONWriter, Elements.Element) -> Void
  ) {
    bytes.append(UInt8(ascii: "["))
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      write(&self, element)
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
