import Foundation
import Linux
import Reactor
import Testing

/// In processes of their own, since signals and their mask belong to the whole process.
@Suite struct SignalSourceTests {
    @Test(arguments: Engine.allCases)
    func signalsAreReadFromDescriptor(engine: Engine) async {
        await #expect(processExitsWith: .success) { [name = engine.rawValue as String] in
            let source = try SignalSource([SIGUSR1, SIGUSR2])
            var poller = try Poller(Engine(rawValue: name)!)
            let token = Token(slot: 1, generation: 1)
            try poller.register(source.descriptor, for: .readable, token: token)
            expectInChild(source.next() == nil)
            expectInChild(try poller.wait(timeoutMs: 0) == 0)
            raise(SIGUSR2)
            expectInChild(try poller.wait(timeoutMs: 1000) == 1)
            expectInChild(poller.event(at: 0) == (token, .readable))
            expectInChild(source.next() == SIGUSR2)
            expectInChild(source.next() == nil)
            expectInChild(try poller.wait(timeoutMs: 0) == 0)
        }
    }

    @Test func repeatedSignalIsReportedOnce() async {
        await #expect(processExitsWith: .success) {
            let source = try SignalSource([SIGUSR1, SIGUSR2])
            raise(SIGUSR1)
            raise(SIGUSR1)
            raise(SIGUSR2)
            expectInChild(Set([source.next(), source.next()]) == [SIGUSR1, SIGUSR2])
            expectInChild(source.next() == nil)
        }
    }

    @Test func otherSignalsKeepTheirAction() async {
        await #expect(processExitsWith: .signal(SIGUSR2)) {
            // The parent may have blocked signals when it started this process.
            var none = sigset_t()
            unsafe sigemptyset(&none)
            unsafe sigprocmask(SIG_SETMASK, &none, nil)
            let source = try SignalSource([SIGUSR1])
            expectInChild(source.next() == nil)
            raise(SIGUSR2)
        }
    }

    @Test func invalidNumbersAreIgnored() async {
        await #expect(processExitsWith: .success) {
            let source = try SignalSource([-1, 0, 65, SIGUSR1])
            raise(SIGUSR1)
            expectInChild(source.next() == SIGUSR1)
        }
    }
}

/// Fails with an exit status, since expectations do not work in a child process.
private func expectInChild(_ condition: Bool, line: UInt = #line) {
    precondition(condition, "line \(line)")
}
