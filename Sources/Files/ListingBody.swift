import HTTP
import Linux

/// Produces the body of a directory listing: names are read slice by slice, then the page is
/// written piece by piece, so that a large directory does not hold up the event loop. The names are
/// kept in memory to be sorted; the page is not.
public final class ListingBody {
    /// The result of a step.
    public enum Step {
        /// The number of bytes written; no more follow if `isLast`.
        case written(Int, isLast: Bool)
        /// Nothing was written: there are more names to read.
        case pending
        case failed(FileError)
    }

    /// The number of names read in one step, which takes about a millisecond.
    static let namesPerStep = 512
    /// The number of entries written in one piece.
    static let entriesPerPiece = 64

    private let style: DirectoryListing.Style
    private let links: LinkRule
    private var stream: DirectoryStream?
    private var listing: DirectoryListing
    private var writtenEntries = 0
    private var isAtTail = false
    /// The rendered part of the page; `taken` bytes of it were written to the caller's buffer.
    private var piece: [UInt8]
    private var taken = 0

    /// Creates the listing of a directory that is open as `directory`. Throws FileError if it is
    /// not a directory.
    public init(
        owning directory: consuming Descriptor, links: LinkRule, style: DirectoryListing.Style
    ) throws(FileError) {
        stream = try DirectoryStream(owning: directory)
        listing = DirectoryListing(order: style.order)
        self.style = style
        self.links = links
        switch style.format {
        case .html: piece = style.htmlHead()
        case .json, .jsonp: piece = style.jsonHead()
        case .xml: piece = style.xmlHead()
        }
    }

    /// Reads some names, or writes as much as fits into `room`.
    public func step(into room: UnsafeMutableRawBufferPointer) -> Step {
        if let error = readNames() { return .failed(error) }
        guard stream == nil else { return .pending }
        var written = 0
        while written < room.count {
            if taken == piece.count {
                if isAtTail { break }
                nextPiece()
            }
            let count = min(room.count &- written, piece.count &- taken)
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[written...])
            unsafe piece.withUnsafeBytes { source in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[taken..<(taken &+ count)]))
            }
            taken &+= count
            written &+= count
        }
        return .written(written, isLast: isAtTail && taken == piece.count)
    }

    private func readNames() -> FileError? {
        guard var open = stream.take() else { return nil }
        do throws(FileError) {
            if try listing.readNames(from: &open, atMost: ListingBody.namesPerStep, links: links) {
                stream = consume open
            }
            return nil
        } catch {
            return error
        }
    }

    private func nextPiece() {
        taken = 0
        var entries: [DirectoryListing.Entry] = []
        var bytes = 0
        while entries.count < ListingBody.entriesPerPiece, let entry = listing.next() {
            entries.append(entry)
            bytes &+= entry.nameCount &* 9 &+ 256
        }
        guard !entries.isEmpty else {
            isAtTail = true
            switch style.format {
            case .html: piece = style.htmlTail(isEmpty: listing.count == 0)
            case .json, .jsonp: piece = style.jsonTail()
            case .xml: piece = style.xmlTail()
            }
            return
        }
        piece = ByteWriter.bytes(atMost: bytes) { page in
            for entry in entries { append(entry, to: &page) }
        }
    }

    private func append(_ entry: DirectoryListing.Entry, to page: inout ByteWriter) {
        let isFirst = writtenEntries == 0
        writtenEntries &+= 1
        listing.withName(of: entry) { name in
            switch style.format {
            case .html: style.appendHTML(entry, named: name, to: &page)
            case .json, .jsonp:
                style.appendJSON(entry, named: name, isFirst: isFirst, to: &page)
            case .xml: style.appendXML(entry, named: name, to: &page)
            }
        }
    }
}
