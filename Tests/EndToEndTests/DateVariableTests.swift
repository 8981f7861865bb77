import Foundation
import Testing

/// `$date_gmt` and `$date_local`, variables of nginx's SSI module.
@Suite struct DateVariableTests {
    @Test(arguments: [("UTC0", "UTC", 0), ("XYZ-2", "XYZ", 7200), ("ABC3:30", "ABC", -12600)])
    func dateVariablesMatchResponseDate(zone: String, name: String, offset: Int) throws {
        let server = try TestServer(
            configuration: TestServer.configuration(
                "location / { return 200 '$date_gmt|$date_local'; }", main: "env TZ;"),
            environment: ["TZ=\(zone)"])
        let response = try server.fetch("/")
        let date = try #require(
            Self.formatter("EEE, dd MMM yyyy HH:mm:ss 'GMT'").date(
                from: response["Date"] ?? ""))
        let long = Self.formatter("EEEE, dd-MMM-yyyy HH:mm:ss")
        let local = long.string(from: date.addingTimeInterval(Double(offset)))
        #expect(response.text == "\(long.string(from: date)) GMT|\(local) \(name)")
    }

    private static func formatter(_ format: String) -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = format
        return formatter
    }
}
