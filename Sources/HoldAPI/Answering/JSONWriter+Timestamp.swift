extension JSONWriter {
  /// Appends an instant as RFC 3339 in UTC, truncated to milliseconds, without quotes.
  ///
  /// A formatter of Foundation's would cost more than the rest of the answer. The algorithm is
  /// `civil_from_days` of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
  mutating func timestamp(unixMicroseconds: Int64) {
    let (seconds, microseconds) = Self.floored(unixMicroseconds, by: 1_000_000)
    let (days, secondOfDay) = Self.floored(seconds, by: 86_400)
    let (era, dayOfEra) = Self.floored(days + 719_468, by: 146_097)
    let leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
    let yearOfEra = (dayOfEra - leapDays) / 365
    // Years that begin in March: the leap day comes last.
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

    digits(year, width: 4)
    raw("-")
    digits(month, width: 2)
    raw("-")
    digits(day, width: 2)
    raw("T")
    digits(secondOfDay / 3600, width: 2)
    raw(":")
    digits(secondOfDay / 60 % 60, width: 2)
    raw(":")
    digits(secondOfDay % 60, width: 2)
    raw(".")
    digits(microseconds / 1000, width: 3)
    raw("Z")
  }

  /// Division that rounds down, also before 1970.
  private static func floored(
    _ value: Int64, by divisor: Int64
  ) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
