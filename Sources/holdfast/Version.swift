/// The release that this is, by semantic versioning.
enum Version {
  static let current = "0.1.0"
}
