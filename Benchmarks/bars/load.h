// A load that costs little: one thread, requests made beforehand, answers parsed as far as their
// framing goes.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    int port;
    int connections;
    /// Requests that are sent at once, before any of their answers is waited for.
    int pipeline;
    /// Connections that have had an answer and do nothing.
    int idle;
    double seconds;
    /// Requests a second of an open loop; 0 for a closed one.
    double rate;
    /// A connection for each request.
    bool close;
    /// Every answer must have this status.
    int status;
    const char *path;
    /// A file of paths, one a line, that are asked for in turn.
    const char *paths;
    /// A file with the lines of further fields.
    const char *fields;
};

/// All requests, one behind the other.
struct requests {
    char *bytes;
    size_t *ends;
    size_t count;
};

struct requests make_requests(const struct options *options);

/// How far an answer was read.
struct answer {
    enum { in_head, in_body, in_chunks } part;
    /// Bytes of the body, and those of them that are still to come.
    uint64_t size, left;
};

/// Takes an answer, or as much of it as there is, from `bytes`: how many were used. Sets `*done`
/// when it is complete. -1 when it cannot be read or has another status; `why` says so.
long take_answer(struct answer *answer, const char *bytes, size_t count, int status, bool *done,
                 const char **why);

/// Nanoseconds.
uint64_t now(void);

/// Latencies in buckets that are 1/32 wide.
struct histogram {
    uint64_t counts[64 * 32];
    uint64_t total, most;
};

void note(struct histogram *histogram, uint64_t nanoseconds);
/// The latency that a share of them is below, in nanoseconds.
uint64_t percentile(const struct histogram *histogram, double share);
