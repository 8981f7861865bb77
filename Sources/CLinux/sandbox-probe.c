// The header is always present, so that Swift can import it; the function exists in debug builds
// only.
#define _GNU_SOURCE
#include "sandbox-probe.h"

#if DEBUG
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int opened(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    close(fd);
    return 0;
}

static int result(long returned) { return returned < 0 ? -errno : 0; }

static int reach(int (*call)(int, const struct sockaddr *, socklen_t), int port) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int returned = result(call(fd, (struct sockaddr *)&name, sizeof name));
    close(fd);
    return returned;
}

static int start_program(void) {
    char *arguments[] = {"true", NULL};
    return result(execve("/bin/true", arguments, NULL));
}

static int start_process(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return result(pid);
}

// Writes garbage to each pipe: to the master, to the logger, and to those of which only the end of
// the other side counts.
static int spoil_pipes(unsigned seed) {
    char bytes[2000];
    for (int fd = 2; fd < 256; fd++) {
        struct stat status;
        if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) continue;
        for (size_t index = 0; index < sizeof bytes; index++)
            bytes[index] = (char)((seed = seed * 1103515245 + 12345) >> 16);
        ssize_t written = write(fd, bytes, sizeof bytes);
        if (written >= 0) continue;
        // The reading end; the writing end can be opened through /proc if this user owns the pipe.
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int other = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (other < 0) continue;
        written = write(other, bytes, sizeof bytes);
        close(other);
    }
    return 0;
}

static int hang(void) {
    for (volatile int turning = 1; turning;) continue;
    return 0;
}

// Returns the first listening descriptor, or the one with `number`.
static int listener(const char *number) {
    if (*number) return atoi(number);
    for (int fd = 3; fd < 4096; fd++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens) return fd;
    }
    return -1;
}

static int lock_out(int fd) {
    static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    static const struct sock_fprog program = {.len = 1, .filter = nothing};
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) return -errno;
    return result(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on));
}

// Tries calls that would change what other processes have open too, on the listening socket.
static int harm(const char *what) {
    int fd = listener(strchr(what, ':') ? strchr(what, ':') + 1 : "");
    int on = 1;
    if (!strncmp(what, "shutdown", 8)) return result(shutdown(fd, SHUT_RDWR));
    if (!strncmp(what, "filter", 6)) return lock_out(fd);
    if (!strncmp(what, "option", 6))
        return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, 8));
    if (!strncmp(what, "flags", 5)) return result(fcntl(fd, F_SETFL, 0));
    if (!strncmp(what, "lock", 4)) return result(flock(fd, LOCK_EX));
    if (!strncmp(what, "async", 5)) return result(ioctl(fd, FIOASYNC, &on));
    if (!strncmp(what, "dup", 3)) return result(dup(fd));
    if (!strncmp(what, "give", 4)) {
        char byte = 0;
        struct iovec piece = {.iov_base = &byte, .iov_len = 1};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        return result(sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    return 1;
}

// Writes to stderr as long as the process lives.
static int flood(void) {
    static char lines[4096];
    memset(lines, 'x', sizeof lines);
    for (size_t end = 63; end < sizeof lines; end += 64) lines[end] = '\n';
    while (write(STDERR_FILENO, lines, sizeof lines) > 0) continue;
    return -errno;
}

int clinux_sandbox_probe(const char *what) {
    if (!strncmp(what, "write:", 6)) return opened(what + 6, O_WRONLY);
    if (!strncmp(what, "truncate:", 9)) return opened(what + 9, O_RDONLY | O_TRUNC);
    if (!strncmp(what, "truncate2:", 10)) {
        struct open_how how = {.flags = O_RDONLY | O_TRUNC | O_CLOEXEC};
        return result(syscall(SYS_openat2, AT_FDCWD, what + 10, &how, sizeof how));
    }
    if (!strncmp(what, "create:", 7)) return opened(what + 7, O_WRONLY | O_CREAT);
    if (!strncmp(what, "read:", 5)) return opened(what + 5, O_RDONLY);
    if (!strncmp(what, "mkdir:", 6)) return result(mkdir(what + 6, 0700));
    if (!strncmp(what, "unlink:", 7)) return result(unlink(what + 7));
    if (!strncmp(what, "garbage-pipes:", 14)) return spoil_pipes((unsigned)atoi(what + 14));
    if (!strcmp(what, "connect")) return reach(connect, 9);
    if (!strcmp(what, "bind")) return reach(bind, 0);
    if (!strcmp(what, "datagram")) return result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!strcmp(what, "exec")) return start_program();
    if (!strcmp(what, "fork")) return start_process();
    if (!strcmp(what, "ptrace")) return result(ptrace(PTRACE_ATTACH, 1, 0, 0));
    if (!strcmp(what, "kill")) return result(kill(1, 0));
    if (!strcmp(what, "code")) {
        void *page = mmap(
            NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED ? -errno : 0;
    }
    if (!strcmp(what, "segv")) return *(volatile int *)8;
    if (!strcmp(what, "hang")) return hang();
    if (!strcmp(what, "flood")) return flood();
    if (!strcmp(what, "access"))
        return result(syscall(SYS_faccessat2, AT_FDCWD, "/", R_OK, 0));
    if (!strcmp(what, "owner")) return result(fcntl(STDIN_FILENO, F_SETOWN, 1));
    return harm(what);
}
#endif
