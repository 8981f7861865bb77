import CLinux
import Glibc

/// The value of a variable of the environment: getenv(3); nil when it is not set.
public func environmentValue(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}

/// Sets a variable of this process and its children: setenv(3). Where it is `TZ`, local times are
/// of that zone from here on (tzset(3)).
public func setEnvironment(_ name: String, to value: String) {
    _ = unsafe setenv(name, value, 1)
    if name == "TZ" { tzset() }
}
