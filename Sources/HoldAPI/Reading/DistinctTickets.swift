import Holds

/// Removes duplicates among ticket ids.
enum DistinctTickets {
  /// Up to this many, comparing each with each costs less than hashing them.
  private static let fewTickets = 8

  /// The ids at their first place; nil when there are more than `maximum` different ones.
  ///
  /// - Parameter keepsDuplicates: Whether nothing is removed.
  static func of(
    _ ids: [String], maximum: Int, keepingDuplicates keepsDuplicates: Bool
  ) -> [String]? {
    let areFew = ids.count <= fewTickets
    var seen = Set<ExactText>(minimumCapacity: areFew ? 0 : min(ids.count, maximum))
    var distinct: [String] = []
    distinct.reserveCapacity(min(ids.count, maximum))
    for id in ids {
      let exact = ExactText(id)
      let isNew =
        areFew ? !distinct.contains { ExactText($0) == exact } : seen.insert(exact).inserted
      guard isNew || keepsDuplicates else { continue }
      if distinct.count == maximum { return nil }
      distinct.append(id)
    }
    return distinct
  }
}
