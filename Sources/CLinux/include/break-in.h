// What somebody would do who has taken a worker over: for tests, and only in debug builds.
#pragma once

/// Tries one of them, by its name: 0 when it could be done, -errno when the kernel refused it, 1
/// for a name that is none. What is not even refused does not return.
int clinux_break_in(const char *what);
