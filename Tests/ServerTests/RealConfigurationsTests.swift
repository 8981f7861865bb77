import Configuration
import Foundation
import Testing

@testable import Server

/// Real configurations, in Configurations/: those of Debian and of the official image as installed
/// (without comments), fragments for the image's conf.d, and complete files. All of them load
/// unchanged.
@Suite struct RealConfigurationsTests {
    private static let folder =
        #filePath.components(separatedBy: "/RealConfigurationsTests.swift")[0] + "/Configurations"

    private static func names(in folder: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: self.folder + "/" + folder)
        return (names ?? []).sorted()
    }

    static let fragments = names(in: "fragments")
    static let wholes = names(in: "whole")

    @Test func configurationsAreFound() {
        #expect(Self.fragments.count >= 15 && Self.wholes.count >= 2)
    }

    @Test(arguments: ["debian12", "debian13", "official"])
    func stockConfigurationLoads(name: String) throws {
        let outcome = try load(name) { _ in }
        #expect(outcome.report.isEmpty)
        let plan = try #require(outcome.plan)
        #expect(plan.listens.count == (name == "official" ? 1 : 2))
        #expect(outcome.dump.count >= 3)
    }

    @Test(arguments: fragments) func fragmentLoads(name: String) throws {
        let outcome = try load("official") { directory in
            let path = directory + "/conf.d/default.conf"
            try FileManager.default.removeItem(atPath: path)
            try copy(Self.folder + "/fragments/" + name, to: path, in: directory)
        }
        expectLoaded(outcome)
    }

    @Test(arguments: wholes) func wholeConfigurationLoads(name: String) throws {
        let outcome = try load("official") { directory in
            let path = directory + "/nginx.conf"
            try FileManager.default.removeItem(atPath: path)
            try copy(Self.folder + "/whole/" + name, to: path, in: directory)
        }
        expectLoaded(outcome)
    }

    private func expectLoaded(_ outcome: LoadOutcome) {
        #expect(outcome.plan != nil, "\(outcome.report)")
    }

    /// Loads a directory as though it were /etc/nginx, after applying `change` to it.
    private func load(_ name: String, _ change: (String) throws -> Void) throws -> LoadOutcome {
        let directory = try TemporaryDirectory()
        let target = directory.path + "/nginx"
        let source = Self.folder + "/" + name
        let files = FileManager.default.enumerator(atPath: source)?.allObjects as? [String] ?? []
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: false)
        for file in files.sorted() {
            var isDirectory: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(
                atPath: source + "/" + file, isDirectory: &isDirectory)
            if isDirectory.boolValue {
                try FileManager.default.createDirectory(
                    atPath: target + "/" + file, withIntermediateDirectories: false)
            } else {
                try copy(source + "/" + file, to: target + "/" + file, in: target)
            }
        }
        let types = Self.folder + "/../../../conf/mime.types"
        try FileManager.default.copyItem(atPath: types, toPath: target + "/mime.types")
        try change(target)
        return ConfigurationLoader.load(
            LoadRequest(path: target + "/nginx.conf", prefix: "/usr/share/nginx"))
    }

    private func copy(_ source: String, to target: String, in directory: String) throws {
        let text = try String(contentsOfFile: source, encoding: .utf8)
        try text.replacingOccurrences(of: "/etc/nginx", with: directory)
            .write(toFile: target, atomically: false, encoding: .utf8)
    }
}
