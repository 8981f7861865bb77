// Messages that a descriptor goes with from one process to another: SCM_RIGHTS, unix(7).
#pragma once
#include <stddef.h>
#include <sys/types.h>

/// sendmsg(2) of one message, `passed` with it unless that is -1, without waiting and without
/// SIGPIPE: the bytes sent, or -errno.
ssize_t clinux_send_passing(int socket, const void *bytes, size_t count, int passed);
/// recvmsg(2) of one message without waiting: the bytes received, or -errno. *passed is the
/// descriptor that came with it, close-on-exec, or -1; of several the others are closed. A message
/// that is longer than `count` is taken away: -EMSGSIZE.
ssize_t clinux_receive_passing(int socket, void *bytes, size_t count, int *passed);
/// No more changes of a memory file: F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE,
/// fcntl(2); 0 or -errno.
int clinux_seal(int fd);
