// swift-tools-version: 6.1
import PackageDescription

/// Hostile files live here, apart from the product: every reader is given millions of damaged ones.
let package = Package(
    name: "knas-fuzz",
    platforms: [.macOS(.v14)],
    dependencies: [
        .package(name: "knas-swift", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // The tests of the main package compile the same files under another name.
        .target(
            name: "Mutations",
            dependencies: [.product(name: "KNASParts", package: "knas-swift")]),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Mutations",
                .product(name: "KNAS", package: "knas-swift"),
                .product(name: "KNASParts", package: "knas-swift"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Fuzz"),
    ],
    swiftLanguageModes: [.v6]
)
