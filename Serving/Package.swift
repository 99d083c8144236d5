// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The identity of the package around this one: the name of its directory. By another name, whether the module
/// below is renamed would be left to chance (Swift 6.3).
let core = URL(fileURLWithPath: Context.packageDirectory).deletingLastPathComponent()
    .lastPathComponent.lowercased()

/// The server lives here, apart from the product, so that the core builds without a network stack.
let package = Package(
    name: "knas-serving",
    platforms: [.macOS(.v14)],
    products: [
        .executable(name: "knas-serve", targets: ["knas-serve"]),
        .library(name: "Renaming", targets: ["Renaming"]),
    ],
    dependencies: [
        .package(path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // No traits: two would be compiler flags in no fixed order, and none is needed.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // What comes with it anyway.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "Serving",
            dependencies: [
                .product(name: "KNAS", package: core),
                .product(name: "KNASParts", package: core),
                // Not all of Hummingbird, which imports the other module Metrics.
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("openapi.json"), .embedInCode("Runs/runs.html"),
                .embedInCode("Runs/runs.js"), .embedInCode("Runs/runs.css"),
            ]),
        // Nothing depends on it, and it is never compiled. swift-metrics and the core both have a module
        // Metrics, which may not be in one graph of packages, so it has that of swift-metrics renamed.
        .target(
            name: "Renaming",
            dependencies: [
                .product(
                    name: "Hummingbird", package: "hummingbird",
                    moduleAliases: ["Metrics": "SwiftMetrics"])
            ]),
        .executableTarget(
            name: "knas-serve",
            dependencies: [
                "Serving",
                .product(name: "KNAS", package: core),
                .product(name: "KNASParts", package: core),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", .product(name: "KNASTestSupport", package: core),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
