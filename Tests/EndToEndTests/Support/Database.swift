import Foundation
import TestSupport

/// A session on PostgreSQL, by the simple query protocol over its Unix socket. For one thread.
final class Database {
  /// The server's error, with its SQLSTATE.
  struct ServerError: Error, CustomStringConvertible {
    let code: String
    let message: String
    var description: String { "\(code): \(message)" }
  }

  typealias Rows = [[String?]]

  private let socket: Socket

  init(directory: String, port: String = "5432", user: String, database: String) throws {
    socket = try Socket(path: "\(directory)/.s.PGSQL.\(port)")
    let parameters = "user\0\(user)\0database\0\(database)\0client_encoding\0UTF8\0\0"
    try socket.write(
      Self.bigEndian(UInt32(8 + parameters.utf8.count)) + [0, 3, 0, 0]
        + Array(parameters.utf8))
    _ = try receive()
  }

  /// Runs statements and gives the rows of all of them.
  @discardableResult
  func run(_ sql: String) throws -> Rows {
    let text = Array(sql.utf8) + [0]
    try socket.write([UInt8(ascii: "Q")] + Self.bigEndian(UInt32(4 + text.count)) + text)
    return try receive()
  }

  private func receive() throws -> Rows {
    var rows: Rows = []
    var failure: ServerError?
    while true {
      let head = try socket.read(exactly: 5)
      let length = head[1...].reduce(0) { $0 << 8 | Int($1) }
      var message = try socket.read(exactly: length - 4)[...]
      switch head[0] {
      case UInt8(ascii: "D"): rows.append(Self.fields(&message))
      case UInt8(ascii: "E"): failure = failure ?? Self.error(message)
      case UInt8(ascii: "Z"):
        if let failure { throw failure }
        return rows
      default: break
      }
      // A fatal error is not followed by ReadyForQuery.
      if let failure, failure.code.hasPrefix("57P") || failure.code.hasPrefix("3D") {
        throw failure
      }
    }
  }

  /// The first column of every row.
  func column(_ sql: String) throws -> [String] { try run(sql).map { $0[0] ?? "" } }

  /// The only value of a query.
  func value(_ sql: String) throws -> String { try column(sql).first ?? "" }

  func count(_ sql: String) throws -> Int { Int(try value(sql)) ?? -1 }

  /// A string as SQL writes it.
  static func literal(_ text: String) -> String {
    "'" + text.replacingOccurrences(of: "'", with: "''") + "'"
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian, Array.init)
  }

  private static func fields(_ message: inout ArraySlice<UInt8>) -> [String?] {
    func integer(_ bytes: Int) -> Int {
      defer { message.removeFirst(bytes) }
      return message.prefix(bytes).reduce(0) { $0 << 8 | Int($1) }
    }
    return (0..<integer(2)).map { _ in
      let length = integer(4)
      guard length != 0xffff_ffff else { return nil }
      defer { message.removeFirst(length) }
      return String(decoding: message.prefix(length), as: UTF8.self)
    }
  }

  private static func error(_ message: ArraySlice<UInt8>) -> ServerError {
    var fields: [Character: String] = [:]
    for field in message.split(separator: 0) {
      let text = String(decoding: field, as: UTF8.self)
      if let kind = text.first { fields[kind] = String(text.dropFirst()) }
    }
    return ServerError(code: fields["C"] ?? "", message: fields["M"] ?? "")
  }

  /// The SHA-256 of hold ids, in hexadecimal digits, as the table has them.
  func keys(of holdIDs: [String]) throws -> [String: String] {
    let list = holdIDs.map(Self.literal).joined(separator: ",")
    let rows = try run(
      """
      SELECT h, encode(sha256(convert_to(h, 'UTF8')), 'hex')
        FROM unnest(ARRAY[\(list)]::text[]) AS h
      """)
    return Dictionary(rows.map { ($0[0] ?? "", $0[1] ?? "") }) { first, _ in first }
  }
}
