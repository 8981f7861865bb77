#define _GNU_SOURCE
#include "events.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int clinux_event_descriptor(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void clinux_event_raise(int fd) { eventfd_write(fd, 1); }

int clinux_event_clear(int fd) {
    eventfd_t count;
    return eventfd_read(fd, &count) == 0;
}
