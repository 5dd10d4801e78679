import Holds
import TestSupport
import Testing

@testable import HoldStore

/// A store whose one connection leads through a proxy, on which it can hang or be lost.
struct LossRig {
  let proxy: LossyProxy
  let settings: HoldStoreSettings
  let events = Events()
  private let database: Database

  /// - Parameter database: What the proxy leads to.
  init(_ settings: HoldStoreSettings, to database: Database) throws {
    let proxy = try LossyProxy()
    let conninfo = try proxy.conninfo(database)
    self.settings = settings.with {
      $0.conninfo = conninfo
      $0.committers = 1
      // No other is being opened when something is kept back: it is the batch.
      $0.pool.connections = 1
    }
    self.proxy = proxy
    self.database = database
  }

  /// Runs the store.
  ///
  /// - Parameter first: A ticket that is locked first, so that the connection is there, and prepared.
  func withStore<Value>(
    locking first: String?,
    changing change: (inout HoldStoreSettings) -> Void = { _ in },
    _ body: (HoldStore) throws -> Value
  ) throws -> Value {
    defer { proxy.close() }
    return try HoldStore.run(settings.with(change), events: events) { store throws in
      if let first { #expect(try store.outcome(.lock(first)).isGranted) }
      return try body(store)
    }
  }

  /// Loses a lock on its way, has it run again and released, and then lets the lost one arrive.
  ///
  /// - Parameter statement: What a batch's statement is like.
  func lockThatArrivesLate(
    _ ticketID: String, _ store: HoldStore, statement: String, meanwhile: () throws -> Void = {}
  ) throws {
    let answers = Answers()
    proxy.keepRequests()
    answers.submit(.lock(ticketID), as: 0, to: store)
    try proxy.waitUntilSomethingIsKept()
    proxy.cut(tellingTheServer: false)
    #expect(try answers.wait(for: 1)[0]?.isGranted == true)
    #expect(try store.outcome(.release(ticketID)) == .released)
    try meanwhile()
    let start = try database.integer("extract(epoch FROM clock_timestamp()) * 1000000")
    proxy.deliverKeptRequests()
    try waitUntil("the late batch ends") {
      try database.bool(
        """
        EXISTS (SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle%' AND query LIKE '\(statement)'
                   AND extract(epoch FROM query_start) * 1000000 > \(start))
        """)
    }
  }
}
