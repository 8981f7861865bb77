import Configuration
import Linux
import Reactor
import Testing

@testable import Server

/// Directives of the main level about processes.
@Suite struct MainDirectivesTests {
    private func main(_ text: String) throws -> MainSettings {
        let outcome = loaded(text + " events { } http { }")
        return try #require(outcome.plan, "\(outcome.report)").main
    }

    @Test func workerSettingsAreParsed() throws {
        let main = try main(
            """
            worker_priority -5; worker_rlimit_core 50g; working_directory /tmp;
            """)
        #expect(main.priority == -5 && main.coreLimit == 50 << 30)
        #expect(main.workingDirectory == "/tmp")
    }

    @Test(arguments: [("7", 7), ("+7", 7), ("-20", -20), ("0", 0)])
    func priorityMayBeNegative(text: String, priority: Int32) throws {
        #expect(try main("worker_priority \(text);").priority == priority)
    }

    @Test(arguments: [
        ("0001 0010 0100", [[0], [1], [2]]), ("0101 1", [[0, 2], [0]]),
        ("auto 0110", [[1], [2], [1]]),
        ("0", [[]]),
    ])
    func affinityMaskBeginsWithLastProcessor(masks: String, processors: [[UInt16]]) throws {
        let main = try main("worker_processes 3; worker_cpu_affinity \(masks);")
        #expect(main.affinities == processors)
    }

    @Test func affinityAutoIsOneProcessorEach() throws {
        let main = try main("worker_processes 3; worker_cpu_affinity auto;")
        let count = processorCount()
        #expect(main.affinities == (0..<3).map { [UInt16($0 % count)] })
    }

    @Test(arguments: Engine.allCases)
    func useSelectsEngine(engine: Engine) throws {
        let outcome = loaded("events { use \(engine.rawValue); } http { }")
        #expect(outcome.report.isEmpty)
        #expect(outcome.plan?.main.engine == engine)
        #expect(loaded("events { } http { }").plan?.main.engine == .epoll)
    }

    @Test(arguments: [
        ("use select; worker_connections 1024;", true),
        ("use select; worker_connections 1025;", false),
        ("worker_connections 1025; use select;", false),
        ("use poll; worker_connections 100000;", true),
    ])
    func selectLimitsConnections(events: String, isFine: Bool) {
        let outcome = loaded("events { \(events) } http { }")
        #expect((outcome.plan != nil) == isFine)
        let message = "the maximum number of files supported by select() is 1024"
        #expect(outcome.report.contains(message) == !isFine)
    }

    @Test(arguments: [
        ("worker_priority x;", "invalid number \"x\" in \"worker_priority\" directive"),
        ("worker_priority --1;", "invalid number \"--1\""),
        ("worker_cpu_affinity 012;", "invalid character \"2\" in \"worker_cpu_affinity\""),
        ("worker_cpu_affinity auto 01 10;", "invalid number of arguments"),
        ("worker_cpu_affinity \(String(repeating: "1", count: 1025));", "up to 1024 CPUs only"),
        ("worker_rlimit_core x;", "invalid size \"x\""),
        ("working_directory /a; working_directory /b;", "\"working_directory\" directive is dupl"),
        ("events { use kqueue; }", "invalid event type \"kqueue\""),
    ])
    func errorsAreNginxs(text: String, message: String) {
        let outcome = loaded(text + (text.contains("events") ? "" : " events { }") + " http { }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }

    @Test func sandboxIsOnByDefault() throws {
        #expect(try main("").sandbox == .on)
        #expect(try main("").sandboxRead == nil)
        #expect(try main("sandbox off;").sandbox == .off)
        let confined = try main("sandbox require; sandbox_read /a b; sandbox_read /c;")
        #expect(confined.sandbox == .require)
        #expect(confined.sandboxRead?.count == 3)
        #expect(confined.sandboxRead?[1].hasSuffix("/b") ?? false)
        #expect(loaded("sandbox maybe; events { } http { }").plan == nil)
    }

    @Test(
        arguments: [
            ("", nil), ("worker_watchdog off;", nil), ("worker_watchdog 30s;", 30_000),
            ("worker_watchdog 2m;", 120_000),
        ] as [(String, Int64?)])
    func watchdogTimeIsParsed(text: String, limitMs: Int64?) throws {
        #expect(try main(text).watchdogMs == limitMs)
    }

    @Test(arguments: ["29s", "0", "1ms", "soon"])
    func watchdogHasMinimumTime(time: String) {
        #expect(loaded("worker_watchdog \(time); events { } http { }").plan == nil)
    }
}
