import Linux

/// Sends files in slices, so that connections take turns, and in full packets.
///
/// Connections have TCP_NODELAY, so that the end of a response never waits for an acknowledgement;
/// it also sends the partial packet at the end of each call. Therefore the head waits for the file
/// (MSG_MORE), and a slice ends at a segment boundary: a small packet costs as much as a full one,
/// and wakes the receiver for few bytes.
enum FileSending {
    static func sendFile(_ request: inout Request, _ services: inout Services) -> Connection.Input {
        let location = services.plan.locations[Int(request.location)]
        let chunk = location.sendfileMaxChunk
        var maxCount = chunk > 0 ? Int64(chunk) : 1 << 30
        if location.features.contains(.limitsRate) {
            maxCount = min(maxCount, LimitRate.sendableBytes(&request, &services))
            guard maxCount > 0 else { return .limited }
        }
        if FileReading.readsViaHelper(location.features, services) {
            maxCount = min(maxCount, FilePiece.maxCount)
            let rest = FilePiece(
                offset: request.fileOffset, count: request.fileRemaining)
            if FileReading.startReading(maxCount, of: rest, &request, &services) {
                return .fileNotInMemory
            }
        }
        let count = Int(slice(maxCount, &request, &services, location.features))
        let result = Linux.sendFile(
            services.connections[request.slot].fd, from: request.file,
            at: request.fileOffset, count: count)
        switch result {
        case .bytes(let sent): return .sentFile(sent, of: count)
        case .wouldBlock: return .noRoom
        case .failed(let code):
            if code == Errno.ioError || code == Errno.staleFile {
                services.logError(
                    .crit, "\(SystemError("sendfile()", code: code))", code: code, request)
                return .sourceFailed
            }
            return .failed
        }
    }

    /// Returns the number of bytes to send now, at most `maxCount`: all that are left, or as many
    /// as end at a segment boundary. The first segment begins with the head.
    private static func slice(
        _ maxCount: Int64, _ request: inout Request, _ services: inout Services,
        _ features: LocationFeatures
    ) -> Int64 {
        let rest = request.fileRemaining
        guard rest > maxCount, !features.contains(.limitsRate) else { return min(rest, maxCount) }
        if request.segmentSize == 0 {
            request.segmentSize = segmentSize(services.connections[request.slot].fd)
        }
        let sent = request.headBytes &+ request.bodyBytes
        let excess = (sent &+ maxCount) % Int64(request.segmentSize)
        return excess < maxCount ? maxCount &- excess : maxCount
    }
}

extension LocationFeatures {
    /// True if a head waits for the first bytes of its file; false if those may be delayed.
    var sendsHeadWithFile: Bool { contains(.holdsHead) || !contains(.limitsRate) }
}
