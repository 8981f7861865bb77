import Configuration
import Files
import HTTP
import Linux

/// Access control by password.
struct AuthBasicSettings: Hashable {
    /// The realm; `off` for none.
    var realm: Word?
    var userFile: Word?
    var delayMs: Int?
}

/// auth_basic, auth_basic_user_file, auth_delay.
enum AuthBasic {
    static let rows: [DirectiveRow<Draft>] = [
        .setting(
            "auth_basic", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            default: "off", "Requires a user name and a password; the value is the realm.",
            sets: \.scope.authBasic.realm,
            read: { (use) throws(Diagnostic) in try use.word(0) }
        ).evaluating(),
        .setting(
            "auth_basic_user_file", in: [.http, .server, .location, .limitExcept],
            takes: .exactly(1), "Sets the file with user names and password hashes.",
            sets: \.scope.authBasic.userFile,
            read: { (use) throws(Diagnostic) in try use.word(0) }
        ).evaluating()
            .differing(
                "For slow hashes, at most 64 requests of a client wait for a check (others get "
                    + "503), and none waits longer than a minute (500); nginx blocks all other "
                    + "requests meanwhile."),
        .milliseconds(
            "auth_delay", in: .httpServerLocation, sets: \.scope.authBasic.delayMs,
            default: "0s", "Delays responses with 401."),
    ]

    static let variables: [VariableRow] = [
        .ifAny("remote_user", .perRequest) { request, _, _, writer in
            guard let credentials = credentials(request) else { return false }
            writer.append(credentials.user.span)
            return true
        }
    ]
}

/// The contents of password files: checked with stat(2) for every request, and read again after a
/// change.
struct PasswordFiles {
    /// The maximum size of a password file in bytes.
    static let maxFileSize = 64 << 20
    /// The maximum number of bytes in the cache; larger files are read for each request.
    static let maxCachedBytes = 16 << 20
    /// The maximum number of files in the cache.
    static let maxFiles = 256

    /// The failed system call and its errno.
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// A file as it was when it was read.
    private struct Entry {
        let fileStatus: FileStatus
        let text: [UInt8]
    }

    private var entries: [[UInt8]: Entry] = [:]
    private var cachedBytes = 0

    /// The number of files whose texts are cached.
    var count: Int { entries.count }

    /// Returns the text of the file at `path`. `nowMs` is the time in milliseconds since 1970: a
    /// file that was changed just before may change again without a change of its times, and is not
    /// cached.
    mutating func text(of path: [UInt8], nowMs: Int64) throws(Failure) -> [UInt8] {
        let name = path + [0]
        let opened = unsafe name.withUnsafeBytes { bytes -> Result<Int32?, FileError> in
            guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                return .success(nil)
            }
            let path = unsafe CPath(unsafe: start)
            if case .success(let fileStatus) = fileStatus(of: path), let entry = entries[name],
                PasswordFiles.areSame(fileStatus, entry.fileStatus)
            {
                return .success(nil)
            }
            return openForReading(path).map { $0 }
        }
        switch opened {
        case .failure(let error): throw Failure(call: "open()", code: error.code)
        case .success(nil): return entries[name]?.text ?? []
        case .success(.some(let number)):
            forget(name)
            let file = Descriptor(owning: number)
            let before = fileStatus(of: file.number)
            let text = try PasswordFiles.read(file.number)
            guard case .success(let fileStatus) = before, fileStatus.kind == .regular,
                Int(clamping: fileStatus.size) == text.count,
                text.count <= PasswordFiles.maxCachedBytes,
                nowMs &- PasswordFiles.changedMs(fileStatus) > 20
            else { return text }
            store(text, fileStatus, name)
            return text
        }
    }

    private static func read(_ file: Int32) throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let result = unsafe chunk.withUnsafeMutableBytes {
                unsafe readFile(file, at: Int64(text.count), into: $0)
            }
            switch result {
            case .bytes(0): return text
            case .bytes(let count): text += chunk[..<count]
            case .wouldBlock: throw Failure(call: "pread()", code: Errno.again)
            case .failed(let code): throw Failure(call: "pread()", code: code)
            }
            guard text.count <= maxFileSize else {
                throw Failure(call: "pread()", code: Errno.fileTooLarge)
            }
        }
    }

    private mutating func forget(_ name: [UInt8]) {
        if let old = entries.removeValue(forKey: name) { cachedBytes &-= old.text.count }
    }

    private mutating func store(_ text: [UInt8], _ fileStatus: FileStatus, _ name: [UInt8]) {
        // Evicts one by one, so that a client that causes many files to be read does not evict all
        // others at once.
        while cachedBytes &+ text.count > PasswordFiles.maxCachedBytes
            || entries.count >= PasswordFiles.maxFiles,
            let other = entries.keys.first
        {
            forget(other)
        }
        entries[name] = Entry(fileStatus: fileStatus, text: text)
        cachedBytes &+= text.count
    }

    private static func areSame(_ left: FileStatus, _ right: FileStatus) -> Bool {
        left.inode == right.inode && left.device == right.device && left.size == right.size
            && left.modified == right.modified && left.changed == right.changed
            && left.changedNanoseconds == right.changedNanoseconds && left.mode == right.mode
    }

    private static func changedMs(_ fileStatus: FileStatus) -> Int64 {
        fileStatus.changed &* 1000 &+ Int64(fileStatus.changedNanoseconds / 1_000_000)
    }
}

/// A key for a password and the hash to verify it against, which reveals neither: 128 bits of SHA-1
/// over a secret of this process and both.
struct PasswordPair: BitwiseCopyable, Hashable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
}

/// A cache of passwords that were verified recently: a browser sends its password with every
/// request, and a slow hash is verified once a minute. Wrong passwords are not cached, and a
/// changed password file has another hash.
struct VerifiedPasswords {
    /// The time that a verified password stays valid.
    static let lifetimeMs: Int64 = 60_000
    /// The number of entries: a new one replaces the one in its slot.
    static let capacity = 1024

    private struct Entry: BitwiseCopyable {
        var pair: PasswordPair
        var untilMs: Int64
    }

    private var secret: [UInt8] = []
    private var entries: [Entry] = []

    /// Returns the key of a password and a hash.
    mutating func pair(_ password: Span<UInt8>, _ hash: Span<UInt8>) -> PasswordPair {
        if secret.isEmpty {
            var random = SystemRandomNumberGenerator()
            for _ in 0..<4 { secret.append(littleEndian: random.next()) }
        }
        var digest = SHA1()
        digest.update(secret.span)
        // The length separates the end of the hash from the beginning of the password.
        var count: [UInt8] = []
        count.append(littleEndian: UInt64(clamping: hash.count))
        digest.update(count.span)
        digest.update(hash)
        digest.update(password)
        let bytes = digest.finish()
        return PasswordPair(
            high: bytes.span.littleEndian(at: 0) ?? 0,
            low: bytes.span.littleEndian(at: 8) ?? 0)
    }

    func contains(_ pair: PasswordPair, nowMs: Int64) -> Bool {
        guard !entries.isEmpty else { return false }
        let entry = entries[place(of: pair)]
        return entry.pair == pair && entry.untilMs > nowMs
    }

    mutating func remember(_ pair: PasswordPair, nowMs: Int64) {
        if entries.isEmpty {
            entries = Array(
                repeating: Entry(pair: PasswordPair(high: 0, low: 0), untilMs: Int64.min),
                count: VerifiedPasswords.capacity)
        }
        entries[place(of: pair)] = Entry(
            pair: pair, untilMs: nowMs &+ VerifiedPasswords.lifetimeMs)
    }

    private func place(of pair: PasswordPair) -> Int {
        Int(truncatingIfNeeded: pair.low % UInt64(VerifiedPasswords.capacity))
    }
}

/// auth_basic, compiled.
struct AuthBasicPlan: BitwiseCopyable {
    let realm: Template
    let userFile: Template
    /// The directory that a relative path of the file starts from, with a trailing slash.
    let directory: PlanBytes
    /// The delay of a 401 response in milliseconds; 0 for none.
    let delayMs: Int64
}

extension AuthBasic {
    static func compile(_ group: AccessGroup, _ compiler: inout PlanCompiler) -> AuthBasicPlan? {
        guard group.requiresPassword, let realm = group.authBasic.realm,
            let file = group.authBasic.userFile
        else { return nil }
        compiler.parts.requiresPasswords = true
        let delayMs = group.authBasic.delayMs ?? 0
        let directory = compiler.draft.paths.configurationDirectory
        return AuthBasicPlan(
            realm: compiler.template(realm), userFile: compiler.template(file),
            directory: compiler.parts.arena.store(
                directory.utf8.last == UInt8(ascii: "/") ? directory : directory + "/"),
            delayMs: min(Int64(delayMs), 1 << 52))
    }
}

/// The password files and verified passwords of a worker.
struct PasswordState {
    var files = PasswordFiles()
    var verified = VerifiedPasswords()
}

/// The state of a request's password check.
struct PasswordCheck {
    /// The realms of the WWW-Authenticate fields: one for each time that the request was refused.
    var realms: [[UInt8]] = []
    /// The verdict of the helper process and the password that it is about; isCorrect is nil if it
    /// could not be verified.
    var verdict: (pair: PasswordPair, isCorrect: Bool?)?
    /// The connection, while it waits for the helper process.
    var waiter: HelperClient.Waiter?
    /// The status that auth_delay holds back; 0 for none.
    var delayedStatus = 0
}

/// The result of an address or password check.
enum AccessVerdict {
    /// The check does not apply.
    case declined
    case allowed
    case refused(Int)
    /// The helper process was asked to verify the password.
    case waits
}

/// auth_basic (ngx_http_auth_basic_module).
extension AuthBasic {
    /// Returns the user and password of a request.
    static func credentials(_ request: borrowing Request) -> BasicCredentials? {
        guard let field = request.parser.head.field(.authorization) else { return nil }
        return BasicCredentials(authorization: request.received.slice(field))
    }

    static func passwordCheck(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        let realm = Variables.value(of: auth.realm, &request, &services)
        if realm.span.equals("off") { return .declined }
        guard let credentials = credentials(request) else {
            services.logError(
                .info, "no user/password was provided for basic authentication", request)
            return challenge(realm, &request, &services)
        }
        guard let path = userFile(auth, &request, &services) else { return .refused(403) }
        let text: [UInt8]
        do throws(PasswordFiles.Failure) {
            let nowMs = services.clock.seconds &* 1000 &+ services.clock.milliseconds
            text = try services.passwordState.files.text(of: path, nowMs: nowMs)
        } catch {
            let isMissing = error.code == Errno.noEntry && error.call == "open()"
            services.logError(
                isMissing ? .error : .crit,
                "\(SystemError(error.call, "\"\(path.span.text)\"", code: error.code))",
                code: error.code, request)
            return .refused(isMissing ? 403 : 500)
        }
        guard let place = PasswordFile.hash(of: credentials.user.span, in: text.span) else {
            services.logError(
                .error,
                "user \"\(credentials.user.span.text)\" was not found in \"\(path.span.text)\"",
                request)
            return challenge(realm, &request, &services)
        }
        switch check(credentials.password, Array(text[place]), &request, &services) {
        case .refused(401):
            services.logError(
                .error, "user \"\(credentials.user.span.text)\": password mismatch",
                request)
            return challenge(realm, &request, &services)
        case let verdict: return verdict
        }
    }

    /// Returns the path of the password file, relative to the configuration's directory; nil, with
    /// a log message, if a variable in it has a `..` segment.
    private static func userFile(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> [UInt8]? {
        let path = Variables.value(of: auth.userFile, &request, &services)
        guard
            path.span.parentSegments
                <= FilePaths.writtenParents(in: auth.userFile, &request, &services)
        else {
            services.logError(
                .crit, "the password file \"\(path.span.text)\" leads out of its directory",
                request)
            return nil
        }
        return path.first == UInt8(ascii: "/") ? path : Array(auth.directory) + path
    }

    private static func challenge(
        _ realm: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        services.context(of: &request).passwordCheck.realms.append(realm)
        return .refused(401)
    }

    /// Verifies a password at once if that is fast or it was verified recently; otherwise requests
    /// it from the helper process.
    private static func check(
        _ password: [UInt8], _ hash: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        guard PasswordHash.isSlow(hash.span), password.count <= PasswordHash.maxPasswordLength,
            hash.count <= PasswordHash.maxHashLength
        else { return checkHere(password, hash, &services) }
        let pair = services.passwordState.verified.pair(password.span, hash.span)
        if services.passwordState.verified.contains(pair, nowMs: services.clock.monotonicMs) {
            return .allowed
        }
        let context = services.context(of: &request)
        if let verdict = context.passwordCheck.verdict, verdict.pair == pair {
            // Without a verdict, for example because two helper processes died of it, the password
            // is not verified here.
            guard let isCorrect = verdict.isCorrect else {
                return services.helper.isOpen
                    ? .refused(500) : checkHere(password, hash, as: pair, &services)
            }
            return isCorrect ? .allowed : .refused(401)
        }
        guard services.helper.isOpen else { return checkHere(password, hash, as: pair, &services) }
        let waiter = HelperClient.Waiter(
            slot: request.slot, generation: services.connections[request.slot].generation)
        let isSubmitted = services.helper.submit(
            pair, hash: hash, password: password, for: waiter,
            of: WaitingClient(services.peers[request.slot]),
            nowMs: services.clock.monotonicMs)
        services.helperCheckMs = services.helper.nextCheckMs
        guard isSubmitted else {
            services.logError(
                .error, "too many password checks are pending: refusing the request",
                request)
            return .refused(503)
        }
        context.passwordCheck.waiter = waiter
        return .waits
    }

    private static func checkHere(
        _ password: [UInt8], _ hash: [UInt8], as pair: PasswordPair? = nil,
        _ services: inout Services
    ) -> AccessVerdict {
        guard PasswordHash.check(password.span, against: hash.span) == .match else {
            return .refused(401)
        }
        if let pair {
            services.passwordState.verified.remember(pair, nowMs: services.clock.monotonicMs)
        }
        return .allowed
    }

    // MARK: the helper process

    /// Cancels a password check at the end of a request or when its client disconnects.
    static func cancelPasswordCheck(_ request: inout Request, _ services: inout Services) {
        guard let context = request.context, let waiter = context.passwordCheck.waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        services.helper.cancel(waiter)
    }
}
