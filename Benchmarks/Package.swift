// swift-tools-version: 6.1
import PackageDescription

/// Speed lives here, apart from the product, so that its dependencies stay clean.
let package = Package(
    name: "knas-benchmarks",
    platforms: [.macOS(.v14)],
    dependencies: [
        .package(name: "knas-swift", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                .product(name: "KNAS", package: "knas-swift"),
                .product(name: "KNASParts", package: "knas-swift"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
