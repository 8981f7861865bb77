// Listening sockets: creation, options and state.
#pragma once
#include <stdint.h>

enum clinux_family { clinux_family_ipv4, clinux_family_ipv6, clinux_family_unix };

// All functions return 0 or a descriptor, or -errno.

/// Creates a stream socket with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_stream_socket(int family);
/// Binds a socket: bind(2). Addresses and ports are numbers, first byte most significant.
int clinux_bind_ipv4(int fd, uint32_t address, uint16_t port);
int clinux_bind_ipv6(int fd, uint64_t high, uint64_t low, uint16_t port);
int clinux_bind_unix(int fd, const char *path);
int clinux_listen(int fd, int backlog);

int clinux_reuse_address(int fd);
int clinux_reuse_port(int fd);
int clinux_ipv6_only(int fd, int on);
/// Sets TCP_DEFER_ACCEPT, to one second as in nginx.
int clinux_defer_accept(int fd, int on);
int clinux_no_delay(int fd, int on);
/// Sets SO_RCVBUF or SO_SNDBUF, in bytes.
int clinux_receive_buffer(int fd, int bytes);
int clinux_send_buffer(int fd, int bytes);
/// Sets TCP_FASTOPEN: the maximum number of connections that have not completed the handshake.
int clinux_fast_open(int fd, int queue);
/// Sets SO_KEEPALIVE; if it is on, also TCP_KEEPIDLE, TCP_KEEPINTVL (seconds) and TCP_KEEPCNT,
/// unless they are 0.
int clinux_keepalive(int fd, int on, int idle, int interval, int count);

/// Stops new connections, for all processes with a copy of the socket; established ones can still
/// be accepted. On TCP, a filter drops connection requests, so a client that retries after the
/// socket is closed is refused.
int clinux_refuse_new_connections(int fd, int is_unix);
/// Returns 1 if clinux_refuse_new_connections was applied to the socket.
int clinux_refuses_new_connections(int fd);

/// Returns what prevents a socket from accepting: 1 if it does not listen (it was shut down), 2 if
/// a filter is attached, 0 if nothing does.
int clinux_listener_fault(int fd);
/// Sets O_NONBLOCK and clears O_ASYNC, in case another process has changed them.
void clinux_restore_flags(int fd);
/// Ends listening in all processes with the socket: shutdown(2).
void clinux_end_listening(int fd);

/// The address of a listening socket.
struct clinux_listening {
    /// One of clinux_family.
    int family;
    uint16_t port;
    /// Addresses as numbers, first byte most significant.
    uint32_t ipv4;
    uint64_t ipv6_high, ipv6_low;
    /// The path; empty for an abstract name (unix(7)).
    char path[109];
};
/// Prepares an inherited listening stream socket: sets O_NONBLOCK and FD_CLOEXEC. Returns -EINVAL
/// if it is another kind of socket, or does not listen.
int clinux_adopt_listener(int fd, struct clinux_listening *listening);

/// Returns 1 if `path` is a socket without a listener: its server died without removing it.
int clinux_is_stale_socket(const char *path);
/// Changes the mode of a socket's file so that every user can connect: chmod(2).
int clinux_open_to_all(const char *path);
