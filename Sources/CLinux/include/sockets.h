// Sockets and readiness: accept4(2), epoll(7), poll(2), select(2), socket options.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

/// EPOLLEXCLUSIVE and friends are enumerators or wide macros that the importer does not see.
static inline uint32_t clinux_epoll_in(void) { return EPOLLIN; }
static inline uint32_t clinux_epoll_out(void) { return EPOLLOUT; }
static inline uint32_t clinux_epoll_hangup(void) { return EPOLLHUP; }
static inline uint32_t clinux_epoll_error(void) { return EPOLLERR; }
static inline uint32_t clinux_epoll_end(void) { return EPOLLRDHUP; }
static inline uint32_t clinux_epoll_exclusive(void) { return 1u << 28; }

/// epoll_event is packed on x86-64 only; these keep that inside C.
static inline uint64_t clinux_epoll_token(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}
static inline uint32_t clinux_epoll_events(const struct epoll_event *events, int index) {
    return events[index].events;
}
static inline int clinux_epoll_control(
    int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &event);
}
static inline int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    return clinux_epoll_control(epoll, EPOLL_CTL_ADD, fd, events, token);
}
static inline int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return clinux_epoll_control(epoll, EPOLL_CTL_MOD, fd, events, token);
}
static inline int clinux_epoll_delete(int epoll, int fd) {
    return clinux_epoll_control(epoll, EPOLL_CTL_DEL, fd, 0, 0);
}

/// POLLRDHUP: the other side has sent all that it will.
int16_t clinux_poll_end(void);
/// select(2) of the descriptors below `end`, 1024 at most. Each map is an fd_set, 128 bytes;
/// `timeout_ms` is -1 for no limit. The number of bits that are left, or -errno.
int clinux_select(int end, uint64_t *readable, uint64_t *writable, int timeout_ms);
/// Whether both directions are gone or an error is pending, asked of poll(2) without waiting; with
/// `half`, also whether the other side has sent all that it will.
int clinux_has_ended(int fd, int half);

/// An end of a connection: family 0 is unix, 1 IPv4 (the address in `low`), 2 IPv6. Host order.
struct clinux_peer {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t family;
};

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC: a descriptor or -errno.
int clinux_accept(int listener, struct clinux_peer *peer);
/// A non-blocking, close-on-exec stream socket that is connected to an address, the first byte most
/// significant; waits for the connection. A descriptor or -errno.
int clinux_connect_ipv4(uint32_t address, uint16_t port);
/// getsockname(2): 0 or -errno.
int clinux_local_address(int fd, struct clinux_peer *peer);
/// Of TCP_INFO: microseconds, microseconds, segments, bytes.
struct clinux_tcp_facts {
    uint32_t round_trip;
    uint32_t round_trip_variance;
    uint32_t send_window;
    uint32_t receive_space;
};

/// getsockopt(2) of TCP_INFO: 0 or -errno.
int clinux_get_tcp_facts(int fd, struct clinux_tcp_facts *facts);
/// SO_LINGER with zero seconds: close(2) then resets the connection.
int clinux_reset_on_close(int fd);
/// The default of SO_LINGER: close(2) sends what is left, then the end.
int clinux_end_on_close(int fd);
