// Changes of files: inotify(7), told of by a signal, and mounts.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// An inotify(7) descriptor, or -errno. With `raises` it raises SIGIO when a change is put into its
/// queue, which the kernel does before the call that made the change returns: a flag is set then.
int clinux_open_changes(int raises);

extern volatile int clinux_changes_flag;

/// Whether changes have come since clinux_expect_changes. A process that has just returned from a
/// call has seen all of those that came before it.
static inline int clinux_has_changes(void) { return clinux_changes_flag; }
/// To be said before the queue is read.
static inline void clinux_expect_changes(void) { clinux_changes_flag = 0; }
/// As if a change had come: the queue was not read to its end.
static inline void clinux_note_changes(void) { clinux_changes_flag = 1; }

/// Whether SIGIO is raised. Without it changes are queued all the same, and the flag is to stay set
/// until it is raised again: a process that has nothing to do is not woken for each change.
int clinux_raise_changes(int changes, int on);

/// inotify_add_watch(2) of what `path` leads to, links followed; a watch descriptor or -errno.
/// Bytes of a file, its attributes; of a directory its names, theirs, and its own end.
int clinux_watch_file(int changes, const char *path);
int clinux_watch_directory(int changes, const char *path);
int clinux_unwatch(int changes, int watch);

/// What a change is, of the mask of an inotify_event.
static inline int clinux_change_is_overflow(uint32_t mask) { return (mask & 0x4000) != 0; }
/// The kernel has given the watch up.
static inline int clinux_change_is_end(uint32_t mask) { return (mask & 0x8000) != 0; }

/// 1 where the file system of `path` is one whose changes are all made through this kernel and told
/// of (ext, xfs, btrfs, f2fs, zfs, tmpfs, overlay), or that is never written (iso9660, squashfs,
/// erofs); else 0 or -errno. A read-only mount counts for nothing.
int clinux_tells_changes(const char *path);
/// The same for an f_type of statfs(2): 1 or 0.
int clinux_type_tells_changes(uint32_t type);

/// /proc/self/mountinfo: poll(2) tells of each mount and its end by POLLPRI. Or -errno.
int clinux_open_mounts(void);
/// Whether something was mounted or unmounted since this was asked last.
int clinux_mounts_changed(int mounts);
/// readlink(2): the length of the target, or -errno; -EINVAL is no link.
long clinux_read_link(const char *path, char *target, size_t size);
