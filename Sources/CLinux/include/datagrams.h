// Datagram sockets for log lines (syslog).
#pragma once
#include <stddef.h>
#include <stdint.h>

// These create a socket with SOCK_NONBLOCK and SOCK_CLOEXEC, connected to an address (first byte
// most significant). They return the descriptor, or -errno.

int clinux_datagram_ipv4(uint32_t address, uint16_t port);
int clinux_datagram_ipv6(uint64_t high, uint64_t low, uint16_t port);
int clinux_datagram_unix(const char *path);

/// Sends a datagram to a Unix domain socket (`@` first for an abstract name) without waiting.
/// Returns 0 or -errno.
int clinux_notify(const char *name, const char *text);
