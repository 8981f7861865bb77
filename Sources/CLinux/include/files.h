// Files: openat2(2), file status, directories.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The status of a file, from fstat(2) or statx(2).
struct clinux_file_status {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_seconds;
    int64_t changed_seconds;
    uint32_t modified_nanoseconds;
    uint32_t changed_nanoseconds;
    uint32_t mode;
    uint32_t owner;
    uint32_t group;
};

/// Tests of the mode in a file status.
static inline int clinux_is_regular(uint32_t mode) { return (mode & 0170000) == 0100000; }
static inline int clinux_is_directory(uint32_t mode) { return (mode & 0170000) == 0040000; }

/// Treatment of symbolic links on a path by clinux_open.
enum clinux_links {
    clinux_links_follow = 0,
    /// RESOLVE_BENEATH: a link must not lead out of the starting directory.
    clinux_links_beneath = 1,
    /// RESOLVE_NO_SYMLINKS: a path with a link is refused.
    clinux_links_refuse = 2,
};

/// Opens a file for reading with O_NONBLOCK, O_CLOEXEC and O_NOCTTY. `directory` is AT_FDCWD or an
/// open directory. Returns a descriptor or -errno.
int clinux_open(int directory, const char *path, int links);
/// Gets the absolute path without symbolic links, not terminated. Returns its length, or -errno.
/// The kernel resolves it, with calls that the sandbox allows; realpath(3) makes others for some
/// paths.
ssize_t clinux_real_path(const char *path, char *real, size_t size);
/// Opens a directory as the start of paths only (O_PATH), following a link. Returns a descriptor or
/// -errno.
int clinux_open_directory(int directory, const char *name);
/// Gets the status of a name in an open directory without following a link: fstatat(2). Returns 0
/// or -errno.
int clinux_stat_at(int directory, const char *name, struct clinux_file_status *result);
int clinux_at_fdcwd(void);
/// Reads those of `count` bytes from `offset` that are in the page cache: preadv2(2) with
/// RWF_NOWAIT. Returns -EAGAIN if the first one is not; -EOPNOTSUPP if the file system cannot tell.
ssize_t clinux_read_cached(int fd, void *bytes, size_t count, int64_t offset);
/// Announces that these bytes will be read soon: posix_fadvise(2).
void clinux_will_need(int fd, int64_t offset, int64_t count);
/// Gets the status of an open file: fstat(2). Returns 0 or -errno.
int clinux_fstat(int fd, struct clinux_file_status *result);
/// Gets the status of a file, following links: stat(2). Returns 0 or -errno.
int clinux_stat(const char *path, struct clinux_file_status *result);
/// Opens a file for appending, created with mode 0644. Returns a descriptor or -errno. Never waits:
/// writing to a full pipe fails with EAGAIN, and a FIFO without a reader buffers the bytes.
int clinux_open_append(const char *path);
/// Opens a file for appending as clinux_open_append does, but a FIFO without a reader fails with
/// ENXIO. If `user` is not -1, the file is opened with the rights of that user and group.
int clinux_open_append_as(const char *path, uint32_t user, uint32_t group);
/// Opens the file of a descriptor again for appending without waiting, so that the flag is not
/// shared. Returns a descriptor or -errno.
int clinux_open_append_again(int fd);
