import Foundation
import Testing

extension EndToEnd {
  /// An event's id may be percent-encoded in many ways: nginx's cache has its seat map once.
  @Suite(
    "Seat maps: ways to write an id",
    .site(["HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_MAX_EVENT_ID_BYTES": "2048"]))
  struct SeatMapSpellingTests {
    private let site: Site
    private let http: HTTPConnection

    init() throws {
      site = try .ofSuite()
      http = site.http()
    }

    /// Puts one seat of an event on sale.
    private func addEvent(_ id: String) throws {
      try site.database().run(
        """
        INSERT INTO tickets (ticket_id, event_id)
        VALUES (\(Database.literal(id + "-1")), \(Database.literal(id)))
        """)
    }

    /// Each byte that the body lets through as it is, all others percent-encoded.
    private func encode(_ id: String, asIs: String, capitals: Bool = true) -> String {
      id.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        if byte < 0x80, asIs.contains(character) { return String(character) }
        return String(format: capitals ? "%%%02X" : "%%%02x", byte)
      }.joined()
    }

    /// As RFC 3986 recommends it; then as browsers, forms and older programs do, and as nobody does.
    private func spellings(of id: String) throws -> [String] {
      let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
      let usual = encode(id, asIs: letters + "~")
      return [
        usual, encode(id, asIs: letters + "!~*'()"),
        encode(id, asIs: letters + "~", capitals: false),
        encode(id, asIs: letters + "*").replacingOccurrences(of: "%20", with: "+"),
        encode(id, asIs: ""), encode(id, asIs: "", capitals: false),
        encode(id, asIs: "ACEGIKMOQSUWYacegikmoqsuwy02468"), encode(id, asIs: "0123456789/:@,;"),
      ]
    }

    /// The keys of the cache with a path and an id, however that is written.
    private func keys(_ path: String, of id: String) throws -> [String] {
      let run = try String(contentsOfFile: site.directory + "/run-dir", encoding: .utf8)
      let cache = URL(filePath: run.trimmingCharacters(in: .newlines) + "/nginx/cache")
      let files = FileManager.default.enumerator(at: cache, includingPropertiesForKeys: nil)
      return (files?.allObjects ?? []).compactMap { file -> String? in
        guard let file = file as? URL, let data = try? Data(contentsOf: file),
          let line = String(decoding: data.prefix(4096), as: UTF8.self).split(separator: "\n")
            .first(where: { $0.hasPrefix("KEY: \(path) ") })
        else { return nil }
        let written = line.split(separator: " ").last ?? ""
        let decoded = written.replacingOccurrences(of: "+", with: " ").removingPercentEncoding
        return decoded == id ? String(line) : nil
      }
    }

    @Test(
      arguments: ["/tickets_availability", "/tickets_layout"],
      ["", " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~é"])
    func eachWayIsAnsweredAndOneIsCached(path: String, marks: String) throws {
      let id = "Map_1.5\(marks)-\(UInt32.random(in: 0 ... .max))"
      try addEvent(id)
      var bodies: Set<String> = []
      for spelling in try spellings(of: id) {
        let answer = try http.get("\(path)?event_id=\(spelling)")
        #expect(answer.status == 200, "\(spelling)")
        #expect(answer.data["event_id"] as? String == id)
        #expect(answer["Cache-Control"]?.hasPrefix("public, max-age=") == true)
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer["X-Request-Id"]?.count == 32)
        #expect(answer["X-Accel-Redirect"] == nil)
        bodies.insert(answer.body)
        let tag = try #require(answer["ETag"])
        let again = try http.get(
          "\(path)?event_id=\(spelling)", headers: ["If-None-Match: \(tag)"])
        #expect(again.status == 304)
        let head = try http.exchange(
          "HEAD \(path)?event_id=\(spelling) HTTP/1.1\r\nHost: localhost\r\n\r\n", hasBody: false)
        #expect(head.status == 200 && head["ETag"] == tag)
      }
      #expect(bodies.count == 1)
      #expect(try keys(path, of: id).count == 1)
    }

    /// As long as an id may be, and each of its bytes is encoded.
    @Test func theLongestIDIsAnswered() throws {
      let id = String(repeating: "é", count: 1024)
      try addEvent(id)
      for capitals in [true, false] {
        let spelling = encode(id, asIs: "", capitals: capitals)
        let answer = try http.get("/tickets_layout?event_id=\(spelling)")
        #expect(answer.status == 200)
        #expect(answer.data["event_id"] as? String == id)
      }
    }

    /// What does not name an event is told so, whichever way it is written.
    @Test func mistakesAreToldAsEver() throws {
      for (query, status) in [
        ("%6Eone-\(UInt32.random(in: 0 ... .max))", 404), ("%zz", 400), ("%61%00b", 400),
        ("%ff", 400),
        ("%61" + String(repeating: "a", count: 2048), 400), ("%", 400), ("+%2", 400),
        (String(repeating: "%C3%A9", count: 1300), 400),
        (String(repeating: "%c3", count: 2600), 400),
      ] {
        let answer = try http.get("/tickets_layout?event_id=\(query)")
        #expect(answer.status == status, "\(query)")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer.data["valido"] as? Bool == false)
      }
    }

    /// Only the first counts, whatever else is asked for, and in whatever letters.
    @Test func onlyTheFirstIDCounts() throws {
      let id = "map-\(UInt32.random(in: 0 ... .max))"
      try addEvent(id)
      let queries = [
        "event_id=\(id)", "x=1&event_id=\(id)", "event_id=\(id)&event_id=other",
        "event_id=\(id)&x=%6D",
        "Event_ID=\(id)", "event_id=\(id)&", "xevent_id=other&event_id=\(id)",
      ]
      for query in queries {
        let answer = try http.get("/tickets_layout?\(query)")
        #expect(answer.data["event_id"] as? String == id, "\(query)")
      }
      #expect(try keys("/tickets_layout", of: id).count == 1)
    }
  }
}
