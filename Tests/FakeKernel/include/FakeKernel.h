// A kernel in memory for tests that run a worker's event loop: sockets, files, change
// notifications, signals and a clock.
//
// The target defines the C functions that the product calls (recv, send, openat, ...). They reach
// the C library unless a fake kernel runs on the calling thread, so other threads of the test
// process are not affected. All decisions are made by one generator of random numbers, so that a
// seed repeats a run.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Frequencies of faults: of 1,000 calls.
struct fake_faults {
    /// A receive or send that moves fewer bytes than it could.
    int short_transfers;
    /// EAGAIN although there are bytes or room.
    int again;
    /// EINTR.
    int interrupted;
    /// A reset of the connection, at any call.
    int resets;
    /// EMFILE from open and accept.
    int no_descriptors;
    /// ENOMEM: from open, accept, epoll_ctl and inotify, and from allocations of buffers.
    int no_memory;
    /// Changes of files, and actions of clients, during a call that the worker makes.
    int changes;
    /// Bytes of a file that are not in the page cache.
    int cold_reads;
    /// A changed byte in what the worker sends, to test the checks.
    int corruptions;
};

/// The state of a path.
struct fake_file {
    /// errno(3) of a path that cannot be opened; 0 otherwise.
    int error;
    bool is_directory;
    uint64_t inode;
    /// The position of the content in the pattern.
    uint32_t content;
    int64_t size;
    int64_t modified_ns;
};

/// Bits of fake_client_state.
enum fake_client_bits {
    fake_accepted = 1,
    /// The server has shut down its direction, and everything before that was read.
    fake_end_of_stream = 2,
    /// The connection was reset by the server, or by a fault.
    fake_was_reset = 4,
    /// The server has closed its descriptor.
    fake_is_closed = 8,
    /// The server closed its descriptor without having received everything: a real kernel resets
    /// the connection, which may discard bytes that the client has not read.
    fake_closed_unread = 16,
    /// A fault has reset the connection.
    fake_fault_reset = 32,
    /// The server closed it when it had as many connections as it may have.
    fake_closed_for_room = 64,
};

enum fake_kind {
    fake_kind_free,
    fake_kind_socket,
    fake_kind_listener,
    fake_kind_epoll,
    fake_kind_inotify,
    fake_kind_signals,
    fake_kind_mounts,
    fake_kind_file,
    fake_kind_directory,
    fake_kind_event,
    fake_kind_helper,
    /// A file that is open for appending.
    fake_kind_log,
};

/// The next step of a wait.
enum fake_wait {
    /// Look again whether a descriptor is ready.
    fake_look_again,
    /// Return the events, or none.
    fake_return,
    /// Return EINTR.
    fake_interrupt,
};

/// Called while the worker waits at most `timeout_ms` (-1: no limit), with the number of ready
/// descriptors.
typedef int (*fake_waiting)(void *context, int timeout_ms, int ready);
/// Called to change files, or to act as a client, during a call of the worker.
typedef void (*fake_changing)(void *context);

// Running.

/// Starts a fake kernel on this thread.
void fake_start(
    uint64_t seed, bool traced, fake_waiting waiting, fake_changing changing, void *context);
/// Sets the context of the callbacks.
void fake_set_context(void *context);
/// Ends it and frees its memory.
void fake_stop(void);
struct fake_faults *fake_fault_rates(void);
/// Returns a line about the first violation of a rule by the worker, such as closing a descriptor
/// that is not open; NULL if there was none.
const char *fake_violation(void);
/// Prints a line if the run is traced.
void fake_trace(const char *text);
/// A number that depends on every call and every random decision.
uint64_t fake_fingerprint(void);
/// A number that increases with every event.
uint64_t fake_sequence(void);
/// The number of open descriptors of a kind.
int fake_open_descriptors(int kind);
/// The number of buffers that were allocated with aligned_alloc and not freed.
int fake_live_buffers(void);
/// Prints the seed if the process crashes, or if the run takes a minute; 0 for none.
void fake_name_seed(uint64_t seed);
/// Limits the number of open descriptors; 0 for no limit.
void fake_limit_descriptors(int count);
/// Sets the number of connections that the server may have.
void fake_limit_sockets(int count);

// Time.

int64_t fake_now_ms(void);
int64_t fake_date_ns(void);
void fake_advance_ms(int64_t milliseconds);
/// Sets the date forwards or backwards, which does not affect the monotonic clock.
void fake_shift_date(int64_t seconds);

// Signals and mounts.

void fake_raise_signal(int number);

// Connections.

int fake_listen(void);
/// Connects a client; the server's direction has room for `room` bytes. Returns its number, or -1.
int fake_connect(int listener, uint32_t address, uint16_t port, size_t room);
/// Returns the number of bytes that fit.
size_t fake_client_send(int client, const void *bytes, size_t count);
size_t fake_client_receive(int client, void *bytes, size_t count);
/// The number of bytes that the client could receive.
size_t fake_client_readable(int client);
/// The number of bytes that the client could send.
size_t fake_client_room(int client);
/// The number of bytes that the server has received, and has not received yet.
size_t fake_server_received(int client);
size_t fake_server_readable(int client);
void fake_client_end(int client);
void fake_client_reset(int client);
int fake_client_state(int client);
/// The time at which the server last received or sent bytes, or accepted the connection.
int64_t fake_moved_ms(int client);
/// The time at which the server accepted the connection.
int64_t fake_accepted_ms(int client);
/// The time at which the server closed its descriptor or shut down its direction; 0 before.
int64_t fake_ended_ms(int client);
/// True if the server watches the connection for nothing but errors, or not at all.
bool fake_is_unwatched(int client);

// Files. Paths are absolute. Each function returns 0 or an errno(3).

int fake_make_directory(const char *path);
int fake_make_link(const char *path, const char *target);
/// Creates a file, or replaces its content in place.
int fake_write_file(const char *path, uint32_t content, int64_t size);
/// Changes the size in place; the content before it stays.
int fake_truncate(const char *path, int64_t size);
/// Changes the modification time.
int fake_touch(const char *path);
int fake_set_mode(const char *path, uint32_t mode);
int fake_unlink(const char *path);
int fake_rename(const char *from, const char *to);
/// Mounts the directory `from` at `at`; unmounts what is there if `from` is NULL.
int fake_mount(const char *from, const char *at);
/// Sets whether the file system of a directory notifies of changes.
int fake_set_notifies(const char *path, bool notifies);
/// Limits the queue of change notifications; what does not fit is lost.
void fake_limit_changes(int count);
/// Limits the number of watches.
void fake_limit_watches(int count);
struct fake_file fake_look_up(const char *path);

/// The number of bytes after which the pattern repeats.
uint32_t fake_pattern_period(void);
/// Returns `count` bytes of a content, at most fake_longest_content().
const uint8_t *fake_pattern(uint32_t content, int64_t offset);
int64_t fake_longest_content(void);
/// Returns the position of the first byte that occurs in none of the contents at its place; `count`
/// if all do.
size_t fake_mismatch(
    const uint8_t *bytes, size_t count, int64_t offset, const uint32_t *contents, size_t versions);

/// Returns the offset of `wanted` in `bytes`; `count` if it does not occur.
size_t fake_position(const uint8_t *bytes, size_t count, const char *wanted);

/// Returns what was appended to a file, and its size.
const uint8_t *fake_log(const char *path, size_t *count);

// The helper process.

/// Opens the worker's end of the socket to the helper process.
int fake_open_helper(void);
/// Returns the length of the next message to the helper, which is copied, or -1. A passed file's
/// status is stored in `file`.
long fake_helper_receive(void *bytes, size_t count, struct fake_file *file);
/// Sends a message to the worker. Returns false if the worker has closed its end.
bool fake_helper_send(const void *bytes, size_t count);
/// Closes the helper's end.
void fake_helper_end(void);
