import Files
import HTTP
import Linux

/// A whole answer that was made once and is sent again, as long as nothing that it was made of has
/// changed: a head, and a body that is a file's or its own.
@safe
struct Answer: BitwiseCopyable {
    /// A file that the answer is made of, as it was then.
    struct Source: BitwiseCopyable {
        var entry: Int32 = -1
        var generation: UInt32 = 0

        static var none: Source { Source() }
    }

    /// What an answer is looked up by, its path apart.
    struct Variant: BitwiseCopyable, Equatable {
        let server: Int32
        /// What the client takes (``CodingClasses``).
        let codingClass: UInt16
        /// For a client that has this version already: 304.
        let isNotModified: Bool

        var number: UInt64 {
            UInt64(UInt32(bitPattern: server)) &<< 32 | UInt64(codingClass) &<< 1
                | (isNotModified ? 1 : 0)
        }
    }

    /// Path, head and own body, one after the other; nil where the slot is free.
    var memory: UnsafeMutableRawPointer?
    var hash: UInt64 = 0
    var variant = Variant(server: 0, codingClass: 0, isNotModified: false)
    var pathCount: UInt32 = 0
    var headCount: UInt32 = 0
    /// Of its own body.
    var bodyCount: UInt32 = 0
    var status: UInt16 = 0
    var uses: UInt8 = 0
    /// The body is the first file, as a whole.
    var sendsFile = false
    var location: Int32 = 0
    var file = Source.none
    var otherFile = Source.none
    /// In which epoch everything else that was looked at was as it is.
    var epoch: UInt64 = 0
    /// It is not sent after this time, nor, when the clock was set back, before the other:
    /// Last-Modified must not be later than Date (RFC 9110, section 8.8.2.1).
    var lastSecond = Int64.max
    var firstSecond = Int64.min
    /// When its dates are of.
    var datedSecond: Int64 = 0
    /// Where in the head Date's value is.
    var dateOffset: UInt32 = 0
    /// Where Expires' value is, and how long after Date; 0 for none.
    var expiresOffset: UInt32 = 0
    var expiresAfter: Int64 = 0
    /// Where `keep-alive` and what belongs to it is.
    var connection = ByteExtent.empty
    /// Where the values of ETag and Last-Modified are.
    var tag = ByteExtent.empty
    var modified = ByteExtent.empty
    /// The index file that was found, for `$uri`.
    var index: PlanBytes?

    /// How many bytes it keeps in memory.
    var byteCount: Int { Int(pathCount) &+ Int(headCount) &+ Int(bodyCount) }
}
