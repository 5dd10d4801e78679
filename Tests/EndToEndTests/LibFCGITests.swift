import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// libfcgi accepts, decodes and answers what the service serves.
  @Suite("libfcgi")
  struct LibFCGITests {
    /// Stands before libfcgi's functions, and writes each call's name to `$CALLS` before it makes it.
    private static let tracer = """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <fcgiapp.h>
      #include <fcntl.h>
      #include <stdlib.h>
      #include <string.h>
      #include <unistd.h>
      static void note(const char *name) {
        int file = open(getenv("CALLS"), O_WRONLY | O_APPEND | O_CREAT, 0666);
        (void)!write(file, name, strlen(name));
        close(file);
      }
      #define CALL(name, type, ...) note(#name " "); return ((type)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)
      int FCGX_Accept_r(FCGX_Request *r) { CALL(FCGX_Accept_r, int (*)(FCGX_Request *), r); }
      int FCGX_GetStr(char *s, int n, FCGX_Stream *t) { CALL(FCGX_GetStr, int (*)(char *, int, FCGX_Stream *), s, n, t); }
      int FCGX_PutStr(const char *s, int n, FCGX_Stream *t) { CALL(FCGX_PutStr, int (*)(const char *, int, FCGX_Stream *), s, n, t); }
      void FCGX_Finish_r(FCGX_Request *r) { CALL(FCGX_Finish_r, void (*)(FCGX_Request *), r); }
      """

    /// Each request, whether it comes at once or in pieces, is accepted, read, answered and finished.
    /// libfcgi calls some of these functions itself, too.
    @Test func everyRequestPassesThroughLibFCGI() throws {
      let directory = try TemporaryDirectory()
      let (source, library) = ("\(directory.path)/tracer.c", "\(directory.path)/tracer.so")
      try Self.tracer.write(toFile: source, atomically: true, encoding: .utf8)
      let compiler = try ChildProcess(
        ["cc", "-shared", "-fPIC", "-o", library, source], environment: [:])
      #expect(compiler.wait(seconds: 30) == 0)
      let service = try ServiceProcess(
        on: .shared(),
        settings: ["LD_PRELOAD": library, "CALLS": "\(directory.path)/calls"])
      let body = RequestText.release(["libfcgi"])
      let peer = try service.peer()
      #expect(try peer.request("POST", "/tickets_unlock_param", body: body).status == 200)
      #expect(try peer.request("GET", "/livez").status == 200)
      try peer.send("GET", "/livez", body: "", pieces: 3)
      #expect(try peer.readResponse().status == 200)
      let calls = try String(contentsOfFile: "\(directory.path)/calls", encoding: .utf8)
      let rounds = calls.components(separatedBy: "FCGX_Accept_r ").dropFirst()
      #expect(rounds.count == 3)
      for round in rounds {
        let functions = Set(round.split(separator: " "))
        #expect(functions == ["FCGX_GetStr", "FCGX_PutStr", "FCGX_Finish_r"])
      }
    }

    /// An answer is written without waiting for room, so the largest has to fit into an empty buffer.
    @Test func theLargestAnswerFitsIntoTheSocket() throws {
      let service = try ServiceProcess(on: .shared())
      try service.waitUntilReady()
      // Nothing is longer in an answer than in its request, but each ticket is there twice.
      let tickets = (100..<200).map { number in
        String(repeating: "\\u0001", count: 105) + "\(number)"
      }
      let text = tickets.map { "\"\($0)\"" }.joined(separator: ",")
      let lock = #"{"data":{"ticketd_reserved":[\#(text)],"reserved_time":9,"details":true}}"#
      let body = lock + String(repeating: " ", count: 65_536 - lock.utf8.count)
      let peer = try service.peer()
      try peer.send("POST", "/tickets_lock", body: body)
      // What is asked behind it is answered when the answer has been written, while nobody reads it.
      try service.peer().send("POST", "/tickets_lock", body: body)
      for _ in 0..<3 {
        #expect(try service.peer().lock(["none"]).status == 400)
      }
      let answer = try peer.readResponse()
      #expect(answer.status == 400)
      #expect(answer.body.utf8.count > 125_000)
      #expect(answer.body.hasSuffix(#"199","reason":"unknown","available_in":null}]}}"#))
      #expect(try peer.request("GET", "/livez").status == 200)
    }
  }
}
