import FastCGI

extension FastCGILimits {
  /// Bounds that a test does not mean to reach.
  static func testing(
    workers: Int = 1, connections: Int = 1000, peerTimeoutMilliseconds: Int = 20_000,
    parameterBytes: Int = 100_000, bodyBytes: Int = 100_000
  ) -> FastCGILimits {
    FastCGILimits(
      workers: workers, connections: connections,
      peerTimeoutMilliseconds: peerTimeoutMilliseconds, parameterBytes: parameterBytes,
      bodyBytes: bodyBytes)
  }
}
