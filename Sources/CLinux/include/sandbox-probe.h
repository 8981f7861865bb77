// Forbidden actions of a worker that was taken over; for tests, in debug builds only.
#pragma once

/// Tries the action with this name. Returns 0 if it succeeded, -errno if the kernel refused it, 1
/// for an unknown name. Does not return if the action kills the process.
int clinux_sandbox_probe(const char *what);
