import Conformance
import Foundation

let usage = """
    usage: conformance-tool [--strict] HOST:PORT     put the cases to a server
           conformance-tool [--strict] --start NAME [PROGRAM]
                                                     the same, to one that is started for it:
                                                     apus, "apus, strict", nginx, lighttpd, h2o
           conformance-tool --make-site DIR          write the site that the cases ask for
           conformance-tool --configuration NAME DIR PORT
                                                     a configuration that serves it
           conformance-tool --write-docs DIR APUS    differences.md and conformance.md
    """

func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data((text + "\n").utf8))
    exit(2)
}

/// Prints the failures and exits, with status 1 if there are any.
func judge(_ target: Target, isStrict: Bool) throws -> Never {
    let report = try Report(target, isStrict: isStrict)
    let asked = Group.cases.filter { $0.isAsked(isStrict: isStrict) }
    for one in asked {
        guard let failure = report.failures[one.name] else { continue }
        let difference = one.difference.map { " (\($0.rawValue))" } ?? ""
        print("\(one.level.rawValue), \(one.citation): \(one.name)\(difference)\n    \(failure)")
    }
    print("\(asked.count - report.failures.count) of \(asked.count) cases pass")
    exit(report.failures.isEmpty ? 0 : 1)
}

func writeDocs(_ directory: String, apus: String) throws {
    var reports: [(name: String, isStrict: Bool, report: Report)] = []
    for peer in Peer.allCases {
        let isApus = peer == .apus || peer == .strictApus
        do {
            let server = try RunningServer(peer, program: isApus ? apus : nil)
            let report = try Report(server.target, isStrict: peer.isStrict)
            reports.append((peer.rawValue, peer.isStrict, report))
        } catch let failure as RunningServer.StartFailure where peer == .strictApus {
            FileHandle.standardError.write(Data("left out: \(failure)\n".utf8))
        }
    }
    let pages = [
        "differences.md": Difference.page(), "conformance.md": Comparison.page(reports),
    ]
    for (name, text) in pages {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + name))
    }
}

var words = Array(CommandLine.arguments.dropFirst())
let isStrict = words.first == "--strict"
if isStrict { words.removeFirst() }
switch words.first {
case "--make-site" where words.count == 2: try Site.make(at: words[1])
case "--write-docs" where words.count == 3: try writeDocs(words[1], apus: words[2])
case "--configuration" where words.count == 4:
    guard let peer = Peer(rawValue: words[1]), let port = UInt16(words[3]) else { fail(usage) }
    print(peer.configuration(directory: words[2], port: port))
case "--start" where words.count >= 2:
    guard let peer = Peer(rawValue: words[1]) else { fail(usage) }
    let server = try RunningServer(peer, program: words.count > 2 ? words[2] : nil)
    try judge(server.target, isStrict: isStrict || peer == .strictApus)
case .some(let text) where words.count == 1:
    guard let target = Target(text) else { fail(usage) }
    try judge(target, isStrict: isStrict)
default: fail(usage)
}
