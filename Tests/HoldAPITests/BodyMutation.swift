import TestSupport

/// A random change of a body: most leave it readable, and some make it another request.
enum BodyMutation {
  private static let fragments = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "1e400", "-", "0", ".5", "\\u0000",
    "\\ud800", "\u{0}", "é", "\"data\"", "\"tickets\":[\"a\"]", "[[[[[[[[[[[[", "🎟", " ", "NaN",
  ].map { Array($0.utf8) }

  static func change(_ body: inout [UInt8], using random: inout SeededGenerator) {
    let place = Int.random(in: 0..<max(1, body.count), using: &random)
    let end = min(body.count, place + Int.random(in: 1...12, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0: body.insert(UInt8.random(in: 0...255, using: &random), at: min(place, body.count))
    case 1 where place < body.count: body[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2 where place < end: body.removeSubrange(place..<end)
    case 3: body.insert(contentsOf: body[min(place, end)..<end], at: min(place, body.count))
    case 4:
      let fragment = fragments.randomElement(using: &random) ?? []
      body.insert(contentsOf: fragment, at: min(place, body.count))
    case 5: body.removeLast(Int.random(in: 0...min(3, body.count), using: &random))
    default:
      // Within a string this changes only its text.
      if place < body.count, (0x61...0x7A).contains(body[place]) { body[place] = 0x7A }
    }
  }
}
