// swift-tools-version: 6.2
import PackageDescription

/// Settings of all Swift targets of the product: strict memory safety, warnings are errors, and
/// neither the concurrency runtime nor string processing is linked.
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

/// Settings of the tests, which may use Foundation and concurrency.
let testSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Default paths of the built program: environment variables replace the defaults in
/// Sources/CLinux/paths.c.
let paths: [CSetting] = [
    "APUS_PREFIX", "APUS_SBIN_PATH", "APUS_CONF_PATH", "APUS_PID_PATH", "APUS_ERROR_LOG_PATH",
    "APUS_ACCESS_LOG_PATH", "APUS_USER",
].compactMap { name in
    guard let path = Context.environment[name], !path.isEmpty else { return nil }
    return .define(name, to: "\"\(path)\"")
}

/// `make fuzz` builds the fuzzers in place of the tests that replay their corpus: both consist of
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
        // C: interfaces that Swift's importer cannot see or call, and the system libraries.
        .target(name: "CLinux", cSettings: paths),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CMD", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),

        // Pure: bytes in, values out, no system call.
        .target(name: "HTTP", swiftSettings: productSettings),
        .target(name: "Configuration", swiftSettings: productSettings),

        // The kernel's interfaces, and the layers on top of them.
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

        // A small server to learn from, built on the public Reactor.
        .executableTarget(
            name: "upper-echo", dependencies: ["Reactor"], path: "Examples/upper-echo",
            swiftSettings: productSettings),

        // A comparison of ways to wait for clients: `make waiting`. In C, because it is about
        // system calls.
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
        // The worker's event loop on a kernel in memory.
        .target(
            name: "FakeKernel", path: "Tests/FakeKernel", cSettings: [.unsafeFlags(["-O2"])]),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["FakeKernel", "Server", "Files", "HTTP", "Linux", "CZlib"],
            swiftSettings: testSettings),
        // The conformance suite: cases as data, a command that runs them against any server, and
        // tests.
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
