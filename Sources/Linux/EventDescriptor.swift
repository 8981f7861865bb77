import CLinux

/// An eventfd(2), non-blocking and close-on-exec: a bell between processes.
public func openEventDescriptor() throws(SystemError) -> Int32 {
    let returned = clinux_event_descriptor()
    guard returned >= 0 else { throw SystemError("eventfd()", code: returned) }
    return returned
}

/// Makes an eventfd readable.
public func raiseEvent(_ descriptor: Int32) { clinux_event_raise(descriptor) }

/// Makes an eventfd unreadable; whether it was readable.
@discardableResult
public func clearEvent(_ descriptor: Int32) -> Bool { clinux_event_clear(descriptor) != 0 }

/// Closes descriptors and keeps their numbers taken for as long as this process lives, by
/// descriptors that mean nothing.
public func closeKeepingNumbers(_ descriptors: [Int32]) {
    for descriptor in descriptors { closeDescriptor(descriptor) }
    var missing = Set(descriptors)
    var others: [Int32] = []
    // The kernel gives the lowest number that is free.
    while !missing.isEmpty, let descriptor = try? openEventDescriptor() {
        if missing.remove(descriptor) == nil { others.append(descriptor) }
    }
    for descriptor in others { closeDescriptor(descriptor) }
}
