import Foundation

/// Holds the history against the tables, and against what clients were answered.
struct HistoryAudit {
  private let site: Site

  init(_ site: Site) { self.site = site }

  /// What does not agree, a line each; no hold may have expired meanwhile.
  func differences(from steps: [CartLoad.Step]) throws -> [String] {
    let database = try site.database()
    let rows = try database.run("SELECT request, ticket_id, kind::text FROM holdfast_history").map {
      [$0[0] ?? "", $0[1] ?? "", $0[2] ?? ""]
    }
    let kept = Set(rows)
    let asked = Set(steps.map { [$0.requestID, $0.ticket, $0.kind.rawValue] })
    var lines = try database.column(Self.sql)
    for step in steps {
      let isKept = kept.contains([step.requestID, step.ticket, step.kind.rawValue])
      if step.status == 200, !isKept {
        lines.append("\(step.requestID): answered with 200, and not in the history")
      }
    }
    for row in kept.subtracting(asked) {
      lines.append("\(row[0]): in the history for \(row[1]) (\(row[2])), and not asked for")
    }
    if kept.count < rows.count { lines.append("\(rows.count - kept.count) rows are there twice") }
    return lines
  }

  /// Each ticket's last row says what the tables say.
  private static let sql = """
    WITH last AS (
      SELECT DISTINCT ON (ticket_id) ticket_id, kind, until
        FROM holdfast_history ORDER BY ticket_id, at DESC)
    SELECT b.ticket_id || ': held, and not in the history'
      FROM tickets_blocked b
      LEFT JOIN last l ON l.ticket_id = b.ticket_id AND l.kind IN ('h', 'r') AND l.until = b.locked_up
     WHERE l.ticket_id IS NULL
    UNION ALL
    SELECT l.ticket_id || ': in the history as held, and not so in the tables'
      FROM last l
      LEFT JOIN tickets_blocked b ON b.ticket_id = l.ticket_id AND b.locked_up = l.until
     WHERE l.kind IN ('h', 'r') AND b.ticket_id IS NULL
    UNION ALL
    SELECT s.ticket_id || ': sold, and not in the history'
      FROM holdfast_sales s
      LEFT JOIN last l ON l.ticket_id = s.ticket_id AND l.kind = 's'
     WHERE l.ticket_id IS NULL
    UNION ALL
    SELECT l.ticket_id || ': in the history as sold, and not so in the tables'
      FROM last l
      LEFT JOIN holdfast_sales s ON s.ticket_id = l.ticket_id
      LEFT JOIN tickets t ON t.ticket_id = l.ticket_id AND NOT t.status
     WHERE l.kind = 's' AND (s.ticket_id IS NULL OR t.ticket_id IS NULL)
    """
}
