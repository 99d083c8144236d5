// swift-tools-version: 6.1
import PackageDescription

/// Only building the documentation needs the plugin; see `Scripts/docs`.
let documentation: [Package.Dependency] =
    Context.environment["KNAS_DOCS"] == nil
    ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0")]

/// Targets are in the order of the data flow; a target may import only targets above it.
/// `Scripts/check-imports` enforces that.
let package = Package(
    name: "knas-swift",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "KNAS", targets: ["KNAS", "Results", "Selection"]),
        .executable(name: "knas", targets: ["KNASCommand"]),
        // libknas: models in programs of any language; see Sources/KNASLibrary/knas.h.
        .library(name: "knas-c", type: .dynamic, targets: ["KNASLibrary"]),
        .plugin(name: "SearchHeads", targets: ["SearchHeads"]),
        // The stages one by one, for programs that measure or extend them.
        .library(
            name: "KNASParts",
            targets: [
                "CKernels", "Support", "Metrics", "Tensors", "Graphs", "Tasks", "Tokenization",
                "Encoders", "Features", "Heads", "Scoring", "Search", "Training", "RunStore",
                "Export",
            ]),
        // Encoders and models that fit in a test, for the tests of the packages beside this one.
        .library(name: "KNASTestSupport", targets: ["TestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Two traits would be compiler flags in no fixed order: every plan would recompile it.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ] + documentation,
    targets: [
        // C and C++ underneath.
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "CSentencePiece",
            linkerSettings: [
                .linkedLibrary("sentencepiece"), .linkedLibrary("sentencepiece_train"),
            ]),
        .target(name: "CKernels"),
        // Loads oneDNN where it is there.
        .target(name: "COneDNN"),

        // File formats of others; `Scripts/generate-protobuf` makes the Swift from the .proto files.
        .target(
            name: "ONNXProtobuf",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "Protobuf/onnx", exclude: ["onnx.proto"]),
        .target(
            name: "SentencePieceProtobuf",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "Protobuf/sentencepiece", exclude: ["sentencepiece_model.proto"]),

        // The data flow.
        .target(name: "Support", dependencies: ["COpenSSL"]),
        .target(name: "Metrics", dependencies: ["Support"]),
        .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels", "COneDNN", "Support"]),
        .target(name: "Graphs", dependencies: ["Metrics", "Tensors"]),
        .target(name: "Tasks", dependencies: ["CZlib", "Metrics", "Support", "Yams"]),
        .target(
            name: "Tokenization",
            dependencies: [
                "CSentencePiece", "SentencePieceProtobuf", "Support",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .target(name: "Encoders", dependencies: ["Graphs", "Tokenization"]),
        .target(name: "Features", dependencies: ["Encoders", "Tasks"]),
        .target(
            name: "Heads",
            dependencies: [
                "Graphs", .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        .target(name: "Scoring", dependencies: ["Features", "Heads", "Metrics"]),
        .target(name: "Search", dependencies: ["Scoring"]),
        .target(name: "Training", dependencies: ["Features", "Heads", "Metrics"]),
        .target(
            name: "RunStore",
            dependencies: [
                "Search", "Training", .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .target(name: "Selection", dependencies: ["RunStore", "Search", "Training"]),
        .target(name: "Audit", dependencies: ["Selection"]),
        .target(
            name: "Export",
            dependencies: [
                "ONNXProtobuf", "Training",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .target(name: "Results", dependencies: ["Export", "Selection"]),
        .target(name: "Study", dependencies: ["Results", "Selection"]),
        .target(name: "KNAS", dependencies: ["Results"]),
        .target(
            name: "KNASLibrary", dependencies: ["KNAS", "Metrics", "Support", "Tasks", "Tensors"],
            exclude: ["knas.h"]),
        .executableTarget(
            name: "KNASCommand",
            dependencies: [
                "Audit", "CKernels", "KNAS", "Study",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .plugin(
            name: "SearchHeads",
            capability: .command(
                intent: .custom(
                    verb: "search-heads",
                    description: "Searches for a classifier head, for a target's resources."),
                permissions: [
                    .writeToPackageDirectory(reason: "The model goes to the target's resources.")
                ])),

        // One suite per target; what several share is a target of its own.
        .target(
            name: "TestSupport",
            dependencies: ["Encoders", "Export", "Features", "Graphs", "Support"],
            path: "Tests/TestSupport", resources: [.copy("Fixtures")]),
        // The mutations of the fuzzer, which has a package of its own.
        .target(name: "TestMutations", dependencies: ["Support"], path: "Fuzz/Sources/Mutations"),
        .testTarget(name: "SupportTests", dependencies: ["Support", "TestMutations"]),
        .testTarget(
            name: "TensorsTests", dependencies: ["COneDNN", "Support", "Tensors", "TestMutations"]),
        .testTarget(name: "GraphsTests", dependencies: ["Graphs", "TestSupport"]),
        .testTarget(name: "TasksTests", dependencies: ["CZlib", "Tasks"]),
        .testTarget(
            name: "TokenizationTests", dependencies: ["Tokenization"],
            exclude: ["Fixtures", "check_tokenizer_json.py"]),
        .testTarget(
            name: "EncodersTests", dependencies: ["Encoders", "TestMutations", "TestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "FeaturesTests", dependencies: ["Features", "Tensors", "TestSupport"]),
        .testTarget(name: "HeadsTests", dependencies: ["Heads"]),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"]),
        .testTarget(
            name: "ScoringTests", dependencies: ["Scoring", "TestSupport"], exclude: ["Fixtures"]),
        .testTarget(name: "SearchTests", dependencies: ["Search", "TestSupport"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "TestSupport"]),
        .testTarget(
            name: "RunStoreTests",
            dependencies: ["RunStore", .product(name: "GRDB", package: "GRDB.swift")]),
        .testTarget(name: "SelectionTests", dependencies: ["Selection", "TestSupport"]),
        .testTarget(name: "AuditTests", dependencies: ["Audit", "TestSupport"]),
        .testTarget(
            name: "ExportTests",
            dependencies: [
                "Export", "ONNXProtobuf", "TestSupport", "Yams",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["check_agreement.py", "check_onnx.py"]),
        .testTarget(name: "ResultsTests", dependencies: ["Results", "TestSupport"]),
        .testTarget(
            name: "LibraryTests",
            dependencies: ["KNAS", "KNASLibrary", "Support", "Tensors", "TestSupport"]),
        .testTarget(
            name: "KNASTests",
            dependencies: [
                "KNAS", "KNASCommand", "Study", "Tensors", "TestMutations", "TestSupport",
            ],
            exclude: [
                "Fixtures", "check_report.py", "check_schema.py", "devtools.py", "hub_server.py",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
