import Foundation
import Glibc

/// The expected response, computed from the disk at this moment.
struct Expected {
    private var status = 200
    private var body: [UInt8]?
    private var part: String?
    private var fileStatus: FileStatus?
    private var coding: Coding = .none

    private enum Coding { case none, sidecar, onTheFly }

    private struct FileStatus {
        let modified: Int
        let size: Int
        let changedNanoseconds: Int
    }

    init(_ content: ExpectedContent) throws {
        switch content {
        case .status(let code): status = code
        case .page(let text): part = text
        case .file(let path, let code):
            status = code
            try take(path)
        case .sidecar(let path):
            coding = .sidecar
            try take(path)
        case .compressed(let path):
            coding = .onTheFly
            try take(path)
        }
    }

    private mutating func take(_ path: String) throws {
        var buffer = stat()
        guard unsafe stat(path, &buffer) == 0 else { throw SystemFailure("stat \(path)") }
        body = try readBytes(path)
        // An error page has the error's status, and no meaningful validators.
        guard status == 200 else { return }
        fileStatus = FileStatus(
            modified: buffer.st_mtim.tv_sec, size: Int(buffer.st_size),
            changedNanoseconds: buffer.st_ctim.tv_nsec)
    }

    /// Returns how a response, received now, differs from the expected one; nil if it does not.
    func difference(of response: Response) -> String? {
        if response.status != status { return "status \(response.status), not \(status)" }
        if let part, !response.text.contains(part) { return "a page without \(part)" }
        let wanted = coding == .sidecar ? "gzip" : nil
        if coding != .onTheFly, response["Content-Encoding"] != wanted {
            return "Content-Encoding \(response["Content-Encoding"] ?? "missing")"
        }
        if let body {
            let isCompressed = coding == .onTheFly && response["Content-Encoding"] == "gzip"
            let received = isCompressed ? inflated(response.body) ?? [] : response.body
            if received != body { return "\(Self.shown(received)), not \(Self.shown(body))" }
        }
        guard let fileStatus else { return nil }
        if response["Last-Modified"] != Self.date(fileStatus.modified) {
            return "Last-Modified \(response["Last-Modified"] ?? "missing")"
        }
        return tagDifference(response, fileStatus)
    }

    /// Compares the entity tag with nginx's form, or the longer one of apus for a recently changed
    /// file.
    private func tagDifference(_ response: Response, _ fileStatus: FileStatus) -> String? {
        let tag = response["ETag"] ?? "missing"
        let isWeak = coding == .onTheFly && response["Content-Encoding"] == "gzip"
        let start = (isWeak ? "W/\"" : "\"") + hex(fileStatus.modified) + "-" + hex(fileStatus.size)
        if tag == start + "-" + hex(fileStatus.changedNanoseconds) + "\"" { return nil }
        // time(2) may be a tick behind the worker's.
        let isOld = Int(Date().timeIntervalSince1970) - fileStatus.modified >= 2
        if tag == start + "\"", isOld || Self.isNginx(response) { return nil }
        return "ETag \(tag), not \(start)…"
    }

    /// True for a response of nginx, whose tags have one form.
    private static func isNginx(_ response: Response) -> Bool {
        response["Server"]?.hasPrefix("nginx") ?? false
    }

    /// True if a client with this tag has an older version.
    func isNewer(for tag: String) -> Bool {
        guard let fileStatus else { return false }
        let start = hex(fileStatus.modified) + "-" + hex(fileStatus.size)
        return !tag.contains(start)
            || tag.filter { $0 == "-" }.count == 2
                && !tag.contains(start + "-" + hex(fileStatus.changedNanoseconds) + "\"")
    }

    private func hex(_ number: Int) -> String { String(number, radix: 16) }

    private static func shown(_ bytes: [UInt8]) -> String {
        "\(bytes.count) bytes \(String(decoding: bytes.prefix(24), as: UTF8.self).debugDescription)"
    }

    private static func date(_ seconds: Int) -> String {
        var seconds = seconds
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
