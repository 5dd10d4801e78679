private import CPostgreSQL
private import Glibc
public import Threads

/// Connects to whichever of the named servers accepts writes.
///
/// libpq tries several hosts by itself, but in its non-blocking mode a silent first host uses up all
/// of the time. So each host gets its share of it, beginning with the one that served last. A silent
/// last host gets no more than that, though others have left time over: while a failover goes on, the
/// others are to be asked again soon.
///
/// Two servers may both say that they accept writes: an old primary goes on doing so after a failover
/// of which it has not heard, while its commits wait for a standby that no longer follows it. So a
/// server whose commits hang is tried last from then on, and a server is refused once another one with
/// a higher timeline has been seen (PostgreSQL manual, "Timelines"). Pools with the same connector share
/// what has been seen.
public final class PostgresConnector: Sendable {
  private let conninfo: String

  /// libpq's keywords for each host; a single empty set leaves the choice to libpq.
  private let hosts: [[(String, String)]]
  private let attributes: [(String, String)]
  private let state = Monitor(State())

  private struct State {
    /// The host that is tried first.
    var preferred = 0

    /// The newest primary that has been seen: PostgreSQL's cluster and its timeline.
    var cluster = ""
    var timeline = 0
  }

  /// Reads the hosts out of a connection URI or `key=value` string, and else out of `PGHOST`,
  /// `PGHOSTADDR` and `PGPORT`; each may be a list (PostgreSQL manual, "Specifying Multiple Hosts").
  public init(conninfo: String) {
    self.conninfo = conninfo
    // Of a malformed string, connecting will say so.
    let given = Self.keywords(of: conninfo) ?? [:]
    hosts = Self.hosts(
      named: given["host"] ?? Self.environment("PGHOST"),
      addressed: given["hostaddr"] ?? Self.environment("PGHOSTADDR"),
      ports: given["port"] ?? Self.environment("PGPORT"))
    // A hold is a write. PGTARGETSESSIONATTRS and the connection string override this.
    attributes =
      Self.environment("PGTARGETSESSIONATTRS") == nil
      ? [("target_session_attrs", "read-write")] : []
  }

  /// Why a connection string cannot be used; nil when it can, or is empty.
  ///
  /// The text quotes nothing of the string, as libpq's messages do: any part of a malformed one may
  /// belong to a password. For the same reason strings are refused that libpq reads without an error
  /// but in which an unescaped `@` or `/` has made a part of the password into a host or a port.
  public static func problem(inConninfo conninfo: String) -> String? {
    let form = "postgresql://user:password@host:port/database, or key=value pairs"
    guard let keywords = keywords(of: conninfo) else {
      return "expected \(form); in a URI, percent-encode special characters of the password"
    }
    let hasAt = list(keywords["host"]).contains { $0.dropFirst().contains("@") }
    if hasAt || isAtInPath(conninfo) {
      return "expected \(form); in a URI, write @ as %40 and / as %2F in user and password"
    }
    let ports = list(keywords["port"])
    guard ports.allSatisfy({ $0.isEmpty || UInt16($0).map { $0 > 0 } ?? false }) else {
      return "expected a port from 1 to 65535; in a URI, write @ as %40 and / as %2F in user and "
        + "password"
    }
    return nil
  }

  /// True when an `@` follows the `/` that ends a URI's host: that `/` is the password's, most likely.
  private static func isAtInPath(_ conninfo: String) -> Bool {
    let schemes = ["postgresql://", "postgres://"]
    guard let scheme = schemes.first(where: { conninfo.hasPrefix($0) }) else { return false }
    let parts = conninfo.dropFirst(scheme.count).prefix { $0 != "?" }.split(
      separator: "/", omittingEmptySubsequences: false)
    return parts.dropFirst().contains { $0.contains("@") }
  }

  /// Connects to the first server that serves, within the deadline.
  ///
  /// The deadline does not bound the resolution of host names, which is `getaddrinfo(3)` inside of
  /// libpq and cannot be cut short: `resolv.conf(5)` sets its limits. IP addresses and `hostaddr`
  /// avoid it.
  ///
  /// - Throws: What the last server that was tried gave: `connectionFailed` or `deadlinePassed`.
  public func connect(deadline: Instant) throws(PostgresError) -> PostgresConnection {
    let first = state.withLock { $0.preferred }
    let share = Instant.now.milliseconds(until: deadline) / hosts.count
    var problem = PostgresError(.connectionFailed, "no host")
    for turn in hosts.indices {
      let index = (first + turn) % hosts.count
      do throws(PostgresError) {
        let connection = try PostgresConnection(
          keywords: attributes + [("dbname", conninfo)] + hosts[index],
          deadline: min(deadline, .now.advanced(byMilliseconds: share)))
        if hosts.count > 1 { try checkTimeline(of: connection, deadline: deadline) }
        connection.host = index
        state.withLock { $0.preferred = index }
        return connection
      } catch {
        problem = error
      }
    }
    throw problem
  }

  /// Tries other servers first from now on, since this connection's was silent for too long.
  public func giveUp(_ connection: PostgresConnection) {
    state.withLock { state in
      guard state.preferred == connection.host else { return }
      state.preferred = (connection.host + 1) % hosts.count
    }
  }

  /// Whether a newer primary than this connection's has been seen.
  func isOutdated(_ connection: PostgresConnection) -> Bool {
    guard let timeline = connection.timeline else { return false }
    return state.withLock { timeline < $0.timeline }
  }

  /// Refuses a server whose timeline is older than another's of the same cluster.
  private func checkTimeline(
    of connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) {
    let result: PostgresResult
    do throws(PostgresError) {
      result = try connection.query(
        """
        SELECT (SELECT system_identifier::text FROM pg_control_system()),
               CASE WHEN NOT pg_is_in_recovery()
                    THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
        """, deadline: deadline)
    } catch {
      // A role that may not ask, or an engine that has no timelines.
      if case .server = error.code, connection.isUsable { return }
      throw error
    }
    // A server in recovery is on nobody's way: target_session_attrs asks for it.
    guard !result.isNull(row: 0, column: 1) else { return }
    let cluster = result.text(row: 0, column: 0)
    let timeline = Int(result.text(row: 0, column: 1), radix: 16) ?? 0
    let newest = state.withLock { state in
      if state.cluster != cluster || state.timeline < timeline {
        state.cluster = cluster
        state.timeline = timeline
      }
      return state.timeline
    }
    guard timeline == newest else {
      throw PostgresError(
        .connectionFailed,
        "the server is on timeline \(timeline), and a newer primary is on \(newest)")
    }
    connection.timeline = timeline
  }

  /// How many servers are named.
  public var hostCount: Int { hosts.count }

  /// Connects to one of the named servers, whether or not it takes writes.
  ///
  /// - Parameter index: Which of them, from 0.
  /// - Returns: The connection, by which the server can be asked what it is.
  public func connect(
    toHost index: Int, deadline: Instant
  ) throws(PostgresError) -> PostgresConnection {
    try PostgresConnection(
      keywords: [("dbname", conninfo)] + hosts[index] + [("target_session_attrs", "any")],
      deadline: deadline)
  }

  /// What a server is called in the settings; empty where libpq chooses.
  public func hostName(_ index: Int) -> String {
    let values = hosts[index].filter { !$0.1.isEmpty }
    let name = values.first { $0.0 == "host" } ?? values.first { $0.0 == "hostaddr" }
    let port = values.first { $0.0 == "port" }.map { ":\($0.1)" } ?? ""
    return (name?.1 ?? "") + port
  }

  static func hosts(
    named names: String?, addressed addresses: String?, ports: String?
  ) -> [[(String, String)]] {
    let lists = [("host", list(names)), ("hostaddr", list(addresses)), ("port", list(ports))]
    let count = max(lists[0].1.count, lists[1].1.count)
    guard count > 1 else { return [[]] }
    return (0..<count).map { index in
      lists.compactMap { keyword, values in
        // A single port is every host's.
        let value = values.count == 1 ? values[0] : index < values.count ? values[index] : ""
        return values.isEmpty ? nil : (keyword, value)
      }
    }
  }

  private static func list(_ text: String?) -> [String] {
    text.map { $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0) } } ?? []
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }

  /// The keywords that a connection string gives, by `PQconninfoParse`; nil when it is malformed.
  private static func keywords(of conninfo: String) -> [String: String]? {
    guard let options = unsafe PQconninfoParse(conninfo, nil) else { return nil }
    defer { unsafe PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = unsafe options
    while let keyword = unsafe option.pointee.keyword {
      if let value = unsafe option.pointee.val {
        values[unsafe String(cString: keyword)] = unsafe String(cString: value)
      }
      unsafe option += 1
    }
    return values
  }
}
