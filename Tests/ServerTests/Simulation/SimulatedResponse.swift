/// The content of the simulated server: the response depends only on the path, so the client knows
/// every byte beforehand.
struct SimulatedResponse {
    /// The source of the body.
    enum Kind: String, CaseIterable {
        /// Written into the output, behind the header.
        case memory = "m"
        /// sendfile.
        case file = "f"
        /// sendfile of a file that was truncated.
        case truncatedFile = "t"
        /// sendfile of a file that cannot be read.
        case unreadableFile = "e"
        /// Slices from a producer.
        case producer = "p"
        /// A producer that fails halfway.
        case failingProducer = "q"
    }

    let kind: Kind
    /// The part of the pattern that distinguishes the responses of a connection.
    let number: Int
    /// The length of the body according to the header.
    let length: Int

    var path: String { "/\(kind.rawValue)/\(number)/\(length)" }

    init(kind: Kind, number: Int, length: Int) {
        self.kind = kind
        self.number = number
        self.length = length
    }

    /// Creates the response for a path; nil if no client sends such a path.
    init?(path: String) {
        let parts = path.split(separator: "/")
        guard parts.count == 3, let kind = Kind(rawValue: String(parts[0])),
            let number = Int(parts[1]), let length = Int(parts[2])
        else { return nil }
        self.init(kind: kind, number: number, length: length)
    }

    /// True if the body ends before its length, and the connection with it.
    var isCutShort: Bool {
        switch kind {
        case .memory, .file, .producer: false
        case .truncatedFile, .unreadableFile, .failingProducer: length > 0
        }
    }

    /// The number of bytes that the body really has.
    var available: Int { isCutShort ? length / 2 : length }

    /// The maximum size of a request's body in this location; 0 for no limit.
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

    /// The bytes of which each body is a part.
    static let pattern: [UInt8] = {
        var random = SeededGenerator(seed: 7)
        return (0..<16384).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()
}
