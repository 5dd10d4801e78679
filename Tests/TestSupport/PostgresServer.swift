private import Foundation

/// A PostgreSQL cluster on a Unix socket in a temporary directory: the one that the tests of a process
/// share, or a test's own, whose settings it may change.
///
/// It goes with its last owner, or with the process, however that ends: a shell that survives it holds the
/// other end of a pipe, and stops and removes the cluster when the pipe closes.
public final class PostgresServer: Sendable {
  /// Why suites that need a server are skipped where `isInstalled` is false.
  public static let reason = "needs PostgreSQL's server programs in /usr/lib/postgresql/*/bin"

  /// Whether there is a server to start.
  public static var isInstalled: Bool { programs != nil }

  private static let programs: String? = {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return
      versions
      .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
      .map { "\(root)/\($0)/bin" }
      .first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
  }()

  private static let started = Result {
    let server = try PostgresServer()
    atexit { PostgresServer.end() }
    return server
  }

  /// The directory of the server's socket, which is also all it has on disk.
  public let directory: String

  /// Held open for as long as the process lives.
  private let lifeline: FileHandle

  /// The process's cluster, started if need be.
  public static func shared() throws -> PostgresServer { try started.get() }

  /// How to connect to one of its databases, regardless of the environment.
  public func conninfo(
    database: String = "postgres", directory: String? = nil
  ) -> String {
    "host=\(directory ?? self.directory) port=5432 user=holdfast dbname=\(database)"
      + " sslmode=disable options=''"
  }

  /// A copy of this cluster and all its databases, that has been promoted: both accept writes, the copy on a higher timeline.
  public func makePromotedCopy() throws -> PostgresServer { try PostgresServer(copying: directory) }

  /// Makes a cluster and starts it.
  public convenience init() throws { try self.init(copying: "") }

  private init(copying original: String) throws {
    guard let programs = Self.programs else { throw Failure(Self.reason) }
    let parent = NSTemporaryDirectory()
    directory =
      (parent.utf8.count <= 60 ? parent : "/tmp/")
      + "/hfpg." + String(UInt64.random(in: 0 ... .max), radix: 36)
    let script = Process()
    script.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
    script.arguments = ["sh", "-c", Self.script, "sh", directory, programs, original]
    let input = try PrivatePipe()
    let output = try PrivatePipe()
    script.standardInput = input.reading
    script.standardOutput = output.writing
    script.standardError = FileHandle.nullDevice
    lifeline = input.writing
    try script.run()
    try input.reading.close()
    try output.writing.close()
    // What the script says once the server accepts connections, or its log when it does not.
    let answer = String(
      decoding: output.reading.readDataToEndOfFile(), as: UTF8.self)
    guard answer.hasSuffix("ready\n") else { throw Failure("PostgreSQL did not start: \(answer)") }
  }

  /// Lets the shell go and waits for it, so that whoever removes the temporary folder finds it quiet.
  private static func end() {
    guard let server = try? shared() else { return }
    try? server.lifeline.close()
    for _ in 0..<500 where FileManager.default.fileExists(atPath: server.directory) {
      usleep(20_000)
    }
  }

  // The process may be killed while the server starts: the answer then meets a broken pipe.
  // fsync is off: a crash of the machine is not what is tested. Autovacuum is off because its work
  // would show in what tests count. Its log is kept, since copies are made of it while tests write. As root, everything runs as the user that Debian made for it.
  private static let script = """
    directory=$1 programs=$2 original=$3
    cd /
    umask 022
    if [ "$(id -u)" = 0 ]; then as='runuser -u postgres --'; else as=; fi
    mkdir -m 755 "$directory" || exit
    end() {
      $as "$programs/pg_ctl" -D "$directory/data" -s -m immediate stop >/dev/null 2>&1
      rm -rf "$directory"
    }
    trap end EXIT
    trap exit PIPE TERM
    if [ -n "$as" ]; then chown postgres: "$directory"; fi
    log=$directory/log
    make() {
      if [ -n "$original" ]; then
        $as "$programs/pg_basebackup" -h "$original" -U holdfast -D "$directory/data" \\
          --no-sync --checkpoint=fast && $as touch "$directory/data/standby.signal"
      else
        $as "$programs/initdb" -D "$directory/data" -U holdfast -A trust -E UTF8 \\
          --locale=C.UTF-8 --no-sync --no-instructions
      fi
    }
    promote() {
      [ -z "$original" ] || $as "$programs/pg_ctl" -D "$directory/data" -w -s promote
    }
    if make >"$log" 2>&1 &&
      $as "$programs/pg_ctl" -D "$directory/data" -w -t 60 -s -l "$directory/server.log" start -o "\\
        -c unix_socket_directories='$directory' -c listen_addresses= -p 5432 -c fsync=off \\
        -c autovacuum=off -c shared_buffers=32MB -c timezone=UTC \\
        -c wal_keep_size=1GB" >"$log.ctl" 2>&1 </dev/null &&
      promote >>"$log.ctl" 2>&1
    then
      echo ready
    else
      cat "$log" "$log.ctl" "$directory/server.log"
    fi
    exec >/dev/null
    read -r _
    """
}
