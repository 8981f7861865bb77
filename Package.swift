// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of the product is built with: memory safety is strict, a warning is an
/// error, and neither the concurrency runtime nor string processing is linked in.
let productSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags([
        "-Xfrontend", "-disable-implicit-concurrency-module-import",
        "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ]),
]

/// Tests may use Foundation and concurrency; the rest of the rules is the same.
let testSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Where the built program looks for things: what the environment names takes the place of the
/// defaults in Sources/CLinux/paths.c.
let paths: [CSetting] = [
    "APUS_PREFIX", "APUS_SBIN_PATH", "APUS_CONF_PATH", "APUS_PID_PATH", "APUS_ERROR_LOG_PATH",
    "APUS_ACCESS_LOG_PATH", "APUS_USER",
].compactMap { name in
    guard let path = Context.environment[name], !path.isEmpty else { return nil }
    return .define(name, to: "\"\(path)\"")
}

/// `make fuzz` builds the fuzzers in place of the tests that replay their corpus: both are made of
/// the same checks, and a source file belongs to one target.
let fuzzTarget: Target =
    Context.environment["APUS_FUZZ"] != nil
    ? .executableTarget(
        name: "apus-fuzz", dependencies: ["Server", "Configuration", "HTTP"], path: "Tests/Fuzz",
        exclude: ["Corpus", "Dictionaries", "Replay", "run"], sources: ["Checks", "Driver"],
        swiftSettings: testSettings)
    : .testTarget(
        name: "FuzzCorpusTests", dependencies: ["Server", "Configuration", "HTTP"],
        path: "Tests/Fuzz", exclude: ["Corpus", "Dictionaries", "Driver", "run"],
        sources: ["Checks", "Replay"], swiftSettings: testSettings)

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        .executable(name: "upper-echo", targets: ["upper-echo"]),
    ],
    targets: [
        // C: what Swift's importer cannot see or call, and the system libraries.
        .target(name: "CLinux", cSettings: paths),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CMD", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),

        // Pure: bytes in, values out, no system call.
        .target(name: "HTTP", swiftSettings: productSettings),
        .target(name: "Configuration", swiftSettings: productSettings),

        // The kernel's interfaces, then what is made of them.
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: productSettings),
        .target(
            name: "Reactor", dependencies: ["Linux", "CLinux"], swiftSettings: productSettings),
        .target(
            name: "Files",
            dependencies: ["HTTP", "Linux", "CLinux", "CZlib", "CPCRE2", "CCrypt", "CMD"],
            swiftSettings: productSettings),
        .target(
            name: "Server",
            dependencies: ["HTTP", "Configuration", "Linux", "Reactor", "Files", "CLinux"],
            swiftSettings: productSettings),
        .executableTarget(
            name: "apus", dependencies: ["Server", "Configuration", "Linux", "CLinux"],
            swiftSettings: productSettings),

        // A small server to learn from, on what Reactor has for everybody.
        .executableTarget(
            name: "upper-echo", dependencies: ["Reactor"], path: "Examples/upper-echo",
            swiftSettings: productSettings),

        // The ways to wait, compared: `make waiting`. C, for what it shows are the kernel's calls.
        .executableTarget(name: "waiting", path: "Benchmarks/waiting", exclude: ["run"]),

        .testTarget(name: "HTTPTests", dependencies: ["HTTP"], swiftSettings: testSettings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration"],
            swiftSettings: testSettings),
        .testTarget(
            name: "ReactorTests", dependencies: ["Reactor", "Linux"], swiftSettings: testSettings),
        .testTarget(
            name: "FilesTests", dependencies: ["Files", "HTTP", "Linux", "CZlib"],
            swiftSettings: testSettings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Configuration", "HTTP", "Reactor", "Files", "Linux", "CZlib",
            ],
            exclude: ["Configurations"], swiftSettings: testSettings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["apus", "upper-echo", "Server", "Conformance", "CZlib"],
            swiftSettings: testSettings),
        fuzzTarget,
        // The conformance suite: cases as data, a command that puts them to any server, and tests.
        .target(name: "Conformance", path: "Tests/Conformance", swiftSettings: testSettings),
        .executableTarget(
            name: "conformance-tool", dependencies: ["Conformance"], path: "Tests/ConformanceTool",
            swiftSettings: testSettings),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Conformance", "apus"],
            swiftSettings: testSettings),
        .testTarget(
            name: "TidyTests", dependencies: ["Server", "Configuration"],
            swiftSettings: testSettings),
    ]
)
