extension Database {
  /// Until a batch of the service's waits for a lock of somebody else's.
  func waitUntilBatchIsBlocked() throws {
    try Clock.wait("the batch waits for a lock") {
      try count(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%holdfast_commit%'
           AND pid <> pg_backend_pid()
        """) == 1
    }
  }
}
