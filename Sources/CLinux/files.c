#define _GNU_SOURCE
#include "files.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int opening_flags(void) { return O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY; }

int clinux_open(int directory, const char *path, int links) {
    int fd;
    if (links == clinux_links_follow) {
        fd = openat(directory, path, opening_flags());
    } else {
        struct open_how how = {
            .flags = (uint64_t)opening_flags(),
            .resolve = links == clinux_links_beneath ? RESOLVE_BENEATH : RESOLVE_NO_SYMLINKS,
        };
        fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    }
    return fd < 0 ? -errno : fd;
}

int clinux_at_fdcwd(void) { return AT_FDCWD; }

static void copy_status(struct clinux_file_status *result, const struct stat *status) {
    result->device = status->st_dev;
    result->inode = status->st_ino;
    result->size = status->st_size;
    result->modified_seconds = status->st_mtim.tv_sec;
    result->modified_nanoseconds = (uint32_t)status->st_mtim.tv_nsec;
    result->changed_seconds = status->st_ctim.tv_sec;
    result->changed_nanoseconds = (uint32_t)status->st_ctim.tv_nsec;
    result->mode = status->st_mode;
    result->owner = status->st_uid;
    result->group = status->st_gid;
}

ssize_t clinux_real_path(const char *path, char *real, size_t size) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return -errno;
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t count = readlink(name, real, size);
    int error = errno;
    close(fd);
    if (count < 0) return -error;
    // A path that was cut off, or of a directory that cannot be reached from the root.
    if ((size_t)count >= size) return -ENAMETOOLONG;
    return count > 0 && real[0] == '/' ? count : -ENOENT;
}

int clinux_open_directory(int directory, const char *name) {
    int fd = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clinux_stat_at(int directory, const char *name, struct clinux_file_status *result) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    copy_status(result, &status);
    return 0;
}

int clinux_fstat(int fd, struct clinux_file_status *result) {
    struct stat status;
    if (fstat(fd, &status) != 0) return -errno;
    copy_status(result, &status);
    return 0;
}

ssize_t clinux_read_cached(int fd, void *bytes, size_t count, int64_t offset) {
    struct iovec piece = {.iov_base = bytes, .iov_len = count};
    ssize_t returned;
    do returned = preadv2(fd, &piece, 1, offset, RWF_NOWAIT);
    while (returned < 0 && errno == EINTR);
    return returned < 0 ? -errno : returned;
}

void clinux_will_need(int fd, int64_t offset, int64_t count) {
    (void)posix_fadvise(fd, offset, count, POSIX_FADV_WILLNEED);
}

int clinux_stat(const char *path, struct clinux_file_status *result) {
    struct stat status;
    if (stat(path, &status) != 0) return -errno;
    copy_status(result, &status);
    return 0;
}

static const int appending = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int clinux_open_append(const char *path) {
    int fd = open(path, appending | O_WRONLY | O_CREAT, 0644);
    if (fd < 0 && errno == ENXIO) {
        // If it may also be read, it has a reader: this process.
        fd = open(path, appending | O_RDWR);
        if (fd < 0) return -ENXIO;
    }
    return fd < 0 ? -errno : fd;
}

int clinux_open_append_as(const char *path, uint32_t user, uint32_t group) {
    int is_other = user != (uint32_t)-1;
    int fd = -1, fault = EPERM;
    if (is_other) {
        setfsgid(group);
        setfsuid(user);
    }
    // Both calls return the previous value even if they fail, so the effective ids are checked:
    // otherwise the file would be opened with this process's own rights.
    if (!is_other
        || ((uint32_t)setfsuid((uid_t)-1) == user && (uint32_t)setfsgid((gid_t)-1) == group)) {
        fd = open(path, appending | O_WRONLY | O_CREAT, 0644);
        fault = errno;
    }
    if (is_other) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
    return fd < 0 ? -fault : fd;
}

int clinux_open_append_again(int fd) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, appending | O_WRONLY);
    return again < 0 ? -errno : again;
}
