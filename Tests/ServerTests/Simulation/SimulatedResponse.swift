/// The content of the simulated server: what is answered follows from the path alone, so that the
/// client knows every byte beforehand.
struct SimulatedResponse {
    /// Where the body comes from.
    enum Kind: String, CaseIterable {
        /// Written into the output, behind the head.
        case memory = "m"
        /// sendfile.
        case file = "f"
        /// sendfile of a file that has become shorter.
        case truncatedFile = "t"
        /// sendfile of a file that cannot be read any further.
        case unreadableFile = "e"
        /// Slices of a producer.
        case producer = "p"
        /// A producer that fails halfway.
        case failingProducer = "q"
    }

    let kind: Kind
    /// Which part of the pattern: tells the answers of a connection apart.
    let number: Int
    /// How long the head says that the body is.
    let length: Int

    var path: String { "/\(kind.rawValue)/\(number)/\(length)" }

    init(kind: Kind, number: Int, length: Int) {
        self.kind = kind
        self.number = number
        self.length = length
    }

    /// The answer of a path; nil when the path is none that a client sends.
    init?(path: String) {
        let parts = path.split(separator: "/")
        guard parts.count == 3, let kind = Kind(rawValue: String(parts[0])),
            let number = Int(parts[1]), let length = Int(parts[2])
        else { return nil }
        self.init(kind: kind, number: number, length: length)
    }

    /// Whether the body ends before its promised length, and the connection with it.
    var isCutShort: Bool {
        switch kind {
        case .memory, .file, .producer: false
        case .truncatedFile, .unreadableFile, .failingProducer: length > 0
        }
    }

    /// How much of the body there is.
    var available: Int { isCutShort ? length / 2 : length }

    /// How large a request's body may be in this location; 0 for any size.
    var bodyLimit: Int64 {
        switch kind {
        case .memory: 0
        case .file: 64
        default: 16
        }
    }

    func head(keepsAlive: Bool) -> [UInt8] {
        Array("<\(path) \(keepsAlive ? "keep-alive" : "close")>".utf8)
    }

    var body: ArraySlice<UInt8> {
        SimulatedResponse.pattern[number..<(number + available)]
    }

    static func refusal(_ status: String) -> [UInt8] { Array("<\(status) close>".utf8) }

    static let interim = Array("<100>".utf8)
    static let longestBody = 6000

    /// Every answer's body is a stretch of these bytes.
    static let pattern: [UInt8] = {
        var random = SeededGenerator(seed: 7)
        return (0..<16384).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()
}
