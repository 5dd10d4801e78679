/// A day in UTC, written `2027-01-31`.
struct CalendarDay: Equatable {
  private static let secondsPerDay = 86_400

  /// The first second after it, since 1970.
  let endUnixSeconds: Int

  /// Reads a day; nil if there is none such.
  init?(_ text: Substring) {
    guard let match = text.wholeMatch(of: #/([0-9]{4})-([0-9]{2})-([0-9]{2})/#),
      let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
      (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day)
    else { return nil }
    let daysBefore = (1..<month).reduce(0) { $0 + Self.days(inMonth: $1, of: year) }
    let number = Self.daysBefore(year: year) - Self.daysBefore(year: 1970) + daysBefore + day - 1
    endUnixSeconds = (number + 1) * Self.secondsPerDay
  }

  /// From the year 0, by the Gregorian calendar.
  private static func daysBefore(year: Int) -> Int {
    let last = year - 1
    return last * 365 + last / 4 - last / 100 + last / 400
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
