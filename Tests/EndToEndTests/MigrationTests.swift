import Testing

extension EndToEnd {
  /// The command `holdfast migrate`: what it says, and its exit code. What it does is told in `HoldStoreTests`.
  @Suite("Migrations")
  struct MigrationTests {
    @Test func whatTheCommandSays() throws {
      let site = try Site.shared()
      try site.withEmptyDatabase { name in
        let database = try site.database(name)
        func migrate() throws -> Command { try site.holdfast("migrate", database: name) }
        try database.run("CREATE TABLE tickets (ticket_id text PRIMARY KEY)")
        let refusal = try migrate()
        #expect(refusal.exitCode == 1)
        #expect(
          refusal.output.contains("tickets.status: expected a column of type boolean, found none"))
        // Mended, it goes on from where it was.
        try database.run("DROP TABLE tickets")
        let first = try migrate()
        #expect(first.exitCode == 0)
        #expect(first.output.hasPrefix("create table tickets\n"))
        let second = try migrate()
        #expect(second.exitCode == 0)
        #expect(second.output.hasSuffix("\nnothing to do\n"))
      }
      let command = try site.holdfast("migrate", database: "nowhere")
      #expect(command.exitCode == 1)
      #expect(command.output.contains("\"nowhere\" does not exist"))
    }
  }
}
