// Processes and signals.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Opens a non-blocking signalfd(2) for the signals of `mask` (bit n-1 is signal n), which are
/// blocked in this process. Returns a descriptor or -errno.
int clinux_signal_descriptor(uint64_t mask);
/// Reads a signal from a signalfd. Returns its number, 0 if there is none, or -errno.
int clinux_next_signal(int fd);

/// Returns the offset of local time from UTC at `seconds` since 1970, in seconds east:
/// localtime_r(3).
int64_t clinux_local_offset(int64_t seconds);
/// Writes a time (seconds since 1970, in UTC or in local time) as strftime(3) does with
/// `%A, %d-%b-%Y %H:%M:%S %Z`. Returns the number of bytes without the NUL; 0 if `size` is too
/// small.
size_t clinux_long_date(int64_t seconds, bool is_local, uint8_t *text, size_t size);
/// Writes `seconds` since 1970, at `offset` seconds east of UTC, as `2026/11/21 10:00:00` with its
/// NUL; an empty text if the year has more than four digits.
void clinux_calendar_time(int64_t seconds, int64_t offset, char text[20]);

/// The way a child process ended.
struct clinux_ended {
    pid_t pid;
    /// The exit code; meaningless if `signal` is not 0.
    int code;
    /// The signal that killed it, or 0.
    int signal;
    int dumped_core;
};

/// Forks: fork(2), which Swift cannot import. Returns the child's pid, 0 in the child, or -errno.
int clinux_fork(void);
/// Executes a program with all signals unblocked: execvpe(3). Looks for `words[0]` in PATH unless
/// it has a slash; `changes` modifies the environment, each `NAME=value`, or `NAME` to remove it.
/// Returns -errno on failure.
int clinux_execute(char *const *words, char *const *changes, int count);
/// Lets execve(2) inherit `fd`. Returns 0 or -errno.
int clinux_pass_on(int fd);
/// Reaps a child without waiting. Returns 1, 0 if none has exited, or -errno.
int clinux_reap(struct clinux_ended *ended);
/// Blocks exactly the signals of `mask` (bit n-1 is signal n). Returns 0 or -errno.
int clinux_block_only(uint64_t mask);
/// Ignores SIGPIPE and SIGXFSZ: writing to a disconnected client, or beyond a file size limit,
/// fails with an errno.
void clinux_ignore_broken_pipes(void);
/// Opens a pipe with O_CLOEXEC, and O_NONBLOCK on the reading end if requested: pipe2(2). Returns 0
/// or -errno.
int clinux_pipe(int ends[2], int reads_nonblocking);
/// Creates a close-on-exec memory file that can be sealed: memfd_create(2). Returns a descriptor or
/// -errno.
int clinux_memory_file(const char *name);
/// Duplicates `fd` above the standard descriptors, close-on-exec. Returns the descriptor or -errno.
int clinux_duplicate(int fd);
/// Duplicates `fd` to a standard descriptor: dup2(2). Returns 0 or -errno.
int clinux_replace(int fd, int standard);
/// Starts a new session (setsid(2)) and clears the umask. Returns 0 or -errno.
int clinux_detach(void);
/// Redirects standard input and output to /dev/null, and stderr if requested. Returns 0 or -errno.
int clinux_silence(int with_stderr);
/// Sets both limits of RLIMIT_NOFILE. Returns 0 or -errno.
int clinux_limit_descriptors(uint64_t count);
/// Sets RLIMIT_CORE of this process and its children. Returns 0 or -errno.
int clinux_limit_core(uint64_t bytes);
/// Allows core dumps after the process has given up root: PR_SET_DUMPABLE, prctl(2). Returns 0 or
/// -errno.
int clinux_allow_core(void);
/// Sets the priority of this process, -20 to 20: setpriority(2). Returns 0 or -errno.
int clinux_set_priority(int priority);
/// Binds this process to some processors: sched_setaffinity(2). Returns 0 or -errno.
int clinux_pin(const uint16_t *processors, int count);
/// Gives up root for good: sets groups, group and user, in that order. Returns 0, or -errno and the
/// name of the failed call.
int clinux_become(
    uint32_t user, uint32_t group, const uint32_t *groups, int count, const char **call);
/// Sets the supplementary groups: setgroups(2). Returns 0 or -errno.
int clinux_join_groups(const uint32_t *groups, int count);
/// Sets the short name of this process, up to 15 bytes: PR_SET_NAME, prctl(2).
void clinux_name_process(const char *name);
/// Exits without running the parent's exit handlers: _exit(2).
void clinux_end(int code) __attribute__((noreturn));
/// Opens a file for writing, created with mode 0644, and locks it if the file system supports
/// locks: F_SETLK, fcntl(2). Returns a descriptor or -errno. The lock is held until the process
/// closes any descriptor of the file.
int clinux_open_locked(const char *path);
/// Returns the process that holds a lock of clinux_open_locked on a file; 0 if there is none or it
/// is in another pid namespace, or -errno.
int clinux_lock_holder(const char *path);
/// Opens a close-on-exec descriptor of a process: pidfd_open(2). Returns it or -errno.
int clinux_process_descriptor(pid_t process);
/// Sends a signal to the process of a descriptor: pidfd_send_signal(2). Returns 0 or -errno.
int clinux_send_signal(int process, int signal_number);
/// Closes all descriptors above the standard ones except those of `kept`, which is sorted:
/// close_range(2).
void clinux_close_others(int *kept, size_t count);
/// Opens /dev/null for each standard descriptor that is closed, so that no socket gets its number.
void clinux_fill_standard(void);

// Returns blocks of 256 KiB and more to the kernel when they are freed: mallopt(3). By default,
// malloc retains as much as the largest one had.
void clinux_return_large_blocks(void);
/// Lets faults kill the process by their signal, without the runtime's handler, which would start
/// another process and fill the log with registers. Does nothing if SWIFT_BACKTRACE is set.
void clinux_plain_faults(void);
