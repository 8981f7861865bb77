#define _GNU_SOURCE
#include "changes.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

volatile int clinux_changes_flag;

static void note(int signal) {
    (void)signal;
    clinux_changes_flag = 1;
}

int clinux_open_changes(int raises) {
    if (!raises) {
        int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGIO, &action, NULL) != 0) return -errno;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) return -errno;
    if (fcntl(fd, F_SETOWN, getpid()) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_raise_changes(int changes, int on) {
    return fcntl(changes, F_SETFL, O_NONBLOCK | (on ? O_ASYNC : 0)) != 0 ? -errno : 0;
}

// IN_CLOSE_WRITE also reports writes through a mapping, once it is unmapped.
int clinux_watch_file(int changes, const char *path) {
    int watch = inotify_add_watch(changes, path, IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE);
    return watch < 0 ? -errno : watch;
}

int clinux_watch_directory(int changes, const char *path) {
    int watch = inotify_add_watch(
        changes, path,
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR);
    return watch < 0 ? -errno : watch;
}

int clinux_unwatch(int changes, int watch) {
    return inotify_rm_watch(changes, watch) != 0 ? -errno : 0;
}

int clinux_notifies_changes(const char *path) {
    struct statfs system;
    if (statfs(path, &system) != 0) return -errno;
    return clinux_type_notifies_changes((uint32_t)system.f_type);
}

// A read-only mount can change: a network server, a FUSE daemon, the host of a virtual machine, or
// another mount of the same file system may change its content.
int clinux_type_notifies_changes(uint32_t type) {
    switch (type) {
    case 0x0000EF53u: // ext2, ext3, ext4
    case 0x58465342u: // xfs
    case 0x9123683Eu: // btrfs
    case 0xF2F52010u: // f2fs
    case 0x2FC12FC1u: // zfs
    case 0x01021994u: // tmpfs
    case 0x794C7630u: // overlay
        return 1;
    // Never written:
    case 0x00009660u: // iso9660
    case 0x73717368u: // squashfs
    case 0xE0F5E1E2u: // erofs
        return 1;
    default: return 0;
    }
}

int clinux_open_mounts(void) {
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    clinux_mounts_changed(fd);
    return fd;
}

int clinux_mounts_changed(int mounts) {
    struct pollfd entry = {.fd = mounts, .events = POLLPRI};
    return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLPRI | POLLERR)) != 0;
}

long clinux_read_link(const char *path, char *target, size_t size) {
    ssize_t length = readlink(path, target, size);
    return length < 0 ? -errno : length;
}
