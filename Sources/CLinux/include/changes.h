// Change notifications: inotify(7) with a signal, and mounts.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Opens an inotify(7) descriptor. With `raises`, SIGIO is raised and a flag set when the kernel
/// queues a change, which it does before the call that made the change returns. Returns -errno on
/// failure.
int clinux_open_changes(int raises);

extern volatile int clinux_changes_flag;

/// True if changes were queued since clinux_expect_changes. A process that has just returned from a
/// system call sees all changes queued before.
static inline int clinux_has_changes(void) { return clinux_changes_flag; }
/// Clears the flag. Must be called before the queue is read.
static inline void clinux_expect_changes(void) { clinux_changes_flag = 0; }
/// Sets the flag, if the queue was not read to its end.
static inline void clinux_note_changes(void) { clinux_changes_flag = 1; }

/// Sets whether SIGIO is raised. While it is off, changes are still queued, and the flag should
/// stay set until it is on again: an idle process is not woken for each change.
int clinux_raise_changes(int changes, int on);

/// Watches the file or directory that `path` leads to, following links: inotify_add_watch(2). A
/// file is watched for its content and attributes; a directory for its names, their attributes, and
/// its own removal. Returns a watch descriptor or -errno.
int clinux_watch_file(int changes, const char *path);
int clinux_watch_directory(int changes, const char *path);
int clinux_unwatch(int changes, int watch);

/// Tests the mask of an inotify_event: the queue overflowed.
static inline int clinux_change_is_overflow(uint32_t mask) { return (mask & 0x4000) != 0; }
/// Tests the mask of an inotify_event: the kernel has removed the watch.
static inline int clinux_change_is_end(uint32_t mask) { return (mask & 0x8000) != 0; }

/// Returns 1 if the file system of `path` notifies of all changes since they are all made through
/// this kernel (ext, xfs, btrfs, f2fs, zfs, tmpfs, overlay), or never changes (iso9660, squashfs,
/// erofs); otherwise 0 or -errno. A read-only mount makes no difference.
int clinux_notifies_changes(const char *path);
/// Returns 1 or 0, as clinux_notifies_changes, for an f_type of statfs(2).
int clinux_type_notifies_changes(uint32_t type);

/// Opens /proc/self/mountinfo, for which poll(2) reports POLLPRI when a mount changes. Returns a
/// descriptor or -errno.
int clinux_open_mounts(void);
/// True if a mount has changed since the last call.
int clinux_mounts_changed(int mounts);
/// Reads a link: readlink(2). Returns the length of the target, or -errno; -EINVAL if it is not a
/// link.
long clinux_read_link(const char *path, char *target, size_t size);
