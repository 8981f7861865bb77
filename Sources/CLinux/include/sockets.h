// Sockets and readiness: accept4(2), epoll(7), poll(2), select(2), socket options.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

/// EPOLLEXCLUSIVE and others are enumerators or wide macros, which Swift cannot import.
static inline uint32_t clinux_epoll_in(void) { return EPOLLIN; }
static inline uint32_t clinux_epoll_out(void) { return EPOLLOUT; }
static inline uint32_t clinux_epoll_hangup(void) { return EPOLLHUP; }
static inline uint32_t clinux_epoll_error(void) { return EPOLLERR; }
static inline uint32_t clinux_epoll_end(void) { return EPOLLRDHUP; }
static inline uint32_t clinux_epoll_exclusive(void) { return 1u << 28; }

/// epoll_event is packed on x86-64 only; these functions keep that inside C.
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

/// POLLRDHUP: the other side has shut down its sending side.
int16_t clinux_poll_end(void);
/// Waits for the descriptors below `end`, at most 1024: select(2). Each map is an fd_set of 128
/// bytes; `timeout_ms` is -1 for no limit. Returns the number of bits set, or -errno.
int clinux_select(int end, uint64_t *readable, uint64_t *writable, int timeout_ms);
/// True if both directions are shut down or an error is pending, checked with poll(2) without
/// waiting; with `half`, also if the other side has shut down its sending side.
int clinux_has_ended(int fd, int half);

/// An end of a connection, in host order: family 0 is Unix, 1 IPv4 (the address in `low`), 2 IPv6.
struct clinux_peer {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t family;
};

/// Accepts a connection with SOCK_NONBLOCK and SOCK_CLOEXEC: accept4(2). Returns a descriptor or
/// -errno.
int clinux_accept(int listener, struct clinux_peer *peer);
/// Opens a non-blocking, close-on-exec stream socket and connects it to an address (first byte most
/// significant), waiting for the connection. Returns a descriptor or -errno.
int clinux_connect_ipv4(uint32_t address, uint16_t port);
/// Gets the local address of a socket: getsockname(2). Returns 0 or -errno.
int clinux_local_address(int fd, struct clinux_peer *peer);
/// Values of TCP_INFO: microseconds, microseconds, segments, bytes, bytes, bytes per second.
struct clinux_tcp_info {
    uint32_t round_trip;
    uint32_t round_trip_variance;
    uint32_t send_window;
    uint32_t receive_space;
    uint32_t send_segment;
    uint64_t pacing_rate;
};

/// Gets TCP_INFO: getsockopt(2). Returns 0 or -errno.
int clinux_get_tcp_info(int fd, struct clinux_tcp_info *result);
/// Returns 1 if the congestion control of a connection is BBR (TCP_CONGESTION), else 0.
int clinux_uses_bbr(int fd);
/// Makes close(2) reset the connection: SO_LINGER with zero seconds.
int clinux_reset_on_close(int fd);
/// Restores the default of SO_LINGER: close(2) sends the remaining bytes, then the end.
int clinux_end_on_close(int fd);
