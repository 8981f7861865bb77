import CLinux

/// Opens an eventfd(2), non-blocking and close-on-exec, to wake another process.
public func openEventDescriptor() throws(SystemError) -> Int32 {
    let returned = clinux_event_descriptor()
    guard returned >= 0 else { throw SystemError("eventfd()", code: returned) }
    return returned
}

/// Makes an eventfd readable.
public func raiseEvent(_ descriptor: Int32) { clinux_event_raise(descriptor) }

/// Makes an eventfd unreadable. Returns true if it was readable.
@discardableResult
public func clearEvent(_ descriptor: Int32) -> Bool { clinux_event_clear(descriptor) != 0 }

/// Opens a pipe by which a less privileged process wakes another; both ends are non-blocking and
/// close-on-exec. They are two open files, so that the writer can neither make the reader's end
/// block nor consume wake-ups of others.
public func openWakePipe() throws(SystemError) -> (reads: Int32, writes: Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let returned = unsafe withUnsafeMutablePointer(to: &ends) {
        unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe clinux_wake_pipe($0) }
    }
    guard returned == 0 else { throw SystemError("pipe()", code: returned) }
    return (ends.0, ends.1)
}

/// Wakes the reader of a wake pipe.
public func wakePipe(_ writes: Int32) { clinux_wake(writes) }

/// Consumes up to 4096 wake-ups of a wake pipe. Returns true if there were any.
@discardableResult
public func consumeWakes(_ reads: Int32) -> Bool { clinux_wakes(reads) != 0 }

/// Closes descriptors and keeps their numbers occupied as long as this process lives, with unused
/// descriptors.
public func closeReservingNumbers(_ descriptors: [Int32]) {
    for descriptor in descriptors { closeDescriptor(descriptor) }
    var missing = Set(descriptors)
    var others: [Int32] = []
    // The kernel assigns the lowest free number.
    while !missing.isEmpty, let descriptor = try? openEventDescriptor() {
        if missing.remove(descriptor) == nil { others.append(descriptor) }
    }
    for descriptor in others { closeDescriptor(descriptor) }
}
