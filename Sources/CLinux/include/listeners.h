// Listening sockets: what must be said to the kernel before the first accept(2).
#pragma once
#include <stdint.h>

enum clinux_family { clinux_family_ipv4, clinux_family_ipv6, clinux_family_unix };

// All of these return 0 or a descriptor, or -errno.

/// A stream socket with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_stream_socket(int family);
/// bind(2); addresses and ports as numbers, the first byte most significant.
int clinux_bind_ipv4(int fd, uint32_t address, uint16_t port);
int clinux_bind_ipv6(int fd, uint64_t high, uint64_t low, uint16_t port);
int clinux_bind_unix(int fd, const char *path);
int clinux_listen(int fd, int backlog);

int clinux_reuse_address(int fd);
int clinux_reuse_port(int fd);
int clinux_ipv6_only(int fd, int on);
/// TCP_DEFER_ACCEPT, with nginx's second.
int clinux_defer_accept(int fd, int on);
int clinux_no_delay(int fd, int on);
/// SO_RCVBUF and SO_SNDBUF, in bytes.
int clinux_receive_buffer(int fd, int bytes);
int clinux_send_buffer(int fd, int bytes);
/// TCP_FASTOPEN: how many connections may wait that have not completed the handshake.
int clinux_fast_open(int fd, int queue);
/// SO_KEEPALIVE; when it is on, TCP_KEEPIDLE, TCP_KEEPINTVL (seconds) and TCP_KEEPCNT, where not 0.
int clinux_keepalive(int fd, int on, int idle, int interval, int count);

/// Nobody connects from here on, through whichever process's copy of the socket; who has connected
/// can still be accepted. TCP: a filter drops what asks for a connection, and a client that asks
/// again once the socket is closed is refused.
int clinux_turn_away(int fd, int is_unix);
/// 1 when that was done to the socket.
int clinux_turns_away(int fd);

/// What keeps a socket from accepting: 1 when it does not listen (it was shut down), 2 when a
/// filter is attached to it, 0 when nothing does.
int clinux_listener_fault(int fd);
/// Sets O_NONBLOCK and clears O_ASYNC where another process has changed that.
void clinux_restore_flags(int fd);
/// Ends a listening socket in all processes that have it: shutdown(2).
void clinux_end_listening(int fd);

/// What a socket listens on.
struct clinux_listening {
    /// One of clinux_family.
    int family;
    uint16_t port;
    /// Addresses as numbers, the first byte most significant.
    uint32_t ipv4;
    uint64_t ipv6_high, ipv6_low;
    /// Empty for an abstract name (unix(7)), which is no path.
    char path[109];
};
/// Takes over a stream socket that listens, with O_NONBLOCK and FD_CLOEXEC from here on; -EINVAL
/// when it is another kind of socket, or does not listen.
int clinux_take_over(int fd, struct clinux_listening *listening);

/// 1 when `path` is a socket that nobody listens on: its server died without removing it.
int clinux_is_stale_socket(const char *path);
/// chmod(2) of a socket's file, so that every user may connect.
int clinux_open_to_all(const char *path);
