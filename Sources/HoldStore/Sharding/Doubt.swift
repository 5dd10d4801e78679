internal import Holds
internal import Postgres

/// A batch of a lane of which it is not known whether it was committed.
struct Doubt: Sendable {
  /// The batch, to whose order the look-up's verdicts belong.
  let operations: [HoldOperation]
  let error: PostgresError
  let record: CommitRecord

  /// Those of its entries whose callers still wait, each with its place in the batch.
  var pending: [(offset: Int, element: HoldQueue.Entry)]

  init(_ batch: [HoldQueue.Entry], _ error: PostgresError, _ record: CommitRecord) {
    operations = batch.map(\.payload.committed)
    self.error = error
    self.record = record
    pending = Array(batch.enumerated())
  }
}
