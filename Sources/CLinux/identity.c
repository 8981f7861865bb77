// Identification of processes, by a lock that they hold or by a pidfd.
#define _GNU_SOURCE
#include "processes.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int clinux_open_locked(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0) return -errno;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)fcntl(fd, F_SETLK, &lock);
    return fd;
}

int clinux_lock_holder(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return -errno;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = fcntl(fd, F_GETLK, &lock) != 0 ? -errno : 0;
    close(fd);
    return result == 0 && lock.l_type != F_UNLCK ? lock.l_pid : result;
}

int clinux_process_descriptor(pid_t process) {
    int fd = (int)syscall(SYS_pidfd_open, process, 0);
    return fd < 0 ? -errno : fd;
}

int clinux_send_signal(int process, int signal_number) {
    return syscall(SYS_pidfd_send_signal, process, signal_number, NULL, 0) != 0 ? -errno : 0;
}

static void close_range_of(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    // Before Linux 5.9.
    long limit = sysconf(_SC_OPEN_MAX);
    if (limit < 0 || limit > 65536) limit = 65536;
    for (long fd = first; fd <= (long)last && fd < limit; fd++) close((int)fd);
}

static int compare(const void *left, const void *right) {
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

void clinux_close_others(int *kept, size_t count) {
    unsigned next = 3;
    qsort(kept, count, sizeof *kept, compare);
    for (size_t index = 0; index < count; index++) {
        if (kept[index] < (int)next) continue;
        if (kept[index] > (int)next) close_range_of(next, (unsigned)kept[index] - 1);
        next = (unsigned)kept[index] + 1;
    }
    close_range_of(next, (unsigned)-1);
}
