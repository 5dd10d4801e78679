import TestSupport

extension Site {
  /// A session that has inserted a hold on the ticket and has not committed, so that a batch waits for it.
  func sessionInserting(_ ticket: String) throws -> Database {
    let session = try database()
    try session.run(
      "BEGIN; INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('\(ticket)', now())")
    return session
  }
}

extension Database {
  /// Waits until a batch of the service waits for another session's lock.
  func waitUntilBatchIsBlocked() throws {
    try waitUntil("the batch waits for a lock") {
      try count(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%holdfast_commit%'
           AND pid <> pg_backend_pid()
        """) == 1
    }
  }
}
