import TestSupport
import Testing

extension EndToEnd {
  /// Methods, paths, content types, sizes and headers.
  @Suite("Wire: HTTP")
  struct WireHTTPTests {
    private let site: Site
    private let wire: Wire
    private let ticket = "H-1"
    private let origin = "Origin: https://shop.example"

    init() throws {
      site = try .shared()
      wire = Wire(site)
      try site.database().run(
        """
        TRUNCATE tickets_blocked;
        INSERT INTO tickets (ticket_id) VALUES ('H-1'), ('H-2') ON CONFLICT DO NOTHING
        """)
    }

    @Test func wrongMethods() throws {
      let posts = [
        "/tickets_lock", "/tickets_lock_best", "/tickets_confirm", "/tickets_unlock_param",
        "/tickets_unlock",
      ]
      let gets = [
        "/livez", "/readyz", "/openapi.yaml", "/tickets_layout?event_id=E1", "/%6Civez",
        "/tickets%5Flayout?event_id=E1",
      ]
      let exchanges =
        posts.flatMap { path in
          ["GET", "PUT", "DELETE", "PATCH", "BREW"].map { method in
            Exchange(
              method, path, status: 405,
              answer: Answer.http(405, "Method not allowed: this path takes POST, OPTIONS")
            ).with { $0.answerHeaders["Allow"] = "POST, OPTIONS" }
          }
        }
        + gets.flatMap { path in
          ["POST", "PUT", "DELETE", "BREW"].map { method in
            Exchange(
              method, path, status: 405,
              answer: Answer.http(405, "Method not allowed: this path takes GET, HEAD, OPTIONS")
            ).with { $0.answerHeaders["Allow"] = "GET, HEAD, OPTIONS" }
          }
        }
      try wire.check(exchanges)
    }

    /// It has sent all, and ends its side (`shutdown(2)`): nobody must hold a seat without hearing of it.
    @Test func aClientThatHasEndedItsSideIsAnswered() throws {
      let body = RequestText.lock([ticket])
      let socket = try Socket(port: site.httpPort)
      let head = [
        "POST /tickets_lock HTTP/1.1", "Host: localhost", "Content-Type: application/json",
        "Content-Length: \(body.utf8.count)", "", body,
      ]
      try socket.write(head.joined(separator: "\r\n").utf8)
      socket.endWriting()
      var answer: [UInt8] = []
      while case let more = try socket.read(), !more.isEmpty { answer += more }
      let text = String(decoding: answer, as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
      #expect(text.hasSuffix(Answer.granted([ticket])))
    }

    @Test func wrongPaths() throws {
      let paths = [
        "/tickets_lock/", "/tickets_lock/x", "/Tickets_Lock", "/tickets", "/.error",
        "/favicon.ico", "/tickets_unlock_params", "/a%2ftickets_lock",
      ]
      try wire.check(paths.map { Exchange("GET", $0, status: 404, answer: Answer.notFound) })
      let malformed = Answer.bad("Bad request: not well-formed HTTP")
      try wire.check(
        ["/%00", "/%zz", "/..%2ftickets_lock"].map {
          Exchange("GET", $0, status: 400, answer: malformed)
        })
      try wire.check([
        Exchange(
          path: "/nowhere", body: RequestText.lock([ticket]), status: 404, answer: Answer.notFound)
      ])
    }

    @Test func contentTypes() throws {
      try wire.check([
        .lock(
          RequestText.lock([ticket]), status: 415,
          answer: Answer.http(415, "send the header Content-Type: application/json, got none")
        ).with { $0.headers = ["Content-Type:"] },
        .granted([ticket]).with {
          $0.headers = [#"Content-Type: Application/JSON ; charset=\"utf-8\""#]
        },
      ])
    }

    @Test func bodiesOfTheGreatestLengthAndOneByteMore() throws {
      func lock(bytes: Int, _ status: Int, _ answer: String) -> Exchange {
        .lock(RequestText.lock([ticket]), status: status, answer: answer).with {
          $0.body += [UInt8](repeating: UInt8(ascii: " "), count: bytes - $0.body.count)
        }
      }
      let release = Exchange.release(RequestText.release([ticket]))
      let fitting = lock(bytes: 65_536, 200, Answer.granted([ticket]))
      let larger = lock(bytes: 65_537, 413, Answer.tooLarge)
      func chunked(_ exchange: Exchange) -> Exchange {
        exchange.with {
          $0.isHTTP1 = true
          $0.headers.append("Transfer-Encoding: chunked")
        }
      }
      try wire.check([
        fitting, release, larger, chunked(fitting), release, chunked(larger),
        larger.with { $0.isHTTP1 = true }, lock(bytes: 1_000_000, 413, Answer.tooLarge),
        chunked(.granted([ticket])), chunked(release),
      ])
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func truncatedBodiesChangeNothing() throws {
      let body = RequestText.lock([ticket])
      let head = "POST /tickets_lock HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      for text in [
        head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body.dropLast(),
        head
          + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\nffff\r\n\(body)",
      ] {
        let socket = try Socket(port: site.httpPort)
        try socket.write(text.utf8)
        socket.endWriting()
        let answer = String(decoding: try socket.read(), as: UTF8.self)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
      }
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
      try wire.check([.granted([ticket])])
    }

    @Test func requestIdentifiers() throws {
      let longest = String(repeating: "a", count: 64)
      func livez(_ identifier: String) -> Exchange {
        Exchange("GET", "/livez", status: 200, answer: Answer.alive)
          .with { $0.headers = ["X-Request-Id: \(identifier)"] }
      }
      let echoed = ["x", "A.b_c-9", longest]
      try wire.check(
        echoed.map { name in livez(name).with { $0.answerHeaders["X-Request-Id"] = name } })
      try wire.check([
        Exchange("GET", "/nowhere", status: 404, answer: Answer.notFound).with {
          $0.headers = ["X-Request-Id: mine"]
          $0.answerHeaders["X-Request-Id"] = "mine"
        }
      ])
      let replaced = try wire.send([longest + "a", "a b", "<script>", "é", ""].map(livez))
        .map { $0["X-Request-Id"] ?? "" }
      #expect(replaced.allSatisfy { $0.wholeMatch(of: #/[0-9a-f]{32}/#) != nil })
      #expect(Set(replaced).count == replaced.count)
    }

    @Test func preflights() throws {
      func preflight(_ method: String, _ path: String, allowed: String) -> Exchange {
        Exchange("OPTIONS", path, status: 204, answer: "").with {
          $0.headers = [
            origin, "Access-Control-Request-Method: \(method)",
            "Access-Control-Request-Headers: authorization,content-type,x-request-id",
          ]
          $0.answerHeaders = [
            "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers":
              "Content-Type, X-Request-Id, Idempotency-Key, Authorization, *",
            "Access-Control-Max-Age": "86400",
          ]
        }
      }
      let posts = [
        "/tickets_lock", "/tickets_lock_best", "/tickets_unlock_param", "/tickets_unlock",
        "/tickets_confirm", "/tickets_list_event", "/tickets_list_event_sales",
      ]
      let gets = [
        "/livez", "/readyz", "/openapi.yaml", "/tickets_layout?event_id=E1",
        "/tickets_availability?event_id=E1", "/tickets%5Favailability?event_id=E1",
      ]
      try wire.check(
        posts.map { preflight("POST", $0, allowed: "POST") }
          + gets.map { preflight("GET", $0, allowed: "GET, HEAD") })
    }

    @Test func crossOriginRequests() throws {
      try wire.check(
        [
          Exchange.granted([ticket]).with {
            $0.headers.append(origin)
            $0.answerHeaders["Access-Control-Allow-Origin"] = "*"
          },
          // A script must be able to read a refusal too.
          Exchange.refused([ticket], because: [ticket]).with {
            $0.headers.append(origin)
            $0.answerHeaders["Access-Control-Allow-Origin"] = "*"
          },
          Exchange("GET", "/nowhere", status: 404, answer: Answer.notFound).with {
            $0.headers = [origin]
            $0.answerHeaders["Access-Control-Allow-Origin"] = "*"
          },
        ])
    }
  }
}
