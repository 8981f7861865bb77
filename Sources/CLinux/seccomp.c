// System call filters for processes that clients can reach. A call that indicates a takeover kills
// the process; any other unlisted call fails with ENOSYS and is reported once.
#define _GNU_SOURCE
#include "confinement.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

// Calls of both roles, those of the event loop first, and calls made by libraries: memory (brk,
// mmap, ...), locks (futex), time where there is no vDSO, and those that a trap needs to report
// itself and exit. Calls whose arguments are checked are in write_program().
static const int both[] = {
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_epoll_pwait, SYS_recvfrom, SYS_sendto, SYS_sendfile, SYS_fstat, SYS_pread64,
    SYS_close, SYS_newfstatat, SYS_statx, SYS_epoll_ctl, SYS_accept4,
    SYS_getsockopt, SYS_getsockname, SYS_getpeername, SYS_write, SYS_writev,
    SYS_read, SYS_readv, SYS_lseek, SYS_getdents64, SYS_readlinkat,
    SYS_pselect6, SYS_ppoll, SYS_epoll_create1, SYS_signalfd4,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_inotify_init1,
    SYS_inotify_add_watch, SYS_inotify_rm_watch, SYS_statfs, SYS_fadvise64, SYS_readahead,
    SYS_preadv2, SYS_getcwd,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_select
    SYS_select,
#endif
#ifdef SYS_readlink
    SYS_readlink,
#endif
#ifdef SYS_time
    SYS_time,
#endif
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_getrandom, SYS_clock_gettime,
    SYS_gettimeofday, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_uname, SYS_sysinfo,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
};

// An alarm ends work that takes too long; compressed data is written to memory files.
static const int helper_only[] = {
#ifdef SYS_alarm
    SYS_alarm,
#endif
    SYS_setitimer, SYS_memfd_create, SYS_pwrite64,
};

// fcntl(2) commands that do not change anything shared with other processes.
static const int harmless_commands[] = {F_GETFL, F_GETFD, F_SETFD, F_GET_SEALS};

// The socket options that a worker sets, on its own connections only.
static const struct {
    int level, name;
} socket_options[] = {{SOL_SOCKET, SO_LINGER}};

#ifndef SO_ATTACH_BPF
#define SO_ATTACH_BPF 50
#define SO_ATTACH_REUSEPORT_CBPF 51
#define SO_ATTACH_REUSEPORT_EBPF 52
#endif
#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif
// Options that take a socket away from other processes that have it.
static const int filter_options[] = {
    SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF,
    SO_ATTACH_REUSEPORT_EBPF, SO_DETACH_REUSEPORT_BPF,
};

// Names of calls, and the ones that indicate a takeover, which kill the process. Other calls that
// are not allowed fail with ENOSYS, so that a library that tries one does no harm.
#define NAME(call) {SYS_##call, #call, 0}
#define TAKEOVER(call) {SYS_##call, #call, 1}
static const struct {
    long number;
    const char *name;
    int is_takeover;
} names[] = {
    TAKEOVER(execve), TAKEOVER(execveat), TAKEOVER(clone), TAKEOVER(clone3), TAKEOVER(ptrace),
    TAKEOVER(process_vm_readv), TAKEOVER(process_vm_writev), TAKEOVER(kcmp),
    TAKEOVER(kill), TAKEOVER(tkill), TAKEOVER(rt_sigqueueinfo), TAKEOVER(rt_tgsigqueueinfo),
    TAKEOVER(pidfd_open), TAKEOVER(pidfd_send_signal), TAKEOVER(pidfd_getfd),
    TAKEOVER(socket), TAKEOVER(socketpair), TAKEOVER(connect), TAKEOVER(bind), TAKEOVER(listen),
    TAKEOVER(truncate), TAKEOVER(ftruncate), TAKEOVER(fallocate), TAKEOVER(fchmod),
    TAKEOVER(fchmodat), TAKEOVER(fchown), TAKEOVER(fchownat), TAKEOVER(mkdirat),
    TAKEOVER(unlinkat), TAKEOVER(renameat2), TAKEOVER(linkat), TAKEOVER(symlinkat),
    TAKEOVER(mknodat), TAKEOVER(utimensat), TAKEOVER(setxattr), TAKEOVER(lsetxattr),
    TAKEOVER(fsetxattr), TAKEOVER(copy_file_range), TAKEOVER(chroot), TAKEOVER(mount),
    TAKEOVER(umount2), TAKEOVER(pivot_root), TAKEOVER(open_tree), TAKEOVER(move_mount),
    TAKEOVER(fsopen), TAKEOVER(fsconfig), TAKEOVER(fsmount), TAKEOVER(fspick), TAKEOVER(swapon),
    TAKEOVER(swapoff), TAKEOVER(unshare), TAKEOVER(setns), TAKEOVER(bpf),
    TAKEOVER(perf_event_open), TAKEOVER(userfaultfd), TAKEOVER(io_uring_setup),
    TAKEOVER(io_uring_enter), TAKEOVER(io_uring_register), TAKEOVER(keyctl), TAKEOVER(add_key),
    TAKEOVER(request_key), TAKEOVER(setuid), TAKEOVER(setgid), TAKEOVER(setgroups),
    TAKEOVER(setreuid), TAKEOVER(setregid), TAKEOVER(setresuid), TAKEOVER(setresgid),
    TAKEOVER(setfsuid), TAKEOVER(setfsgid), TAKEOVER(capset), TAKEOVER(personality),
    TAKEOVER(reboot), TAKEOVER(init_module), TAKEOVER(finit_module), TAKEOVER(delete_module),
    TAKEOVER(kexec_load), TAKEOVER(open_by_handle_at), TAKEOVER(fanotify_init), TAKEOVER(acct),
    TAKEOVER(quotactl), TAKEOVER(settimeofday), TAKEOVER(clock_settime), TAKEOVER(sethostname),
    TAKEOVER(setdomainname), TAKEOVER(shmat), TAKEOVER(remap_file_pages), TAKEOVER(pwritev),
    TAKEOVER(pwritev2),
    NAME(openat), NAME(openat2), NAME(tgkill), NAME(accept), NAME(mmap), NAME(mprotect),
    NAME(pkey_mprotect), NAME(setsockopt), NAME(shutdown), NAME(sendmsg), NAME(recvmsg),
    NAME(fcntl), NAME(memfd_create), NAME(pwrite64), NAME(setitimer), NAME(mlock), NAME(msync),
    NAME(fsync), NAME(fdatasync), NAME(faccessat), NAME(faccessat2), NAME(splice), NAME(tee),
    NAME(dup), NAME(dup3), NAME(pipe2), NAME(ioctl), NAME(chdir), NAME(fchdir), NAME(prctl),
    NAME(prlimit64), NAME(setrlimit), NAME(getrlimit), NAME(getrusage), NAME(wait4), NAME(waitid),
    NAME(nanosleep), NAME(clock_nanosleep), NAME(clock_getres), NAME(statfs), NAME(fstatfs),
    NAME(flock), NAME(umask), NAME(setpriority), NAME(rseq), NAME(set_robust_list),
    NAME(membarrier), NAME(sched_setaffinity), NAME(getgid), NAME(getegid), NAME(getppid),
    NAME(times), NAME(preadv), NAME(sendmmsg), NAME(recvmmsg), NAME(mincore), NAME(timer_create),
    NAME(name_to_handle_at), NAME(getxattr), NAME(close_range), NAME(getcpu),
#ifdef __x86_64__
    TAKEOVER(fork), TAKEOVER(vfork), TAKEOVER(creat), TAKEOVER(mkdir), TAKEOVER(rmdir),
    TAKEOVER(unlink), TAKEOVER(rename), TAKEOVER(renameat), TAKEOVER(link), TAKEOVER(symlink),
    TAKEOVER(mknod), TAKEOVER(chmod), TAKEOVER(chown), TAKEOVER(lchown), TAKEOVER(utimes),
    TAKEOVER(kexec_file_load), TAKEOVER(iopl), TAKEOVER(ioperm), TAKEOVER(modify_ldt),
    NAME(open), NAME(stat), NAME(lstat), NAME(access), NAME(pipe), NAME(dup2), NAME(alarm),
    NAME(pause), NAME(arch_prctl), NAME(epoll_create), NAME(inotify_init), NAME(eventfd),
    NAME(signalfd), NAME(getdents),
#endif
};

// The value of si_errno that the SIGSYS handler gets: SECCOMP_RET_DATA.
enum { is_takeover = 1, is_unexpected = 2 };
static const uint32_t end_it = SECCOMP_RET_TRAP | is_takeover;
static const uint32_t fail_it = SECCOMP_RET_TRAP | is_unexpected;

// si_code of a call that a filter trapped; missing from some C libraries' headers.
enum { trapped_by_filter = 1 };

#define COUNT(list) (sizeof(list) / sizeof *(list))
// BPF_MAXINSNS; checks of descriptors get at most `most_runs` of it.
enum { longest = 4096, most_runs = 1000 };

struct program {
    struct sock_filter steps[longest];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter step) {
    if (program->count < longest) program->steps[program->count++] = step;
}

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void load_number(struct program *program) {
    load(program, offsetof(struct seccomp_data, nr));
}

// Loads the low half of an argument, which comes first on both supported machines.
static void load_argument(struct program *program, int argument) {
    load(program, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)argument);
}

static void finish(struct program *program, uint32_t action) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

// Ends the filter with `action` if the loaded value is `value`.
static void finish_if(struct program *program, uint32_t value, uint32_t action) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    finish(program, action);
}

// Begins steps for some calls only; the others jump to `end_section`. The call's number is loaded
// before and after.
static unsigned short begin_section(struct program *program, const int *calls, size_t count) {
    for (size_t index = 0; index < count; index++)
        add(program, (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[index], (uint8_t)(count - index), 0));
    add(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
    return program->count;
}

static void end_section(struct program *program, unsigned short start) {
    load_number(program);
    program->steps[start - 1].k = (uint32_t)(program->count - start);
}

static void allow(struct program *program, const int *calls, size_t count) {
    for (size_t index = 0; index < count; index++)
        finish_if(program, (uint32_t)calls[index], SECCOMP_RET_ALLOW);
}

// Ends the filter with `otherwise` unless a masked argument has a value.
static void require(
    struct program *program, int argument, uint32_t mask, uint32_t value, uint32_t otherwise) {
    load_argument(program, argument);
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    finish(program, otherwise);
}

// Ends the filter for call `number` with `then` if a masked argument has a value, otherwise with
// `otherwise`.
static void judge(
    struct program *program, int number, int argument, uint32_t mask, uint32_t value,
    uint32_t then, uint32_t otherwise) {
    unsigned short start = begin_section(program, &number, 1);
    require(program, argument, mask, value, otherwise);
    finish(program, then);
    end_section(program, start);
}

// A range of descriptors, from first to last.
struct run {
    int first, last;
};

// Finds the descriptors that are open now: when the filter is installed, they are the inherited
// ones, which the master and other processes share. Returns the number of ranges.
static size_t find_open(struct run runs[most_runs]) {
    enum { at_once = 256, highest = 65536 };
    struct rlimit limit;
    struct pollfd entries[at_once];
    size_t count = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    int end = limit.rlim_cur < highest ? (int)limit.rlim_cur : highest;
    for (int start = 0; start < end; start += at_once) {
        int size = end - start < at_once ? end - start : at_once;
        for (int index = 0; index < size; index++)
            entries[index] = (struct pollfd){.fd = start + index};
        if (poll(entries, (nfds_t)size, 0) < 0) return count;
        for (int index = 0; index < size; index++) {
            int fd = start + index;
            if (entries[index].revents & POLLNVAL) continue;
            if (count > 0 && runs[count - 1].last == fd - 1) {
                runs[count - 1].last = fd;
            } else if (count < most_runs) {
                runs[count++] = (struct run){.first = fd, .last = fd};
            }
        }
    }
    return count;
}

// Prevents the process from changing the state of a socket, a pipe or a file that it shares.
static void guard_shared(struct program *program, const struct run *runs, size_t count) {
    static const int changes[] = {SYS_shutdown, SYS_setsockopt, SYS_fcntl};
    unsigned short start = begin_section(program, changes, COUNT(changes));
    load_argument(program, 0);
    for (size_t index = 0; index < count; index++) {
        uint32_t first = (uint32_t)runs[index].first, last = (uint32_t)runs[index].last;
        add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2));
        add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0));
        finish(program, end_it);
    }
    end_section(program, start);
}

static void write_descriptor_changes(struct program *program, int role) {
    int number = SYS_fcntl;
    unsigned short start = begin_section(program, &number, 1);
    load_argument(program, 1);
    for (size_t index = 0; index < COUNT(harmless_commands); index++)
        finish_if(program, (uint32_t)harmless_commands[index], SECCOMP_RET_ALLOW);
    // For memory files that it creates itself.
    if (role == clinux_role_helper) finish_if(program, F_ADD_SEALS, SECCOMP_RET_ALLOW);
    end_section(program, start);

    struct run runs[most_runs];
    guard_shared(program, runs, find_open(runs));

    start = begin_section(program, &number, 1);
    load_argument(program, 1);
    // Change notifications arrive as a signal, for this process only.
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 0, 5));
    require(program, 2, ~(uint32_t)(O_NONBLOCK | O_ASYNC), 0, fail_it);
    finish(program, SECCOMP_RET_ALLOW);
    load_argument(program, 1);
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETOWN, 1, 0));
    finish(program, fail_it);
    require(program, 2, UINT32_MAX, (uint32_t)getpid(), end_it);
    finish(program, SECCOMP_RET_ALLOW);
    end_section(program, start);
}

static void write_socket_changes(struct program *program, int role, int passing) {
    static const int messages[] = {SYS_sendmsg, SYS_recvmsg};
    if (role == clinux_role_helper) {
        allow(program, messages, COUNT(messages));
        return;
    }
    finish_if(program, SYS_shutdown, SECCOMP_RET_ALLOW);
    int number = SYS_setsockopt;
    unsigned short start = begin_section(program, &number, 1);
    for (size_t index = 0; index < COUNT(socket_options); index++) {
        load_argument(program, 1);
        add(program, (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)socket_options[index].level, 0, 3));
        load_argument(program, 2);
        finish_if(program, (uint32_t)socket_options[index].name, SECCOMP_RET_ALLOW);
    }
    load_argument(program, 2);
    for (size_t index = 0; index < COUNT(filter_options); index++)
        finish_if(program, (uint32_t)filter_options[index], end_it);
    finish(program, fail_it);
    end_section(program, start);
    // Descriptors are passed between a worker and the helper process only: a process that received
    // a listening socket could close it for all.
    for (size_t index = 0; index < COUNT(messages); index++)
        judge(
            program, messages[index], 0, UINT32_MAX, (uint32_t)passing, SECCOMP_RET_ALLOW, end_it);
}

static void write_program(struct program *program, int role, int allowed, int passing) {
    load(program, offsetof(struct seccomp_data, arch));
#ifdef ARCHITECTURE
    add(program, (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
#endif
    finish(program, SECCOMP_RET_KILL_PROCESS);
    load_number(program);
    // First, since the kernel runs the filter for calls whose arguments are checked. The logger
    // writes all logs: files are opened for reading only, and not truncated.
    const uint32_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    judge(program, SYS_openat, 2, writing, 0, SECCOMP_RET_ALLOW, end_it);
    allow(program, both, COUNT(both));
    if (role == clinux_role_helper) allow(program, helper_only, COUNT(helper_only));
    write_descriptor_changes(program, role);
    write_socket_changes(program, role, passing);
    // Memory is never executable.
    judge(program, SYS_mmap, 2, PROT_EXEC, 0, SECCOMP_RET_ALLOW, end_it);
    judge(program, SYS_mprotect, 2, PROT_EXEC, 0, SECCOMP_RET_ALLOW, end_it);
    judge(program, SYS_pkey_mprotect, 2, PROT_EXEC, 0, fail_it, end_it);
#ifdef SYS_open
    judge(program, SYS_open, 1, writing, 0, fail_it, end_it);
#endif
    // abort(3) sends a signal to its own process; no other process gets one.
    judge(
        program, SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid(), SECCOMP_RET_ALLOW, end_it);
    // The SIGSYS handler stays, and ends the process with a call for which the kernel kills it.
    judge(
        program, SYS_rt_sigaction, 0, UINT32_MAX, SIGSYS, SECCOMP_RET_KILL_PROCESS,
        SECCOMP_RET_ALLOW);
    finish_if(program, SYS_seccomp, SECCOMP_RET_KILL_PROCESS);
    if (allowed & clinux_allow_openat2) finish_if(program, SYS_openat2, SECCOMP_RET_ALLOW);
    for (size_t index = 0; index < COUNT(names); index++)
        if (names[index].is_takeover)
            finish_if(program, (uint32_t)names[index].number, end_it);
    finish(program, fail_it);
}

static size_t append(char *text, size_t count, const char *part) {
    size_t length = strlen(part);
    memcpy(text + count, part, length);
    return count + length;
}

static void report(int call, const char *end) {
    char text[200];
    size_t count = append(text, 0, "system call ");
    unsigned number = (unsigned)call;
    char digits[10];
    size_t digit = sizeof digits;
    do digits[--digit] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (; digit < sizeof digits; digit++) text[count++] = digits[digit];
    for (size_t index = 0; index < COUNT(names); index++)
        if (names[index].number == call) {
            count = append(text, count, ", ");
            count = append(text, count, names[index].name);
            count = append(text, count, "(),");
            break;
        }
    count = append(text, count, end);
    ssize_t written = write(STDERR_FILENO, text, count);
    (void)written;
}

// Reports of unexpected calls: each once, and no more of them than the pipe to the master can hold,
// so that the write does not wait.
enum { most_reports = 64 };
static int reported[most_reports];
static volatile sig_atomic_t reported_count;

static int is_first(int call) {
    int count = (int)reported_count;
    for (int index = 0; index < count; index++)
        if (reported[index] == call) return 0;
    if (count == most_reports) return 0;
    reported[count] = call;
    reported_count = count + 1;
    return 1;
}

static void set_result(ucontext_t *context, long value) {
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = value;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (unsigned long long)value;
#else
    (void)context, (void)value;
#endif
}

static void stopped(int signal_number, siginfo_t *info, void *context) {
    int error = errno;
    (void)signal_number;
    if (info->si_code == trapped_by_filter && info->si_errno == is_unexpected) {
        if (is_first(info->si_syscall))
            report(info->si_syscall, " is unexpected in the sandbox: it fails with ENOSYS\n");
        set_result(context, -ENOSYS);
        errno = error;
        return;
    }
    if (info->si_code == trapped_by_filter)
        report(info->si_syscall, " is not allowed in the sandbox\n");
    syscall(SYS_seccomp, 0, 0, NULL);
    _exit(1);
}

int clinux_seccomp_fault(void) {
#ifndef ARCHITECTURE
    return -ENOSYS;
#else
    uint32_t action = SECCOMP_RET_TRAP;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0 ? -errno : 0;
#endif
}

int clinux_seccomp_enforce(int role, int allowed, int passing) {
    struct program program;
    program.count = 0;
    write_program(&program, role, allowed, passing);
    if (program.count == longest) return -E2BIG;
    struct sock_fprog filter = {.len = program.count, .filter = program.steps};
    struct sigaction action = {.sa_sigaction = stopped, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    if (sigaction(SIGSYS, &action, NULL) != 0) return -errno;
    // Disables the mitigation of Speculative Store Bypass, which older kernels tie to seccomp: it
    // protects scripts of a browser from each other, and slows workers down.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0)
        return 0;
    if (errno != EINVAL) return -errno;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0 ? -errno : 0;
}
