internal import Holds
internal import Postgres

extension PostgresError {
  /// What a question that failed so is answered with.
  var readFailure: ReadFailure {
    switch code {
    case .server(.queryCanceled), .server(.readOnlyTransaction): .databaseUnreachable
    // A shutdown, a lost session and the like.
    case .server where mayHaveCommitted: .databaseUnreachable
    case .server: .databaseRefused
    default: .databaseUnreachable
    }
  }
}
