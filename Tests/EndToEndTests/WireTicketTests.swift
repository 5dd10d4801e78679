import Testing

extension EndToEnd {
  /// Ticket ids with whatever a string may hold are held and released like any other.
  @Suite("Wire: odd ticket ids")
  struct WireTicketTests {
    private static let odd = [
      "O'Brien", "a\"b", "back\\slash", "{", "}", "{a,b}", ",", "NULL", "null", "", "  ", " a",
      "a ",
      "🎟️", "👩‍👩‍👧‍👦", "tab\there", "line\nbreak", "%s$1", "--", ";DROP TABLE tickets", "\u{7f}", "é",
      "e\u{301}",
      "\u{fffd}", "\u{feff}", "𐍈", "ﬀ", "İ", "日本語", "\\u0041", "\\x41", "E'x'", "{NULL}", "\"{\"",
      "'",
      String(repeating: "x", count: 256), String(repeating: "é", count: 128),
      String(repeating: "🎟", count: 64),
    ].filter { !$0.isEmpty }

    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .shared()
      wire = Wire(site)
      let values = Self.odd.map { "(\(Database.literal($0)))" }.joined(separator: ",")
      try site.database().run(
        """
        TRUNCATE tickets_blocked;
        INSERT INTO tickets (ticket_id) VALUES \(values) ON CONFLICT DO NOTHING;
        """)
    }

    @Test func eachIsHeldAndReleased() throws {
      let database = try site.database()
      try wire.check(Self.odd.map { .granted([$0]) })
      let held = try database.column("SELECT ticket_id FROM tickets_blocked")
      #expect(Set(held.map { Array($0.utf8) }) == Set(Self.odd.map { Array($0.utf8) }))
      try wire.check(Self.odd.map { .refused([$0], because: [$0]) })
      try wire.check(Self.odd.map { .release(RequestText.release([$0])) })
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func allOfThemAreHeldTogether() throws {
      try wire.check([
        .granted(Self.odd), .refused(Self.odd, because: Self.odd),
        .release(RequestText.release(Self.odd)), .granted(Self.odd.reversed()),
      ])
    }
  }
}
