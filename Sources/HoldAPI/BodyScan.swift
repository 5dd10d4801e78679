/// What has to be known of a body's bytes before `JSONDecoder` sees them.
///
/// The decoder takes bytes with NULs among them for UTF-16 or UTF-32, calls itself for every level of
/// nesting, on a worker's small stack, and lets a comma before a closing bracket pass.
struct BodyScan {
  /// How deep arrays and objects may be nested; the requests themselves need three levels.
  static let maximumNesting = 32

  static func check(_ body: [UInt8]) throws(BadRequest) {
    do {
      _ = try UTF8Span(validating: body.span)
    } catch {
      throw BadRequest(
        BodyReader.part, expected: "JSON in UTF-8",
        got: "an invalid byte at offset \(error.byteOffsets.lowerBound)")
    }
    var nesting = 0
    var isInString = false
    var isEscaped = false
    var previous: UInt8 = 0
    for (offset, byte) in body.enumerated() {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
          previous = byte
        }
        if byte == 0 { throw nul(at: offset) }
        continue
      }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        continue
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        nesting += 1
        if nesting > maximumNesting { throw tooDeep }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        nesting -= 1
        if previous == UInt8(ascii: ",") { throw comma(before: offset) }
      case 0: throw nul(at: offset)
      default: break
      }
      previous = byte
    }
  }

  private static var tooDeep: BadRequest {
    BadRequest(
      BodyReader.part, expected: "JSON of at most \(maximumNesting) nested levels", got: "more")
  }

  private static func nul(at offset: Int) -> BadRequest {
    BadRequest(BodyReader.part, expected: "JSON in UTF-8", got: "a NUL byte at offset \(offset)")
  }

  private static func comma(before offset: Int) -> BadRequest {
    BadRequest(
      BodyReader.part, expected: "JSON",
      got: "a comma before the closing bracket at offset \(offset)")
  }
}
