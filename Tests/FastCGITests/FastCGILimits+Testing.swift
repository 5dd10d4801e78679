import FastCGI

extension FastCGILimits {
  /// Bounds that a test does not mean to reach.
  static func testing(
    workers: Int = 1, connections: Int = 100, parameterBytes: Int = 16_384,
    bodyBytes: Int = 100_000
  ) -> FastCGILimits {
    FastCGILimits(
      workers: workers, connections: connections, peerTimeoutMilliseconds: 20_000,
      parameterBytes: parameterBytes, bodyBytes: bodyBytes)
  }
}
