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

    /// The most bytes that the kernel sends as one packet (GSO_LEGACY_MAX_SIZE).
    private static let maxPacket: Int64 = 65536
    /// The pacing rate below which a packet is delayed: the next one of 64 KiB is due after 2 us.
    private static let unpacedRate: UInt64 = 32 << 30

    /// Returns the number of bytes to send now, at most `maxCount`: all that are left, or as many
    /// as end at a segment boundary. The first segment begins with the head.
    private static func slice(
        _ maxCount: Int64, _ request: inout Request, _ services: inout Services,
        _ features: LocationFeatures
    ) -> Int64 {
        let rest = request.fileRemaining
        guard rest > maxPacket, !features.contains(.limitsRate) else { return min(rest, maxCount) }
        var most = maxCount
        if request.segmentSize == 0 {
            most = firstSlice(of: rest, maxCount, &request, services)
        }
        guard rest > most else { return rest }
        let sent = request.headBytes &+ request.bodyBytes
        let excess = (sent &+ most) % Int64(request.segmentSize)
        return excess < most ? most &- excess : most
    }

    /// Queries the segment size, and returns the maximum length of the first slice.
    ///
    /// The first slice of a large file is one packet, so that a busy reader can begin; so is that
    /// of a paced connection, where the kernel would set a timer for the second packet, which costs
    /// as much as sending it. Other connections have their turn in between.
    private static func firstSlice(
        of rest: Int64, _ maxCount: Int64, _ request: inout Request, _ services: borrowing Services
    ) -> Int64 {
        let descriptor = services.connections[request.slot].fd
        let info = TCPInfo(of: descriptor)
        request.segmentSize = max(1, Int32(clamping: info?.segmentBytes ?? 1))
        let isPaced =
            rest <= maxCount && info.map { $0.pacingRate < unpacedRate } ?? false
            && TCPInfo.appliesPacing(descriptor)
        return rest > maxCount || isPaced ? min(maxCount, maxPacket) : maxCount
    }
}

extension LocationFeatures {
    /// True if a head waits for the first bytes of its file; false if those may be delayed.
    var sendsHeadWithFile: Bool { contains(.holdsHead) || !contains(.limitsRate) }
}
