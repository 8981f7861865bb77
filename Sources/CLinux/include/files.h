// Files: openat2(2), facts of a file, directories.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What the server needs to know of a file, from fstat(2) or statx(2).
struct clinux_facts {
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

/// Kinds of clinux_facts.mode.
static inline int clinux_is_regular(uint32_t mode) { return (mode & 0170000) == 0100000; }
static inline int clinux_is_directory(uint32_t mode) { return (mode & 0170000) == 0040000; }

/// How symbolic links on a path are treated by clinux_open.
enum clinux_links {
    clinux_links_follow = 0,
    /// RESOLVE_BENEATH: a link may not lead out of the directory that the path starts from.
    clinux_links_beneath = 1,
    /// RESOLVE_NO_SYMLINKS: a link anywhere on the path refuses it.
    clinux_links_refuse = 2,
};

/// Opens for reading with O_NONBLOCK, O_CLOEXEC and O_NOCTTY. `directory` is AT_FDCWD or an open
/// directory. Returns a descriptor or -errno.
int clinux_open(int directory, const char *path, int links);
/// Opens a directory that nothing is read of (O_PATH), a link followed; a descriptor or -errno.
// The absolute path without symbolic links, not terminated: its length, or -errno(3). The kernel
// resolves it, in calls that the sandbox allows; realpath(3) makes others for some paths.
ssize_t clinux_real_path(const char *path, char *real, size_t size);
int clinux_open_directory(int directory, const char *name);
/// fstatat(2) of a name in an open directory, a link not followed; 0 or -errno.
int clinux_stat_at(int directory, const char *name, struct clinux_facts *facts);
int clinux_at_fdcwd(void);
/// preadv2(2) with RWF_NOWAIT: of so many bytes from `offset` on those that are in the page cache.
/// -EAGAIN when the first of them is not; -EOPNOTSUPP where the file system cannot tell.
ssize_t clinux_read_cached(int fd, void *bytes, size_t count, int64_t offset);
/// posix_fadvise(2): these bytes will be read soon.
void clinux_will_need(int fd, int64_t offset, int64_t count);
/// fstat(2); 0 or -errno.
int clinux_fstat(int fd, struct clinux_facts *facts);
/// stat(2), links followed; 0 or -errno.
int clinux_stat(const char *path, struct clinux_facts *facts);
/// open(2) for appending, created with mode 0644; a descriptor or -errno. Nothing waits: writing to
/// a pipe that is full is EAGAIN, and a FIFO without a reader keeps what is written for the next.
int clinux_open_append(const char *path);
/// The same, but for a FIFO without a reader, which is ENXIO. With `user` not -1 as that user and
/// group: whoever may not open the file may not have it opened by us.
int clinux_open_append_as(const char *path, uint32_t user, uint32_t group);
/// What an open descriptor leads to, opened once more for appending without waiting, so that the
/// flag is nobody else's; a descriptor or -errno.
int clinux_open_append_again(int fd);
