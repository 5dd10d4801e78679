/// Writes JSON in the order of its calls: the order of an answer's members is stable, which
/// `JSONEncoder` does not provide.
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
    var json = json
    json.withUTF8 { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func integer(_ value: some BinaryInteger) {
    raw(String(value))
  }

  /// Appends a number with zeros in front, as `width` digits; one that does not fit, as it is.
  mutating func digits(_ value: Int64, width: Int) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    guard (0..<divisor * 10).contains(value) else { return raw(String(value)) }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  /// Appends a string with its quotes (RFC 8259, section 7); what is not ASCII stays as it is.
  mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.everyByte(satisfies: Self.isPlain) {
      raw(text)
    } else {
      for byte in text.utf8 { escaped(byte) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func escaped(_ byte: UInt8) {
    switch byte {
    case _ where Self.isPlain(byte): bytes.append(byte)
    case UInt8(ascii: "\""): raw("\\\"")
    case UInt8(ascii: "\\"): raw("\\\\")
    case 0x08: raw("\\b")
    case 0x09: raw("\\t")
    case 0x0A: raw("\\n")
    case 0x0C: raw("\\f")
    case 0x0D: raw("\\r")
    default:
      raw("\\u00")
      bytes.append(Self.hexDigits[Int(byte >> 4)])
      bytes.append(Self.hexDigits[Int(byte & 15)])
    }
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
