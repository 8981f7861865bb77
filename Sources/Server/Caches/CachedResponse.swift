import Files
import HTTP
import Linux

/// A complete response that was built once and is sent again while nothing that it depends on has
/// changed: a head, and either a whole file or a body of its own.
@safe
struct CachedResponse: BitwiseCopyable {
    /// A version of a file that the response depends on.
    struct FileVersion: BitwiseCopyable {
        var entry: Int32 = -1
        var generation: UInt32 = 0

        static var none: FileVersion { FileVersion() }
    }

    /// The key of a cached response, in addition to its path.
    struct Key: BitwiseCopyable, Equatable {
        let server: Int32
        /// The class of the client's Accept-Encoding (``CodingClasses``).
        let encodingClass: UInt16
        /// True for a client that has this version already: 304.
        let isNotModified: Bool

        var number: UInt64 {
            UInt64(UInt32(bitPattern: server)) &<< 32 | UInt64(encodingClass) &<< 1
                | (isNotModified ? 1 : 0)
        }
    }

    /// The path, the head and the body of its own, one after the other; nil in a free slot.
    var memory: UnsafeMutableRawPointer?
    var hash: UInt64 = 0
    var variant = Key(server: 0, encodingClass: 0, isNotModified: false)
    var pathCount: UInt32 = 0
    var headCount: UInt32 = 0
    /// The length of the body of its own.
    var bodyCount: UInt32 = 0
    var status: UInt16 = 0
    var uses: UInt8 = 0
    /// True if the body is all of the first file.
    var sendsFile = false
    var location: Int32 = 0
    var file = FileVersion.none
    var otherFile = FileVersion.none
    /// The epoch of the file cache in which all other lookups were made.
    var epoch: UInt64 = 0
    /// The last second at which it may be sent, and the first, in case the clock is set back:
    /// Last-Modified must not be later than Date (RFC 9110, section 8.8.2.1).
    var lastSecond = Int64.max
    var firstSecond = Int64.min
    /// The second that its dates are from.
    var datedSecond: Int64 = 0
    /// The offset of the value of Date in the head.
    var dateOffset: UInt32 = 0
    /// The offset of the value of Expires, and its distance from Date in seconds; 0 for none.
    var expiresOffset: UInt32 = 0
    var expiresAfter: Int64 = 0
    /// The extent of `keep-alive` and the Keep-Alive header after it.
    var connection = ByteExtent.empty
    /// The extents of the values of ETag and Last-Modified.
    var tag = ByteExtent.empty
    var modified = ByteExtent.empty
    /// The index file that was found, for `$uri`.
    var index: PlanBytes?

    /// The bytes of memory for path, head and body.
    var byteCount: Int { Int(pathCount) &+ Int(headCount) &+ Int(bodyCount) }
}
