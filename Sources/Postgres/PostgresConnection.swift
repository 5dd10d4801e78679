private import CPostgreSQL
private import Glibc
public import Threads

/// One connection to PostgreSQL; every call ends by a deadline, whatever the server does.
///
/// One thing is not bounded: libpq resolves host names without a time limit when it connects.
///
/// libpq's blocking calls wait for ever on a silent network, so only its non-blocking ones are used,
/// with `poll(2)` on the socket (PostgreSQL manual, "Asynchronous Command Processing").
@safe public final class PostgresConnection: @unchecked Sendable {
  // No lock: the pool lends a connection to one thread at a time.
  private let connection: OpaquePointer
  private var prepared: Set<String> = []

  /// Connects.
  ///
  /// - Parameters:
  ///   - conninfo: A connection URI or `key=value` string; what it leaves out, `PG*` variables give.
  ///   - deadline: When to give up.
  /// - Throws: `connectionFailed` or `deadlinePassed`.
  public convenience init(conninfo: String, deadline: Instant) throws(PostgresError) {
    try self.init(keywords: [("dbname", conninfo)], deadline: deadline)
  }

  /// Connects by libpq's keywords, of which a later one wins over an earlier one.
  init(keywords given: [(String, String)], deadline: Instant) throws(PostgresError) {
    let keywords =
      [
        ("fallback_application_name", "holdfast"), ("client_encoding", "UTF8"),
        ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"),
      ] + given
    let opened = unsafe Self.withCStrings(keywords.map(\.0)) { names in
      unsafe Self.withCStrings(keywords.map(\.1)) { values in
        unsafe PQconnectStartParams(names, values, 1)
      }
    }
    guard let connection = unsafe opened else {
      throw PostgresError(.connectionFailed, "out of memory")
    }
    unsafe self.connection = connection
    // From here on an error lets `deinit` finish the connection.
    try finishConnecting(deadline: deadline)
    noticeCancelledWaits()
    unsafe PQsetnonblocking(connection, 1)
  }

  deinit { unsafe PQfinish(connection) }

  /// How long the server may be silent before a call throws `timedOut`: its own limit on statements and
  /// some more. Without it, and before, a call that takes too long throws `deadlinePassed`.
  public var silenceMilliseconds: Int?

  /// Which of the connector's hosts it leads to.
  var host = 0

  /// The server's timeline when the connector connected; nil where that is not known.
  var timeline: Int?

  /// Whether the statement in progress has made a commit that its standby may not have.
  private var hasUnreplicatedCommit = false

  /// False once the connection is broken or a call on it has timed out.
  public private(set) var isUsable = true

  /// False when the server has hung up, as far as can be seen without asking it.
  public var isOpen: Bool {
    guard isUsable, unsafe PQstatus(connection) == CONNECTION_OK else { return false }
    var byte: UInt8 = 0
    let count = unsafe recv(
      PQsocket(connection), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count < 0 && (errno == EAGAIN || errno == EINTR)
  }

  /// Runs one statement, prepared on its first use, in a transaction of its own unless one is open.
  ///
  /// - Parameters:
  ///   - statement: The SQL, with `$1`, `$2`, … for the parameters.
  ///   - deadline: When to give the server up, and the connection with it.
  @discardableResult
  public func execute(
    _ statement: PreparedStatement, _ parameters: [PostgresParameter], deadline: Instant
  ) throws(PostgresError) -> PostgresResult {
    try prepare(statement, deadline: deadline)
    return try unsafe send(parameters, deadline: deadline) { values, lengths, formats in
      unsafe PQsendQueryPrepared(
        connection, statement.name, Int32(parameters.count), values, lengths, formats, 1)
    }
  }

  /// Prepares a statement, unless that has been done.
  public func prepare(_ statement: PreparedStatement, deadline: Instant) throws(PostgresError) {
    guard !prepared.contains(statement.name) else { return }
    let isSent = unsafe PQsendPrepare(connection, statement.name, statement.sql, 0, nil) == 1
    _ = try finishSending(isSent, deadline: deadline)
    prepared.insert(statement.name)
  }

  /// Runs one statement without preparing it.
  @discardableResult
  public func query(
    _ sql: String, _ parameters: [PostgresParameter] = [], deadline: Instant
  ) throws(PostgresError) -> PostgresResult {
    try unsafe send(parameters, deadline: deadline) { values, lengths, formats in
      unsafe PQsendQueryParams(
        connection, sql, Int32(parameters.count), nil, values, lengths, formats, 1)
    }
  }

  /// Runs one statement without preparing it, and hands over each row as it comes, so that they are never
  /// all in memory (`PQsetSingleRowMode`).
  ///
  /// - Parameter row: Gets a result of one row.
  public func stream(
    _ sql: String, _ parameters: [PostgresParameter], deadline: Instant,
    row: (PostgresResult) -> Void
  ) throws(PostgresError) {
    try unsafe send(parameters, deadline: deadline, row: row) { values, lengths, formats in
      let isSent = unsafe PQsendQueryParams(
        connection, sql, Int32(parameters.count), nil, values, lengths, formats, 1)
      unsafe PQsetSingleRowMode(connection)
      return isSent
    }
  }

  /// Runs a script of several statements, as one transaction unless it says otherwise.
  public func run(script: String, deadline: Instant) throws(PostgresError) {
    _ = try finishSending(unsafe PQsendQuery(connection, script) == 1, deadline: deadline)
  }

  // MARK: - The exchange with the server

  private typealias CStrings = UnsafePointer<UnsafePointer<CChar>?>

  private func finishConnecting(deadline: Instant) throws(PostgresError) {
    guard unsafe PQstatus(connection) != CONNECTION_BAD else {
      throw PostgresError(.connectionFailed, errorMessage)
    }
    var status = PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard status != PGRES_POLLING_FAILED else {
        throw PostgresError(.connectionFailed, errorMessage)
      }
      try wait(for: status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline)
      status = unsafe PQconnectPoll(connection)
    }
  }

  /// Has libpq tell of a commit whose wait for a synchronous standby was cancelled: the server answers as if
  /// it were replicated, and only warns. What else it has to say concerns nobody.
  private func noticeCancelledWaits() {
    unsafe PQsetNoticeReceiver(
      connection,
      { context, notice in
        guard let context = unsafe context,
          unsafe PostgresConnection.isOfCancelledWait(notice)
        else { return }
        unsafe Unmanaged<PostgresConnection>.fromOpaque(context).takeUnretainedValue()
          .hasUnreplicatedCommit = true
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  @discardableResult
  private func send(
    _ parameters: [PostgresParameter], deadline: Instant,
    row: (PostgresResult) -> Void = { _ in },
    _ call: (CStrings?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Int32
  ) throws(PostgresError) -> PostgresResult {
    var bytes: [UInt8] = []
    var offsets: [Int] = []
    for parameter in parameters {
      offsets.append(bytes.count)
      parameter.encode(into: &bytes)
    }
    offsets.append(bytes.count)
    let lengths = parameters.indices.map { Int32(offsets[$0 + 1] - offsets[$0]) }
    let formats = [Int32](repeating: 1, count: parameters.count)
    // libpq takes a nil pointer for NULL, also when the length is 0.
    bytes.append(0)
    let isSent = unsafe bytes.withUnsafeBytes { buffer in
      let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = unsafe parameters.indices.map {
        unsafe parameters[$0].isNull ? nil : start?.advanced(by: offsets[$0])
      }
      return unsafe call(values, lengths, formats) == 1
    }
    return try finishSending(isSent, deadline: deadline, row: row)
  }

  private func finishSending(
    _ isSent: Bool, deadline: Instant, row: (PostgresResult) -> Void = { _ in }
  ) throws(PostgresError) -> PostgresResult {
    guard isSent else { throw failure() }
    while true {
      let state = unsafe PQflush(connection)
      if state == 0 { break }
      guard state > 0 else { throw failure() }
      // The server may want to send before it goes on reading.
      try wait(for: POLLIN | POLLOUT, until: deadline)
      guard unsafe PQconsumeInput(connection) == 1 else { throw failure() }
    }
    var last: PostgresResult?
    var problem: PostgresError?
    while true {
      while unsafe PQisBusy(connection) == 1 {
        try wait(for: POLLIN, until: deadline)
        guard unsafe PQconsumeInput(connection) == 1 else { throw failure() }
      }
      guard let result = unsafe PQgetResult(connection) else { break }
      let status = unsafe PQresultStatus(result)
      if status == PGRES_SINGLE_TUPLE {
        unsafe row(PostgresResult(owning: result))
        continue
      }
      if status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK {
        unsafe problem = problem ?? Self.serverError(result)
      }
      last = unsafe PostgresResult(owning: result)
    }
    if unsafe PQstatus(connection) == CONNECTION_BAD { throw failure() }
    if hasUnreplicatedCommit {
      hasUnreplicatedCommit = false
      throw PostgresError(.connectionLost, "the wait of a commit for its standby was cancelled")
    }
    if let problem { throw problem }
    guard let last else { throw failure() }
    return last
  }

  private func wait(for events: Int32, until deadline: Instant) throws(PostgresError) {
    let silence = silenceMilliseconds.map { Instant.now.advanced(byMilliseconds: $0) }
    while true {
      let milliseconds = Instant.now.milliseconds(until: min(deadline, silence ?? deadline))
      var descriptor = pollfd(
        fd: unsafe PQsocket(connection), events: Int16(events), revents: 0)
      let count = unsafe poll(&descriptor, 1, Int32(clamping: milliseconds))
      if count > 0 { return }
      guard milliseconds > 0 else {
        isUsable = false
        if let silence, silence <= deadline {
          throw PostgresError(.timedOut, "the server is silent")
        }
        throw PostgresError(.deadlinePassed, "no answer within the deadline")
      }
    }
  }

  private func failure() -> PostgresError {
    isUsable = false
    return PostgresError(.connectionLost, errorMessage)
  }

  private var errorMessage: String {
    unsafe Self.firstLine(of: PQerrorMessage(connection))
  }

  private static func serverError(_ result: OpaquePointer) -> PostgresError {
    let state = unsafe PQresultErrorField(result, Int32(UnicodeScalar("C").value))
    return PostgresError(
      .server(SQLState(rawValue: unsafe state.map { unsafe String(cString: $0) } ?? "XX000")),
      unsafe firstLine(of: PQresultErrorField(result, Int32(UnicodeScalar("M").value))))
  }

  private static func firstLine(of text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "no message" }
    let whole = unsafe String(cString: text)
    return String(whole.prefix { $0 != "\n" })
  }

  private static func withCStrings<Value>(
    _ strings: [String], _ body: (CStrings) -> Value
  ) -> Value {
    let copies = unsafe strings.map { unsafe UnsafePointer<CChar>(strdup($0)) }
    defer { unsafe copies.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) } }
    let list = unsafe copies + [nil]
    return unsafe list.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("empty list") }
      return unsafe body(start)
    }
  }
}
