import Foundation
import HTTP
import Testing

@testable import Server

@Suite struct CachedTimeTests {
    @Test func textsAreOfOneSecond() throws {
        var clock = CachedTime()
        clock.update()
        let moment = Date(timeIntervalSince1970: TimeInterval(clock.seconds))
        func formatted(_ format: String, _ zone: TimeZone?) -> String {
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = zone
            formatter.dateFormat = format
            return formatter.string(from: moment)
        }
        let utc = TimeZone(secondsFromGMT: 0)
        let local = TimeZone.current
        #expect(
            text { $0.append(clock.date.span) }
                == formatted("EEE, dd MMM yyyy HH:mm:ss 'GMT'", utc))
        #expect(
            text { $0.append(clock.logTime.span) } == formatted("dd/MMM/yyyy:HH:mm:ss xx", local))
        #expect(
            text { $0.append(clock.iso8601.span) }
                == formatted("yyyy-MM-dd'T'HH:mm:ssxxx", local))
        #expect(abs(Date().timeIntervalSince1970 - TimeInterval(clock.seconds)) < 60)
        #expect((0..<1000).contains(clock.milliseconds))
    }

    @Test func timeAdvances() {
        var clock = CachedTime()
        clock.update()
        let before = clock
        let deadline = before.monotonicMs + 20_000
        while clock.seconds == before.seconds, clock.monotonicMs < deadline {
            usleep(10_000)
            clock.update()
        }
        #expect(clock.monotonicMs >= before.monotonicMs + 10)
        #expect(clock.seconds > before.seconds)
        #expect(text { $0.append(clock.date.span) } != text { $0.append(before.date.span) })
    }

    @Test(arguments: [(0, 0), (1, 1), (4, 4), (5, 4), (9, 4)])
    func inlineTextIsTruncated(length: Int, kept: Int) {
        var inline = InlineText<4>()
        inline.write { for _ in 0..<length { $0.append(byte: 0x61) } }
        #expect(inline.count == kept)
        #expect(text { $0.append(inline.span) } == String(repeating: "a", count: kept))
        inline.write { _ in }
        #expect(inline.count == 0)
    }
}
