/// What a read of an event gave.
public struct SeatMapSnapshot: Sendable {
  /// An answer as it is kept: compressed, and as it is unless that takes too much memory.
  public struct Document: Sendable {
    /// Identifies the content, whatever its coding; without quotes.
    public var tag: String

    /// The body compressed.
    public var gzip: [UInt8]

    /// The body as it is; nil when it is to be made from the compressed one.
    public var identity: [UInt8]?

    /// Creates a document.
    public init(tag: String, gzip: [UInt8], identity: [UInt8]? = nil) {
      self.tag = tag
      self.gzip = gzip
      self.identity = identity
    }

    /// What it takes in memory, about.
    var byteCount: Int { gzip.count + (identity?.count ?? 0) + tag.utf8.count }
  }

  /// Identifies the layout that the availability belongs to.
  public var layoutID: String

  /// Which tickets are free, held and sold.
  public var availability: Document

  /// The layout, if it was read too.
  public var layout: Document?

  /// Creates a snapshot.
  public init(layoutID: String, availability: Document, layout: Document? = nil) {
    self.layoutID = layoutID
    self.availability = availability
    self.layout = layout
  }
}

/// The bounds of what is kept of seat maps.
public struct SeatMapLimits: Sendable {
  /// Events kept at once.
  public var events: Int

  /// Bytes of answers kept at once.
  public var bytes: Int

  /// Event ids that wait to be looked for at once, and ids remembered as unknown.
  public var unknownEvents: Int

  /// Event ids that one statement looks for.
  public var eventsPerLook: Int

  /// Such statements in a second.
  public var looksPerSecond: Int

  /// Creates bounds; each must be at least 1.
  public init(
    events: Int, bytes: Int, unknownEvents: Int = 4096, eventsPerLook: Int = 1024,
    looksPerSecond: Int = 20
  ) {
    self.events = events
    self.bytes = bytes
    self.unknownEvents = unknownEvents
    self.eventsPerLook = eventsPerLook
    self.looksPerSecond = looksPerSecond
  }
}
