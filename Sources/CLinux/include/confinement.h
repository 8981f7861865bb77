// Giving up rights for good: capabilities(7), landlock(7), seccomp(2). All of these return 0 or a
// descriptor, or -errno.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// CAP_DAC_READ_SEARCH as a bit: reading what others own.
static inline uint64_t clinux_reads_everything(void) { return UINT64_C(1) << 2; }
/// CAP_DAC_OVERRIDE: reading, writing and making what others own.
static inline uint64_t clinux_writes_everything(void) { return UINT64_C(1) << 1; }
/// CAP_SETGID and CAP_SETUID: opening files as another user.
static inline uint64_t clinux_becomes_others(void) { return UINT64_C(3) << 6; }

/// Takes all capabilities but those of `kept` (bit n is capability n) out of the bounding set:
/// prctl(2)'s PR_CAPBSET_DROP. -EPERM where that is not this process's to do.
int clinux_bound_capabilities(uint64_t kept);
/// Has no other capabilities than those of `kept` that it has: capset(2).
int clinux_keep_capabilities(uint64_t kept);
/// No program that is started can give it rights: PR_SET_NO_NEW_PRIVS.
int clinux_no_new_privileges(void);
/// Nobody but root looks into it, and it leaves no core: PR_SET_DUMPABLE.
int clinux_not_dumpable(void);

/// The version of the kernel's Landlock, or -errno.
int clinux_landlock_version(void);
/// From which version on TCP is confined.
enum { clinux_landlock_tcp = 4 };
/// A ruleset that denies all that `version` knows: writing, making, removing, executing, TCP; with
/// `reads` also reading. With `opens_fast` neither truncating nor devices' ioctls are, which make
/// each open(2) look at every directory of the path; clinux_seccomp_enforce denies them then.
int clinux_landlock_create(int version, int reads, int opens_fast);
/// Allows reading a file, or all below a directory; links are followed.
int clinux_landlock_allow_reading(int ruleset, const char *path);
/// Allows making files in and below a directory, and writing to those that are there.
int clinux_landlock_allow_writing(int ruleset, const char *path);
/// From here on the ruleset holds for this process.
int clinux_landlock_enforce(int ruleset);

/// What a process does: which system calls it makes.
enum clinux_role { clinux_role_worker, clinux_role_aide };

/// Whether seccomp(2) is there: 0 or -errno.
int clinux_seccomp_fault(void);
/// Restricts this process to the system calls of `role` and those of `allowed` (clinux_allowed).
/// A call that shows that the process was taken over ends it by SIGSYS, after a line on stderr that
/// names the call. Any other fails with ENOSYS, and is named on stderr once.
///
/// Descriptors that are open now are shared with other processes: shutdown(2), setsockopt(2) and
/// fcntl(2)'s changes of them end the process, so none of their numbers may be used again for
/// something that is shut down. A worker passes descriptors over `passing` only, -1 for nothing.
int clinux_seccomp_enforce(int role, int allowed, int passing);
enum clinux_allowed {
    /// openat2(2), which cannot be kept from truncating.
    clinux_allow_openat2 = 1,
};
