import Foundation

/// SplitMix64: small, and the same on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A seed, printed so that the run can be repeated: `HOLDFAST_TEST_SEED` sets it.
  static func seed(of test: String) -> UInt64 {
    let replayed = ProcessInfo.processInfo.environment["HOLDFAST_TEST_SEED"].flatMap(UInt64.init)
    let seed = replayed ?? UInt64.random(in: 1...UInt64.max)
    print("\(test) seed: \(seed)")
    return seed
  }
}
