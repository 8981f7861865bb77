// Irrevocable restrictions of the process: capabilities(7), landlock(7), seccomp(2). All functions
// return 0 or a descriptor, or -errno.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// CAP_DAC_READ_SEARCH as a bit: read files of all users.
static inline uint64_t clinux_reads_everything(void) { return UINT64_C(1) << 2; }
/// CAP_DAC_OVERRIDE as a bit: read, write and create files of all users.
static inline uint64_t clinux_writes_everything(void) { return UINT64_C(1) << 1; }
/// CAP_SETGID and CAP_SETUID as bits: open files as another user.
static inline uint64_t clinux_becomes_others(void) { return UINT64_C(3) << 6; }

/// Removes all capabilities except `kept` (bit n is capability n) from the bounding set:
/// PR_CAPBSET_DROP, prctl(2). Returns -EPERM if the process may not do that.
int clinux_bound_capabilities(uint64_t kept);
/// Drops all capabilities except those of `kept` that the process has: capset(2).
int clinux_keep_capabilities(uint64_t kept);
/// Prevents started programs from gaining privileges: PR_SET_NO_NEW_PRIVS.
int clinux_no_new_privileges(void);
/// Prevents core dumps, and tracing by users other than root: PR_SET_DUMPABLE.
int clinux_not_dumpable(void);

/// Returns the version of the kernel's Landlock, or -errno.
int clinux_landlock_version(void);
/// The first version that restricts TCP.
enum { clinux_landlock_tcp = 4 };
/// Creates a ruleset that denies everything that `version` supports: write, create, remove,
/// execute, TCP; with `reads` also read. With `opens_fast` it does not handle truncate and ioctls
/// of devices, which make each open(2) check every directory of the path; clinux_seccomp_enforce
/// denies them then.
int clinux_landlock_create(int version, int reads, int opens_fast);
/// Allows reading a file, or everything below a directory; links are followed.
int clinux_landlock_allow_reading(int ruleset, const char *path);
/// Allows creating files in and below a directory, and writing to existing ones.
int clinux_landlock_allow_writing(int ruleset, const char *path);
/// Enforces the ruleset for this process.
int clinux_landlock_enforce(int ruleset);

/// The role of a process, which determines its system calls.
enum clinux_role { clinux_role_worker, clinux_role_helper };

/// Checks that seccomp(2) is available: 0 or -errno.
int clinux_seccomp_fault(void);
/// Restricts this process to the system calls of `role` and those of `allowed` (clinux_allowed). A
/// call that indicates a takeover kills it with SIGSYS, after a line on stderr that names the call.
/// Any other call fails with ENOSYS, and is named on stderr once.
///
/// Descriptors that are open now are shared with other processes: shutdown(2), setsockopt(2) and
/// modifying fcntl(2) calls on them kill the process, so their numbers must not be reused for a
/// socket that is shut down. A worker can pass descriptors over `passing` only; -1 for none.
int clinux_seccomp_enforce(int role, int allowed, int passing);
enum clinux_allowed {
    /// openat2(2), whose flags, such as O_TRUNC, the filter cannot check.
    clinux_allow_openat2 = 1,
};
