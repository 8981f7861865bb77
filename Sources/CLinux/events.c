#define _GNU_SOURCE
#include "events.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

int clinux_event_descriptor(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clinux_wake_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ? -errno : 0; }

void clinux_wake(int fd) {
    // A full pipe wakes its reader as well.
    ssize_t written = write(fd, "", 1);
    (void)written;
}

int clinux_wakes(int fd) {
    char bytes[4096];
    return read(fd, bytes, sizeof bytes) > 0;
}

void clinux_event_raise(int fd) { eventfd_write(fd, 1); }

int clinux_event_clear(int fd) {
    eventfd_t count;
    return eventfd_read(fd, &count) == 0;
}
