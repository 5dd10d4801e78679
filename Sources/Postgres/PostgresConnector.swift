private import CPostgreSQL
private import Glibc
public import Threads

/// Connects to whichever of the servers named takes writes.
///
/// libpq goes through several hosts by itself, but a first one that is silent uses up all of the time
/// when it is asked not to block: so each is given its share, the one that served last first.
public final class PostgresConnector: Sendable {
  private let conninfo: String

  /// libpq's keywords for each host; a single empty set leaves the choice to libpq.
  private let hosts: [[(String, String)]]
  private let attributes: [(String, String)]
  private let preferred = Monitor(0)

  /// Reads the hosts out of a connection URI or `key=value` string, and else out of `PGHOST`,
  /// `PGHOSTADDR` and `PGPORT`; each may be a list (PostgreSQL manual, "Specifying Multiple Hosts").
  public init(conninfo: String) {
    self.conninfo = conninfo
    let given = Self.parse(conninfo)
    hosts = Self.hosts(
      named: given["host"] ?? Self.environment("PGHOST"),
      addressed: given["hostaddr"] ?? Self.environment("PGHOSTADDR"),
      ports: given["port"] ?? Self.environment("PGPORT"))
    // A hold is a write; whoever wants it otherwise says so.
    attributes =
      Self.environment("PGTARGETSESSIONATTRS") == nil
      ? [("target_session_attrs", "read-write")] : []
  }

  /// Connects to the first server that serves, within the deadline.
  ///
  /// - Throws: What the last server that was tried gave: `connectionFailed` or `timedOut`.
  public func connect(deadline: Instant) throws(PostgresError) -> PostgresConnection {
    let first = preferred.withLock { $0 }
    var problem = PostgresError(.connectionFailed, "no host")
    for turn in hosts.indices {
      let index = (first + turn) % hosts.count
      let share = Instant.now.milliseconds(until: deadline) / (hosts.count - turn)
      do throws(PostgresError) {
        let connection = try PostgresConnection(
          keywords: attributes + [("dbname", conninfo)] + hosts[index],
          deadline: min(deadline, .now.advanced(byMilliseconds: share)))
        preferred.withLock { $0 = index }
        return connection
      } catch {
        problem = error
      }
    }
    throw problem
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

  /// The keywords that a connection string gives (`PQconninfoParse`); none when it is malformed,
  /// which connecting will say.
  private static func parse(_ conninfo: String) -> [String: String] {
    guard let options = unsafe PQconninfoParse(conninfo, nil) else { return [:] }
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
