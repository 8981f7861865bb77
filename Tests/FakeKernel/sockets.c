#include "kernel.h"

// MARK: bytes in flight

static size_t count_of(const struct bytes *bytes) { return bytes->end - bytes->start; }

void fake_append(struct bytes *bytes, const void *added, size_t count) {
    if (bytes->start == bytes->end) bytes->start = bytes->end = 0;
    if (bytes->capacity - bytes->end < count) {
        memmove(bytes->memory, bytes->memory + bytes->start, count_of(bytes));
        bytes->end -= bytes->start;
        bytes->start = 0;
        if (bytes->capacity - bytes->end < count) {
            bytes->capacity = (bytes->end + count) * 2;
            bytes->memory = realloc(bytes->memory, bytes->capacity);
            if (!bytes->memory) abort();
        }
    }
    memcpy(bytes->memory + bytes->end, added, count);
    bytes->end += count;
}

static size_t take(struct bytes *bytes, void *memory, size_t count) {
    if (count > count_of(bytes)) count = count_of(bytes);
    memcpy(memory, bytes->memory + bytes->start, count);
    bytes->start += count;
    return count;
}

void fake_free_bytes(struct bytes *bytes) {
    free(bytes->memory);
    *bytes = (struct bytes){0};
}

// MARK: clients

int fake_listen(void) { return fake_open(fake_current, fake_kind_listener, 0); }

int fake_connect(int listener, uint32_t address, uint16_t port, size_t room) {
    struct kernel *kernel = fake_current;
    struct descriptor *descriptor = &kernel->descriptors[listener - first_descriptor];
    if (descriptor->kind != fake_kind_listener || kernel->sockets_end >= most_sockets) return -1;
    int index = kernel->sockets_end++;
    kernel->sockets[index] = (struct socket){
        .is_used = true, .room = room, .address = address, .port = port, .descriptor = -1};
    kernel->backlog[kernel->backlog_count++] = index;
    kernel->sequence++;
    fake_say(kernel, "client %d connects, room for %zu bytes", index, room);
    return index;
}

enum { receive_room = 65536 };

size_t fake_client_room(int client) {
    struct socket *socket = &fake_current->sockets[client];
    size_t used = count_of(&socket->to_server);
    return used < receive_room ? receive_room - used : 0;
}

size_t fake_client_send(int client, const void *bytes, size_t count) {
    struct kernel *kernel = fake_current;
    struct socket *socket = &kernel->sockets[client];
    if (count > fake_client_room(client)) count = fake_client_room(client);
    if (socket->is_reset || socket->client_ended) return 0;
    kernel->sequence++;
    fake_say(kernel, "client %d sends %zu bytes", client, count);
    if (socket->server_closed) {
        // The kernel responds with a reset: bytes that the client has not read may be lost.
        socket->closed_unread = socket->client_knows_reset = true;
        return count;
    }
    fake_append(&socket->to_server, bytes, count);
    return count;
}

size_t fake_client_readable(int client) {
    return count_of(&fake_current->sockets[client].to_client);
}

size_t fake_server_readable(int client) {
    return count_of(&fake_current->sockets[client].to_server);
}

size_t fake_server_received(int client) { return fake_current->sockets[client].received; }

size_t fake_client_receive(int client, void *bytes, size_t count) {
    struct kernel *kernel = fake_current;
    kernel->sequence++;
    size_t taken = take(&kernel->sockets[client].to_client, bytes, count);
    fake_say(kernel, "client %d receives %zu bytes", client, taken);
    return taken;
}

void fake_client_end(int client) {
    fake_current->sequence++;
    fake_say(fake_current, "client %d shuts down its direction", client);
    fake_current->sockets[client].client_ended = true;
}

void fake_client_reset(int client) {
    fake_current->sequence++;
    fake_say(fake_current, "client %d resets", client);
    fake_current->sockets[client].is_reset = true;
}

int fake_client_state(int client) {
    struct socket *socket = &fake_current->sockets[client];
    int state = 0;
    if (socket->is_accepted) state |= fake_accepted;
    if (socket->server_ended || socket->server_closed) state |= fake_end_of_stream;
    if (socket->is_reset || socket->client_knows_reset) state |= fake_was_reset;
    if (socket->server_closed) state |= fake_is_closed;
    if (socket->closed_unread) state |= fake_closed_unread;
    if (socket->fault_reset) state |= fake_fault_reset;
    if (socket->closed_for_room) state |= fake_closed_for_room;
    return state;
}

int64_t fake_moved_ms(int client) { return fake_current->sockets[client].moved_ms; }
int64_t fake_accepted_ms(int client) { return fake_current->sockets[client].accepted_ms; }
int64_t fake_ended_ms(int client) { return fake_current->sockets[client].ended_ms; }

bool fake_is_unwatched(int client) {
    int fd = fake_current->sockets[client].descriptor;
    if (fd < 0) return true;
    struct descriptor *descriptor = &fake_current->descriptors[fd - first_descriptor];
    return !descriptor->is_watched || !(descriptor->interest & (EPOLLIN | EPOLLOUT));
}

// MARK: readiness

// A real kernel reports room once a third of the buffer is free.
static bool is_writable(const struct socket *socket) {
    return count_of(&socket->to_client) * 3 <= socket->room * 2;
}

static uint32_t socket_readiness(const struct socket *socket) {
    uint32_t bits = 0;
    if (count_of(&socket->to_server) || socket->client_ended || socket->is_reset) bits |= EPOLLIN;
    if (is_writable(socket) || socket->is_reset) bits |= EPOLLOUT;
    if (socket->client_ended || socket->is_reset) bits |= EPOLLRDHUP;
    if (socket->is_reset) bits |= EPOLLERR | EPOLLHUP;
    if (socket->client_ended && socket->server_ended) bits |= EPOLLHUP;
    return bits;
}

uint32_t fake_readiness(struct kernel *kernel, struct descriptor *descriptor) {
    switch (descriptor->kind) {
    case fake_kind_socket: return socket_readiness(&kernel->sockets[descriptor->object]);
    case fake_kind_listener: return kernel->backlog_count ? EPOLLIN : 0;
    case fake_kind_inotify: return kernel->changes_count ? EPOLLIN : 0;
    case fake_kind_signals: return kernel->signals_count ? EPOLLIN : 0;
    case fake_kind_mounts:
        return kernel->mount_event != kernel->seen_mount_event ? EPOLLERR | EPOLLPRI : 0;
    case fake_kind_helper:
        return (kernel->to_worker.first || kernel->helper_ended ? EPOLLIN : 0)
            | (kernel->helper_ended ? EPOLLHUP : 0);
    default: return EPOLLIN;
    }
}

void fake_socket_closed(struct kernel *kernel, struct socket *socket) {
    fake_say(
        kernel, "close of client %d%s", (int)(socket - kernel->sockets),
        count_of(&socket->to_server) ? " with unread bytes" : "");
    // This one is not counted any more; several may be closed in a row.
    if (fake_open_descriptors(fake_kind_socket) + 1 >= kernel->socket_limit)
        kernel->full_call = kernel->calls;
    socket->closed_for_room = kernel->full_call && kernel->calls - kernel->full_call <= 32;
    socket->server_closed = true;
    socket->descriptor = -1;
    if (!socket->ended_ms) socket->ended_ms = kernel->now_ns / 1000000;
    if (count_of(&socket->to_server)) socket->closed_unread = socket->client_knows_reset = true;
    if (socket->resets_on_close) {
        // What the client has not read is gone.
        socket->client_knows_reset = true;
        socket->to_client.start = socket->to_client.end;
    }
}

// MARK: calls of the worker

static struct socket *socket_of(struct kernel *kernel, int fd, const char *call) {
    struct descriptor *descriptor = fake_find(kernel, fd, call);
    if (!descriptor) return NULL;
    if (descriptor->kind == fake_kind_socket) return &kernel->sockets[descriptor->object];
    fake_violate(kernel, "%s of descriptor %d, which is not a socket", call, fd);
    errno = ENOTSOCK;
    return NULL;
}

static void maybe_reset(struct kernel *kernel, struct socket *socket) {
    if (!fake_chance(kernel, kernel->faults.resets)) return;
    fake_say(kernel, "client %d: reset by a fault", (int)(socket - kernel->sockets));
    socket->is_reset = socket->fault_reset = true;
}

static size_t part_of(struct kernel *kernel, size_t count) {
    if (count < 2 || !fake_chance(kernel, kernel->faults.short_transfers)) return count;
    return 1 + (size_t)fake_below(kernel, count - 1);
}

int fake_accept(struct kernel *kernel, int fd, uint32_t *address, uint16_t *port) {
    if (!fake_find(kernel, fd, "accept4")) return -1;
    if (!kernel->backlog_count) return fake_fail(EAGAIN);
    if (fake_chance(kernel, kernel->faults.no_descriptors)) return fake_fail(EMFILE);
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(ENOMEM);
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(ECONNABORTED);
    int index = kernel->backlog[0];
    int accepted = fake_open(kernel, fake_kind_socket, index);
    if (accepted < 0) return -1;
    kernel->backlog_count--;
    memmove(
        kernel->backlog, kernel->backlog + 1,
        (size_t)kernel->backlog_count * sizeof *kernel->backlog);
    struct socket *socket = &kernel->sockets[index];
    socket->is_accepted = true;
    socket->descriptor = accepted;
    socket->accepted_ms = socket->moved_ms = kernel->now_ns / 1000000;
    *address = socket->address;
    *port = socket->port;
    fake_say(kernel, "accept4: client %d is descriptor %d", index, accepted);
    return accepted;
}

ssize_t fake_recv(struct kernel *kernel, int fd, void *memory, size_t count) {
    struct socket *socket = socket_of(kernel, fd, "recv");
    if (!socket) return -1;
    int client = (int)(socket - kernel->sockets);
    if (!count) fake_violate(kernel, "recv into no room, client %d", client);
    maybe_reset(kernel, socket);
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (count_of(&socket->to_server) && (!socket->is_reset || fake_below(kernel, 2))) {
        if (fake_chance(kernel, kernel->faults.again)) return fake_fail(EAGAIN);
        size_t most = count_of(&socket->to_server);
        size_t taken = take(
            &socket->to_server, memory, part_of(kernel, count < most ? count : most));
        socket->received += taken;
        socket->moved_ms = kernel->now_ns / 1000000;
        fake_say(kernel, "recv from client %d: %zu of %zu bytes", client, taken, most);
        return (ssize_t)taken;
    }
    if (socket->is_reset) {
        fake_say(kernel, "recv from client %d: ECONNRESET", client);
        return fake_fail(ECONNRESET);
    }
    if (socket->client_ended) {
        fake_say(kernel, "recv from client %d: end of stream", client);
        return 0;
    }
    return fake_fail(EAGAIN);
}

/// Checks whether a send is possible. Returns the room, or -1 with errno.
static ssize_t room_of(struct kernel *kernel, struct socket *socket) {
    if (socket->server_ended)
        fake_violate(
            kernel, "send to client %d after shutdown", (int)(socket - kernel->sockets));
    maybe_reset(kernel, socket);
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (socket->is_reset) return fake_fail(fake_below(kernel, 2) ? EPIPE : ECONNRESET);
    size_t used = count_of(&socket->to_client);
    if (used >= socket->room || fake_chance(kernel, kernel->faults.again))
        return fake_fail(EAGAIN);
    return (ssize_t)(socket->room - used);
}

static ssize_t put(
    struct kernel *kernel, struct socket *socket, const void *memory, size_t count, size_t room,
    const char *call) {
    size_t sent = part_of(kernel, count < room ? count : room);
    fake_append(&socket->to_client, memory, sent);
    if (fake_chance(kernel, kernel->faults.corruptions))
        socket->to_client.memory[socket->to_client.end - 1] ^= 1;
    socket->moved_ms = kernel->now_ns / 1000000;
    fake_say(
        kernel, "%s to client %d: %zu of %zu bytes", call, (int)(socket - kernel->sockets), sent,
        count);
    return (ssize_t)sent;
}

ssize_t fake_send(struct kernel *kernel, int fd, const void *memory, size_t count) {
    struct socket *socket = socket_of(kernel, fd, "send");
    if (!socket) return -1;
    if (!count) fake_violate(kernel, "send of nothing");
    ssize_t room = room_of(kernel, socket);
    if (room < 0) return -1;
    return put(kernel, socket, memory, count, (size_t)room, "send");
}

ssize_t fake_sendfile(struct kernel *kernel, int fd, int file, int64_t *offset, size_t count) {
    struct socket *socket = socket_of(kernel, fd, "sendfile");
    struct descriptor *source = fake_find(kernel, file, "sendfile");
    if (!socket || !source) return -1;
    if (source->kind != fake_kind_file)
        fake_violate(kernel, "sendfile from descriptor %d, which is not a file", file);
    if (!count) fake_violate(kernel, "sendfile of nothing");
    ssize_t room = room_of(kernel, socket);
    if (room < 0) return -1;
    struct inode *inode = &kernel->inodes[source->object];
    if (*offset >= inode->size) return 0;
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(EIO);
    if ((int64_t)count > inode->size - *offset) count = (size_t)(inode->size - *offset);
    const uint8_t *content = fake_content(kernel, source->object, *offset);
    ssize_t sent = put(kernel, socket, content, count, (size_t)room, "sendfile");
    *offset += sent;
    return sent;
}

int fake_shutdown(struct kernel *kernel, int fd) {
    struct socket *socket = socket_of(kernel, fd, "shutdown");
    if (!socket) return -1;
    fake_say(kernel, "shutdown of client %d", (int)(socket - kernel->sockets));
    if (!socket->ended_ms) socket->ended_ms = kernel->now_ns / 1000000;
    socket->server_ended = true;
    return socket->is_reset ? fake_fail(ENOTCONN) : 0;
}

int fake_set_linger(struct kernel *kernel, int fd, bool resets) {
    struct socket *socket = socket_of(kernel, fd, "setsockopt");
    if (!socket) return -1;
    socket->resets_on_close = resets;
    return 0;
}
