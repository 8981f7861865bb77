import CLinux

/// Returns the arguments that this program was started with, its own name first.
public func programArguments() -> [String] {
    var count: Int32 = 0
    guard let words = unsafe clinux_command_line(&count) else { return [] }
    return (0..<Int(count)).compactMap { index in
        guard let word = unsafe words[index] else { return nil }
        return unsafe String(cString: word)
    }
}

/// Lets ``setProcessTitle(_:)`` change what ps(1) shows: its memory is that of the command line and
/// the environment, which are copied. Called once, before processes are forked.
public func reserveProcessTitle() { clinux_reserve_title() }

/// Makes ps(1), top(1) and systemctl(1) show `title` as the command line of this process. Does
/// nothing before ``reserveProcessTitle()``.
public func setProcessTitle(_ title: String) {
    unsafe title.withCString { unsafe clinux_set_title($0) }
}
