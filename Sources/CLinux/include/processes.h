// Processes and signals.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// A signalfd(2), non-blocking, for the signals of `mask` (bit n-1 is signal n), which are blocked
/// in this process. A descriptor or -errno.
int clinux_signal_descriptor(uint64_t mask);
/// Reads one signal from a signalfd: its number, 0 when there is none, or -errno.
int clinux_next_signal(int fd);

/// How far local time is from UTC at `seconds` since 1970, in seconds east: localtime_r(3).
int64_t clinux_local_offset(int64_t seconds);
/// Writes a time (seconds since 1970, in UTC or in local time) as strftime(3) does with
/// `%A, %d-%b-%Y %H:%M:%S %Z`. Returns the number of bytes without the NUL; 0 if `size` is too
/// small.
size_t clinux_long_date(int64_t seconds, bool is_local, uint8_t *text, size_t size);
/// `2026/11/21 10:00:00`, with its NUL, of `seconds` since 1970 at `offset` seconds east of UTC;
/// an empty text when the year has more than four digits.
void clinux_calendar_time(int64_t seconds, int64_t offset, char text[20]);

/// How a child process ended.
struct clinux_ended {
    pid_t pid;
    /// The exit code; meaningless when `signal` is not 0.
    int code;
    /// The signal that killed it, or 0.
    int signal;
    int dumped_core;
};

/// fork(2), which the importer hides: the child's pid, 0 in the child, or -errno.
int clinux_fork(void);
/// execvpe(3) with every signal at work again: looks for `words[0]` in PATH unless it has a slash,
/// with the environment changed by `changes`, each `NAME=value`, or `NAME` for one that goes.
/// -errno when it returns.
int clinux_execute(char *const *words, char *const *changes, int count);
/// Lets an execve(2) pass `fd` on; 0 or -errno.
int clinux_pass_on(int fd);
/// One child that has ended, without waiting: 1, 0 when there is none, or -errno.
int clinux_reap(struct clinux_ended *ended);
/// Blocks exactly the signals of `mask` (bit n-1 is signal n); 0 or -errno.
int clinux_block_only(uint64_t mask);
/// Ignores SIGPIPE and SIGXFSZ: a write to a client that has gone, or beyond what a file may hold,
/// is an errno.
void clinux_ignore_broken_pipes(void);
/// pipe2(2) with O_CLOEXEC and, on the end that is read, O_NONBLOCK if asked; 0 or -errno.
int clinux_pipe(int ends[2], int reads_nonblocking);
/// memfd_create(2), close-on-exec, to be sealed if wanted: a descriptor or -errno.
int clinux_memory_file(const char *name);
/// A copy of `fd` above the standard three, close-on-exec, or -errno.
int clinux_duplicate(int fd);
/// dup2(2) onto a standard descriptor; 0 or -errno.
int clinux_replace(int fd, int standard);
/// A session of its own (setsid(2)) and a plain umask; 0 or -errno.
int clinux_detach(void);
/// Points the standard descriptors at /dev/null, stderr only if asked; 0 or -errno.
int clinux_silence(int with_stderr);
/// RLIMIT_NOFILE, both limits; 0 or -errno.
int clinux_limit_descriptors(uint64_t count);
/// RLIMIT_CORE of this process and its children; 0 or -errno.
int clinux_limit_core(uint64_t bytes);
/// Lets a process that gave up root leave a core: prctl(2)'s PR_SET_DUMPABLE; 0 or -errno.
int clinux_allow_core(void);
/// The priority of this process, -20 to 20: setpriority(2); 0 or -errno.
int clinux_set_priority(int priority);
/// Lets this process run on these processors only: sched_setaffinity(2); 0 or -errno.
int clinux_pin(const uint16_t *processors, int count);
/// Gives up root for good: groups, group and user in that order; 0 or -errno, and the call's name.
int clinux_become(
    uint32_t user, uint32_t group, const uint32_t *groups, int count, const char **call);
/// Has these groups beside its own: setgroups(2); 0 or -errno.
int clinux_join_groups(const uint32_t *groups, int count);
/// The name that ps(1) shows of this process, up to 15 bytes of it: prctl(2)'s PR_SET_NAME.
void clinux_name_process(const char *name);
/// Ends the process without running what the parent registered for its end: _exit(2).
void clinux_end(int code) __attribute__((noreturn));
/// Opens a file to be written, 0644 if it is new, and locks it for this process where the file
/// system has locks: fcntl(2)'s F_SETLK. A descriptor or -errno; the lock lasts until the process
/// closes any descriptor of the file.
int clinux_open_locked(const char *path);
/// The process that has locked a file so; 0 for none, or one of another pid namespace, or -errno.
int clinux_lock_holder(const char *path);
/// A descriptor of a process, close-on-exec: pidfd_open(2); or -errno.
int clinux_process_descriptor(pid_t process);
/// Sends a signal to the process of a descriptor: pidfd_send_signal(2); 0 or -errno.
int clinux_send_signal(int process, int signal_number);
/// Closes all descriptors above the standard three but those of `kept`, which it sorts:
/// close_range(2).
void clinux_close_others(int *kept, size_t count);
/// Opens /dev/null where a standard descriptor is closed, so that no socket gets its number.
void clinux_fill_standard(void);

// mallopt(3): blocks of 256 KiB and more go back to the kernel as soon as they are freed. Left to
// itself, malloc keeps as much of them as the largest one was.
void clinux_return_large_blocks(void);
/// A fault ends the process by its signal, without the runtime's own handler, which would start
/// another process and fill the log with registers. Left alone when SWIFT_BACKTRACE asks for it.
void clinux_plain_faults(void);
