/// What a key may be used for. The raw values are the names in the file of keys.
public enum APIScope: String, Sendable, CaseIterable {
  /// To hold and release tickets, and to list those of an event.
  case hold

  /// To confirm sales.
  case sell

  /// To delete expired holds, and to read the metrics.
  case operate
}
