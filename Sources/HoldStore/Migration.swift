/// One numbered step of the schema, embedded in the binary.
struct Migration: Sendable {
  let number: Int32
  let name: String
  let sql: String

  /// All steps, in the order in which they are applied. A step that has been released never changes.
  static let all: [Migration] = [
    Migration(number: 1, name: "tables", bytes: PackageResources._001_tables_sql),
    Migration(number: 2, name: "commit", bytes: PackageResources._002_commit_sql),
    Migration(number: 3, name: "commits", bytes: PackageResources._003_commits_sql),
  ]

  private init(number: Int32, name: String, bytes: [UInt8]) {
    self.number = number
    self.name = name
    sql = String(decoding: bytes, as: UTF8.self)
  }
}
