// Datagram sockets that lines are sent to (syslog).
#pragma once
#include <stddef.h>
#include <stdint.h>

// Each makes a socket with SOCK_NONBLOCK and SOCK_CLOEXEC that is connected to an address, the
// first byte most significant; the descriptor, or -errno.

int clinux_datagram_ipv4(uint32_t address, uint16_t port);
int clinux_datagram_ipv6(uint64_t high, uint64_t low, uint16_t port);
int clinux_datagram_unix(const char *path);

/// Sends one datagram to a unix socket by its name, `@` first for an abstract one, without waiting;
/// 0 or -errno.
int clinux_notify(const char *name, const char *text);
