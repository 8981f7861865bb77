// Messages with a descriptor: SCM_RIGHTS, unix(7).
#pragma once
#include <stddef.h>
#include <sys/types.h>

/// Sends a message with `passed` (unless it is -1), without waiting and without SIGPIPE:
/// sendmsg(2). Returns the number of bytes, or -errno.
ssize_t clinux_send_passing(int socket, const void *bytes, size_t count, int passed);
/// Receives a message without waiting: recvmsg(2). Returns the number of bytes, or -errno. *passed
/// is the received descriptor, close-on-exec, or -1; further ones are closed. A message longer than
/// `count` is discarded: -EMSGSIZE.
ssize_t clinux_receive_passing(int socket, void *bytes, size_t count, int *passed);
/// Seals a memory file against changes: F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE,
/// fcntl(2). Returns 0 or -errno.
int clinux_seal(int fd);
