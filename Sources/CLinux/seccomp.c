// Which system calls a process makes that clients can reach: all others end it.
#define _GNU_SOURCE
#include "confinement.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

// Those of both roles, the loop's first. What libraries make of their own: memory (brk, mmap, ...),
// locks (futex), time where there is no vDSO, and what a trap needs to say its last words and die.
static const int both[] = {
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_epoll_pwait, SYS_recvfrom, SYS_sendto, SYS_sendfile, SYS_fstat, SYS_pread64,
    SYS_close, SYS_newfstatat, SYS_statx, SYS_epoll_ctl, SYS_accept4, SYS_shutdown,
    SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername, SYS_write, SYS_writev,
    SYS_read, SYS_readv, SYS_lseek, SYS_getdents64, SYS_readlinkat, SYS_sendmsg,
    SYS_recvmsg, SYS_fcntl, SYS_pselect6, SYS_ppoll, SYS_epoll_create1, SYS_signalfd4,
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
    SYS_sched_yield, SYS_sched_getaffinity, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
};

// An alarm ends what takes too long; what was compressed goes into files in memory.
static const int aide_alone[] = {
#ifdef SYS_alarm
    SYS_alarm,
#endif
    SYS_setitimer, SYS_memfd_create, SYS_pwrite64,
};

// siginfo's si_code of a call that a filter trapped; not in every libc's headers.
enum { trapped_by_filter = 1 };

#define COUNT(list) (sizeof(list) / sizeof *(list))
enum { longest = 2 * (COUNT(both) + COUNT(aide_alone)) + 50 };

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

static void finish(struct program *program, uint32_t action) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

// The next `count` steps are those for the system call `number`.
static void for_call(struct program *program, int number, int count) {
    struct sock_filter step =
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, (uint8_t)count);
    add(program, step);
}

static void allow(struct program *program, const int *calls, size_t count) {
    for (size_t index = 0; index < count; index++) {
        for_call(program, calls[index], 1);
        finish(program, SECCOMP_RET_ALLOW);
    }
}

// Allows a call whose argument, masked, has a value, and traps others. Both machines have an
// argument's low half first.
static void allow_where(
    struct program *program, int number, int argument, uint32_t mask, uint32_t value) {
    for_call(program, number, 5);
    load(program, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)argument);
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    finish(program, SECCOMP_RET_ALLOW);
    finish(program, SECCOMP_RET_TRAP);
}

static void write_program(struct program *program, int role, int allowed) {
    load(program, offsetof(struct seccomp_data, arch));
#ifdef ARCHITECTURE
    add(program, (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
#endif
    finish(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
    // First: since its argument is looked at, the kernel runs the filter for it. Opening for
    // writing is Landlock's to deny, where logs are opened too; for reading is not to truncate.
    allow_where(program, SYS_openat, 2, O_TRUNC, 0);
    allow(program, both, COUNT(both));
    if (role == clinux_role_aide) allow(program, aide_alone, COUNT(aide_alone));
    // Memory is never code.
    allow_where(program, SYS_mmap, 2, PROT_EXEC, 0);
    allow_where(program, SYS_mprotect, 2, PROT_EXEC, 0);
    // abort(3) sends a signal to itself; nobody else gets one.
    allow_where(program, SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid());
    if (allowed & clinux_allow_openat2) {
        const int opens[] = {SYS_openat2};
        allow(program, opens, 1);
    }
    finish(program, SECCOMP_RET_TRAP);
}

// What is likely to be tried by who has taken a worker over, and what a library may turn to.
#define NAME(call) {SYS_##call, #call}
static const struct {
    long number;
    const char *name;
} names[] = {
    NAME(openat), NAME(openat2), NAME(execve), NAME(execveat), NAME(clone), NAME(clone3),
    NAME(ptrace), NAME(kill), NAME(tkill), NAME(tgkill), NAME(rt_sigqueueinfo), NAME(pidfd_open),
    NAME(socket), NAME(socketpair), NAME(connect), NAME(bind), NAME(listen), NAME(accept),
    NAME(mmap), NAME(mprotect), NAME(pkey_mprotect), NAME(memfd_create), NAME(mlock),
    NAME(msync), NAME(process_vm_readv), NAME(process_vm_writev), NAME(ftruncate),
    NAME(truncate), NAME(fallocate), NAME(fsync), NAME(fdatasync), NAME(fchmod), NAME(fchmodat),
    NAME(fchown), NAME(fchownat), NAME(mkdirat), NAME(unlinkat), NAME(renameat2), NAME(linkat),
    NAME(symlinkat), NAME(mknodat), NAME(faccessat), NAME(utimensat), NAME(pwrite64),
    NAME(pwritev), NAME(splice), NAME(tee), NAME(copy_file_range), NAME(dup), NAME(dup3),
    NAME(pipe2), NAME(ioctl), NAME(chdir), NAME(fchdir), NAME(chroot), NAME(mount),
    NAME(umount2), NAME(pivot_root), NAME(unshare), NAME(setns), NAME(prctl), NAME(seccomp),
    NAME(bpf), NAME(perf_event_open), NAME(userfaultfd), NAME(io_uring_setup), NAME(keyctl),
    NAME(add_key), NAME(setuid), NAME(setgid), NAME(setgroups), NAME(setresuid), NAME(setresgid),
    NAME(capset), NAME(personality), NAME(prlimit64), NAME(setrlimit), NAME(getrusage),
    NAME(wait4), NAME(waitid), NAME(nanosleep), NAME(clock_nanosleep), NAME(setitimer),
    NAME(reboot), NAME(init_module), NAME(finit_module), NAME(kexec_load), NAME(statfs),
    NAME(fstatfs), NAME(flock), NAME(umask), NAME(setpriority), NAME(rseq),
    NAME(set_robust_list), NAME(membarrier), NAME(sched_setaffinity), NAME(getgid),
    NAME(getegid), NAME(getppid), NAME(times), NAME(preadv), NAME(sendmmsg), NAME(recvmmsg),
    NAME(mincore), NAME(timer_create), NAME(name_to_handle_at), NAME(open_by_handle_at),
#ifdef __x86_64__
    NAME(fork), NAME(vfork), NAME(stat), NAME(lstat), NAME(access), NAME(pipe), NAME(dup2),
    NAME(alarm), NAME(mkdir), NAME(rmdir), NAME(unlink), NAME(rename), NAME(link), NAME(symlink),
    NAME(chmod), NAME(chown), NAME(creat), NAME(open), NAME(arch_prctl), NAME(epoll_create),
    NAME(inotify_init), NAME(eventfd), NAME(signalfd), NAME(getdents),
#endif
};

static size_t append(char *text, size_t count, const char *part) {
    size_t length = strlen(part);
    memcpy(text + count, part, length);
    return count + length;
}

static void stopped(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code == trapped_by_filter) {
        char text[160];
        size_t count = append(text, 0, "system call ");
        unsigned number = (unsigned)info->si_syscall;
        char digits[10];
        size_t digit = sizeof digits;
        do digits[--digit] = (char)('0' + number % 10);
        while ((number /= 10) > 0);
        for (; digit < sizeof digits; digit++) text[count++] = digits[digit];
        for (size_t index = 0; index < COUNT(names); index++)
            if (names[index].number == info->si_syscall) {
                count = append(text, count, ", ");
                count = append(text, count, names[index].name);
                count = append(text, count, "(),");
                break;
            }
        count = append(text, count, " is not allowed in the sandbox\n");
        ssize_t written = write(STDERR_FILENO, text, count);
        (void)written;
    }
    // It is blocked here, and so ends the process on the way back.
    signal(signal_number, SIG_DFL);
    syscall(SYS_tgkill, getpid(), gettid(), signal_number);
}

int clinux_seccomp_fault(void) {
#ifndef ARCHITECTURE
    return -ENOSYS;
#else
    uint32_t action = SECCOMP_RET_TRAP;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0 ? -errno : 0;
#endif
}

int clinux_seccomp_enforce(int role, int allowed) {
    struct program program = {.count = 0};
    write_program(&program, role, allowed);
    struct sock_fprog filter = {.len = program.count, .filter = program.steps};
    struct sigaction action = {.sa_sigaction = stopped, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    if (sigaction(SIGSYS, &action, NULL) != 0) return -errno;
    // The workers of a server are not made slower by what guards a browser's scripts from each
    // other (Speculative Store Bypass), which older kernels tie to seccomp.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0)
        return 0;
    if (errno != EINVAL) return -errno;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0 ? -errno : 0;
}
