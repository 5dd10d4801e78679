/// Rows of text in aligned columns, for a terminal.
struct TextTable {
  private static let gap = "  "

  private var rows: [[String]]

  init(_ headings: String...) { rows = [headings] }

  /// Adds a row with as many fields as there are headings.
  ///
  /// Control characters, which an adopted table may contain, are replaced: a terminal would obey them.
  mutating func append(_ fields: String...) {
    rows.append(fields.map(Self.printable))
  }

  /// The lines; the last column is not padded.
  var lines: [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let fields = zip(row, widths).map { field, width in
        field + String(repeating: " ", count: width - field.count)
      }
      var line = fields.joined(separator: Self.gap)
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// The text without characters that a terminal would obey.
  static func printable(_ text: String) -> String {
    let isControl = { (scalar: Unicode.Scalar) in
      scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
  }
}
