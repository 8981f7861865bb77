// The state of a fake kernel, shared by the files of this target.
#pragma once
#define _GNU_SOURCE
#include "FakeKernel.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    /// The number of the first descriptor: lower ones belong to the test process.
    first_descriptor = 10000,
    most_descriptors = 1024,
    most_sockets = 256,
    most_inodes = 256,
    most_names = 256,
    most_watches = 256,
    most_changes = 1024,
    most_streams = 8,
    most_logs = 2,
    longest_name = 64,
    tracked_buffers = 512,
};

struct bytes {
    uint8_t *memory;
    size_t start, end, capacity;
};

struct socket {
    bool is_used, is_accepted, is_taken;
    struct bytes to_server, to_client;
    size_t room, received;
    bool client_ended, is_reset, fault_reset;
    bool closed_for_room;
    bool server_ended, server_closed, closed_unread, resets_on_close, client_knows_reset;
    uint32_t address;
    uint16_t port;
    int descriptor;
    int64_t accepted_ms, moved_ms, ended_ms;
};

enum inode_kind { inode_free, inode_file, inode_directory, inode_link };

struct inode {
    enum inode_kind kind;
    uint32_t mode;
    uint64_t number;
    int names, opens;
    uint32_t content;
    int64_t size;
    int64_t modified_ns, changed_ns;
    char target[128];
    /// The directory that is mounted here, or -1.
    int mounted;
    /// The directory that contains this one.
    int parent;
    bool is_silent;
    /// The index of its log plus one, for a file that is only appended to.
    int log;
};

struct name {
    int directory, inode;
    char text[longest_name];
};

struct watch {
    int number, inode;
    uint32_t mask;
};

struct change {
    int watch;
    uint32_t mask;
    char name[longest_name];
};

struct descriptor {
    enum fake_kind kind;
    /// The index of the socket or inode.
    int object;
    bool is_watched, is_path;
    uint32_t interest;
    uint64_t token;
};

/// A stream of fdopendir(3).
struct stream {
    int descriptor, position;
    bool is_used;
};

struct message {
    struct message *next;
    size_t count;
    int inode;
    uint8_t bytes[];
};

struct queue {
    struct message *first, *last;
};

struct kernel {
    uint64_t random, calls, sequence;
    int64_t now_ns, date_offset_ns;
    bool is_traced, is_in_callback;
    fake_waiting waiting;
    fake_changing changing;
    void *context;
    struct fake_faults faults;
    char violation[256];
    struct descriptor descriptors[most_descriptors];
    int descriptors_end, open_count, descriptor_limit, socket_limit;
    /// The call in which a connection was closed while all were in use.
    uint64_t full_call;
    struct socket sockets[most_sockets];
    int sockets_end;
    int backlog[most_sockets], backlog_count;
    struct inode inodes[most_inodes];
    int inodes_end;
    uint64_t next_inode;
    struct name names[most_names];
    int names_end;
    struct watch watches[most_watches];
    int watches_end, next_watch, watch_limit;
    struct change changes[most_changes];
    int changes_count, change_limit;
    bool changes_raise, has_signal;
    int signals[16], signals_count;
    uint64_t mount_event, seen_mount_event;
    struct stream streams[most_streams];
    struct bytes logs[most_logs];
    int logs_count;
    void *buffers[tracked_buffers];
    int buffers_count;
    struct queue to_helper, to_worker;
    bool helper_ended;
};

/// The kernel of this thread while calls are redirected to it.
extern _Thread_local struct kernel *fake_kernel;
/// The kernel of this thread.
extern _Thread_local struct kernel *fake_current;

uint64_t fake_random(struct kernel *kernel);
/// A random number below `end`.
uint64_t fake_below(struct kernel *kernel, uint64_t end);
/// True with a probability of `rate` in 1,000.
bool fake_chance(struct kernel *kernel, int rate);
void fake_violate(struct kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fake_say(struct kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Begins a call: time passes, and files may change.
void fake_enter(struct kernel *kernel);
/// Sets errno and returns -1.
int fake_fail(int error);

/// Returns the descriptor with this number, which is open, or NULL with EBADF: a violation.
struct descriptor *fake_find(struct kernel *kernel, int fd, const char *call);
/// Opens the lowest free number, or fails with EMFILE.
int fake_open(struct kernel *kernel, enum fake_kind kind, int object);
int fake_close(struct kernel *kernel, int fd);

void fake_append(struct bytes *bytes, const void *added, size_t count);
void fake_free_bytes(struct bytes *bytes);
void fake_socket_closed(struct kernel *kernel, struct socket *socket);
uint32_t fake_readiness(struct kernel *kernel, struct descriptor *descriptor);

/// Returns the inode of a path, or -errno. A relative path begins at `directory`.
int fake_resolve(
    struct kernel *kernel, int directory, const char *path, bool follows, int restriction);
/// Opens a file for appending, and creates it if necessary. Returns a descriptor, or -1.
int fake_open_log(struct kernel *kernel, const char *path);
void fake_file_closed(struct kernel *kernel, int inode);
void fake_free_messages(struct kernel *kernel);

int64_t fake_copy_content(
    struct kernel *kernel, int inode, int64_t offset, void *memory, size_t count);
const uint8_t *fake_content(struct kernel *kernel, int inode, int64_t offset);
