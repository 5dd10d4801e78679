internal import Holds

/// The answers about a seat map, made once for everybody.
enum SeatMapDocuments {
  /// Names a layout: 16 hexadecimal digits of the sum of its tickets' hashes and their number.
  static func layoutID(tickets: Int, hashes: String) -> String {
    let sum = UInt64(truncatingIfNeeded: Int128(hashes) ?? 0)
    // An odd factor spreads the number over all digits, and loses nothing.
    let mixed = (sum ^ UInt64(tickets)) &* 0x9e37_79b9_7f4a_7c15
    let digits = String(mixed, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// - Parameter states: A digit for each ticket.
  static func availability(
    layoutID: String, eventJSON: String, states: [UInt8]
  ) -> SeatMapSnapshot.Document {
    var counts = (free: 0, sold: 0, held: 0)
    for state in states {
      switch state {
      case UInt8(ascii: "0"): counts.free += 1
      case UInt8(ascii: "1"): counts.sold += 1
      default: counts.held += 1
      }
    }
    let head =
      #"{"message":"Availability","status":200,"data":{"valido":true,"event_id":"# + eventJSON
      + #","layout":""# + layoutID
      + #"","free":\#(counts.free),"held":\#(counts.held),"sold":\#(counts.sold),"states":""#
    var body: [UInt8] = []
    body.reserveCapacity(head.utf8.count + states.count + 4)
    body += head.utf8
    body += states
    body += #""}}"#.utf8
    return SeatMapSnapshot.Document(
      tag: String(Gzip.checksum(body), radix: 16), gzip: Gzip.compress(body), identity: body)
  }

  /// A layout, which is compressed as its tickets come: it is kept and made in this form alone.
  struct Layout {
    private let gzip = GzipWriter()
    private(set) var layoutID = ""
    private var isFirst = true

    mutating func begin(layoutID: String, eventJSON: String) {
      self.layoutID = layoutID
      gzip.append(
        #"{"message":"Layout","status":200,"data":{"valido":true,"event_id":"# + eventJSON
          + #","layout":""# + layoutID + #"","tickets":["#)
    }

    mutating func append(ticket: [UInt8]) {
      if !isFirst { gzip.append(",") }
      isFirst = false
      gzip.append(ticket)
    }

    func finish() -> SeatMapSnapshot.Document {
      gzip.append("]}}")
      return SeatMapSnapshot.Document(tag: layoutID, gzip: gzip.finish())
    }
  }
}
