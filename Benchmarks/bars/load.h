// A cheap load generator: one thread, prepared requests, responses parsed only for their framing.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    int port;
    int connections;
    /// The number of requests sent at once, before a response is awaited.
    int pipeline;
    /// The number of connections that are idle after one response.
    int idle;
    double seconds;
    /// Requests per second of an open loop; 0 for a closed one.
    double rate;
    /// True for a new connection for each request.
    bool close;
    /// True if the bytes of large bodies are copied to the client's memory.
    bool copies;
    /// The status that every response must have.
    int status;
    const char *path;
    /// A file of paths, one per line, requested in turn.
    const char *paths;
    /// A file with the lines of additional headers.
    const char *fields;
};

/// All requests, one after the other.
struct requests {
    char *bytes;
    size_t *ends;
    size_t count;
};

struct requests make_requests(const struct options *options);

/// The state of reading a response.
struct answer {
    enum { in_head, in_body, in_chunks } part;
    /// The size of the body, and the bytes still expected.
    uint64_t size, left;
};

/// Consumes bytes of a response. Returns their number, or -1 if it is malformed or has another
/// status; `why` says so. Sets `*done` when the response is complete.
long take_answer(struct answer *answer, const char *bytes, size_t count, int status, bool *done,
                 const char **why);

/// Returns the time in nanoseconds.
uint64_t now(void);

/// Latencies in buckets with a width of 1/32.
struct histogram {
    uint64_t counts[64 * 32];
    uint64_t total, most;
};

void note(struct histogram *histogram, uint64_t nanoseconds);
/// Returns the latency that a share of them is below, in nanoseconds.
uint64_t percentile(const struct histogram *histogram, double share);
