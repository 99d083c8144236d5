// swift-tools-version: 6.1
import PackageDescription

/// A program that carries a model which the plugin searched for it. See README.md beside this file.
let package = Package(
    name: "Triage",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "knas-swift", path: "../..")],
    targets: [
        .executableTarget(
            name: "Triage", dependencies: [.product(name: "KNAS", package: "knas-swift")],
            resources: [.copy("Model")])
    ],
    swiftLanguageModes: [.v6]
)
