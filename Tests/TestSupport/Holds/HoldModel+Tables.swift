public import Holds

/// The model beside the tables of a service.
extension HoldModel {
  /// SQL for the clock of the database.
  public static let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8"

  /// SQL for the rows that `reading` reads. The key of shoppers is read for each text by itself: for a join
  /// PostgreSQL would expect so many rows that it compiled the query, each time.
  ///
  /// - Parameter texts: The hold ids, shoppers and choices whose digests the tables may have. The query
  ///   fails where a digest is that of two: no two different calls may have the same.
  public static func query(knowing texts: some Sequence<String>) -> String {
    """
    WITH known AS MATERIALIZED (
      SELECT text, sha256(convert_to(text, 'UTF8')) AS digest,
             (SELECT sha256(key || sha256(key || convert_to(text, 'UTF8')))
                FROM holdfast_secret) AS keyed
        FROM unnest(ARRAY[\(list(texts))]::text[]) AS text)
    SELECT ticket_id, status::text, (extract(epoch FROM locked_up) * 1000000)::int8::text,
           (extract(epoch FROM b.date_created) * 1000000)::int8::text,
           coalesce((SELECT text FROM known WHERE digest = hold_key), encode(hold_key, 'hex')),
           coalesce((SELECT text FROM known WHERE keyed = shopper_key), encode(shopper_key, 'hex')),
           coalesce((SELECT text FROM known WHERE digest = choice_key), encode(choice_key, 'hex'))
      FROM tickets t FULL JOIN (SELECT * FROM tickets_blocked WHERE isfinite(locked_up)) b
           USING (ticket_id)
    """
  }

  static func list(_ texts: some Sequence<String>) -> String {
    texts.map { "'" + $0.replacing("'", with: "''") + "'" }.joined(separator: ",")
  }

  /// The same with what the tables say of tickets and holds.
  public func reading(_ rows: [[String?]]) -> HoldModel {
    var model = self
    model.isForSale = [:]
    model.holds = [:]
    for row in rows {
      let ticketID = row[0] ?? ""
      if let status = row[1] { model.isForSale[ticketID] = status == "true" }
      guard let until = row[2].flatMap({ Int($0) }) else { continue }
      model.holds[ticketID] = HoldRow(
        until: until, created: row[3].flatMap { Int($0) } ?? 0, holdID: row[4], shopper: row[5],
        choice: row[6])
    }
    return model
  }

  /// Does an operation by the clock that explains what came of it.
  ///
  /// - Parameters:
  ///   - window: That clock is not outside it.
  ///   - rows: What the tables say afterwards.
  ///   - chosen: What a call for the best available tickets got; nothing if it was refused.
  ///   - wasTold: Whether the caller was told of this outcome.
  /// - Throws: What differs, if no clock explains it.
  public mutating func follow(
    _ operation: HoldOperation, in window: ClosedRange<Int>, to rows: [[String?]],
    chosen: [String], wasTold: (HoldOutcome) -> Bool
  ) throws(Difference) {
    var differences: [String] = []
    for now in clocks(operation, in: window, to: reading(rows)) {
      var expected = self
      do throws(Difference) {
        let outcome = try expected.apply(operation, now: now, chosen: chosen)
        let found = expected.reading(rows)
        if wasTold(outcome), found == expected {
          self = expected
          return
        }
        differences.append("expected \(outcome) and \(expected), found \(found)")
      } catch {
        differences.append("\(error)")
      }
    }
    throw Difference(
      "\(operation): by the first of \(differences.count) clocks \(differences[0]); before \(self)")
  }

  /// The clock shows in what was written. If nothing was, it matters only how many whole seconds each hold
  /// had left: these are the clocks by which that changes.
  private func clocks(
    _ operation: HoldOperation, in window: ClosedRange<Int>, to found: HoldModel
  ) -> [Int] {
    let seconds: Double =
      switch operation {
      case .lock(let request): request.reservedSeconds
      case .lockBest(let request): request.reservedSeconds
      case .release, .confirm: 0
      }
    let written = found.holds.values.flatMap { hold in
      [hold.created, hold.until - Int(seconds * 1_000_000)]
    }
    let changes = holds.values.flatMap { hold in
      let first = window.lowerBound + (hold.until - window.lowerBound) % 1_000_000
      return stride(from: first, through: window.upperBound, by: 1_000_000)
        .flatMap { [$0, $0 + 1] }
    }
    return (written + changes).filter(window.contains) + [window.lowerBound]
  }
}
