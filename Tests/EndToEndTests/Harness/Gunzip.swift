import Foundation

/// Decompresses with the gzip program, which checks length and CRC.
func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let place = try TemporaryDirectory(files: ["body.gz": .bytes(bytes)])
    let result = try run("gzip", ["-d", place.root + "/body.gz"])
    guard result.succeeded else { throw Response.Malformed(description: result.error) }
    return try readBytes(place.root + "/body")
}

func gzip(_ text: String) throws -> [UInt8] {
    let place = try TemporaryDirectory(files: ["body": .text(text)])
    let result = try run("gzip", ["-n", place.root + "/body"])
    guard result.succeeded else { throw Response.Malformed(description: result.error) }
    return try readBytes(place.root + "/body.gz")
}
