// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "holdfast",
  products: [
    .executable(name: "holdfast", targets: ["holdfast"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
      name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Threads", dependencies: ["CLinux"]),
    .target(name: "FastCGI", dependencies: ["CFastCGI", "CLinux", "Threads"]),
    .target(name: "Postgres", dependencies: ["CPostgreSQL", "Threads"]),
    .target(name: "Holds", dependencies: ["CCrypto"]),
    .target(
      name: "HoldStore", dependencies: ["CZlib", "Holds", "Postgres", "Threads"],
      resources: [.embedInCode("SQL")]),
    .target(name: "HoldAPI", dependencies: ["CCrypto", "Holds"]),
    .executableTarget(
      name: "holdfast",
      dependencies: [
        "FastCGI", "HoldAPI", "HoldStore", "Holds", "Postgres", "Threads",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.embedInCode("OpenAPI/openapi.yaml")]),
    .target(
      name: "TestSupport", dependencies: ["Holds", "Threads"], path: "Tests/TestSupport"),
    .testTarget(name: "ThreadsTests", dependencies: ["Threads"]),
    .testTarget(
      name: "FastCGITests", dependencies: ["CFastCGI", "FastCGI", "TestSupport", "Threads"]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport", "Threads"]),
    .testTarget(name: "HoldsTests", dependencies: ["Holds", "TestSupport"]),
    .testTarget(
      name: "HoldStoreTests",
      dependencies: ["HoldStore", "Holds", "Postgres", "TestSupport", "Threads"]),
    .testTarget(name: "HoldAPITests", dependencies: ["HoldAPI", "Holds", "TestSupport"]),
    .testTarget(
      name: "HoldfastTests", dependencies: ["holdfast", "HoldStore", "Holds", "TestSupport"]),
    .testTarget(name: "EndToEndTests", dependencies: ["Holds", "TestSupport", "Threads"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  var settings = target.swiftSettings ?? []
  settings.append(.treatAllWarnings(as: .error))
  settings.append(.enableUpcomingFeature("InternalImportsByDefault"))
  settings.append(.enableUpcomingFeature("ExistentialAny"))
  if target.type != .test {
    settings.append(.strictMemorySafety())
    // Generic types such as CommitQueue and Monitor are specialized in the modules that use them: a
    // request takes a fifth fewer instructions.
    settings.append(.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)))
  }
  target.swiftSettings = settings
}
