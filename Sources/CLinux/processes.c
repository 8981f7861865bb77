#define _GNU_SOURCE
#include "processes.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void take_signals(sigset_t *set, uint64_t mask) {
    sigemptyset(set);
    for (int number = 1; number <= 64; number++)
        if (mask & (UINT64_C(1) << (number - 1))) sigaddset(set, number);
}

int clinux_signal_descriptor(uint64_t mask) {
    sigset_t set;
    // The parent may have set signals to be ignored: an ignored SIGCHLD would leave no exit status.
    for (int number = 1; number <= 64; number++)
        if (mask & (UINT64_C(1) << (number - 1))) signal(number, SIG_DFL);
    take_signals(&set, mask);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -errno;
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clinux_next_signal(int fd) {
    struct signalfd_siginfo info;
    ssize_t count;
    do count = read(fd, &info, sizeof info);
    while (count < 0 && errno == EINTR);
    if (count == (ssize_t)sizeof info) return (int)info.ssi_signo;
    return count < 0 && errno != EAGAIN ? -errno : 0;
}

int64_t clinux_local_offset(int64_t seconds) {
    time_t time = (time_t)seconds;
    struct tm parts;
    return localtime_r(&time, &parts) ? parts.tm_gmtoff : 0;
}

size_t clinux_long_date(int64_t seconds, bool is_local, uint8_t *text, size_t size) {
    time_t time = (time_t)seconds;
    struct tm parts;
    if (!(is_local ? localtime_r(&time, &parts) : gmtime_r(&time, &parts))) return 0;
    return strftime((char *)text, size, "%A, %d-%b-%Y %H:%M:%S %Z", &parts);
}

void clinux_calendar_time(int64_t seconds, int64_t offset, char text[20]) {
    time_t time;
    struct tm parts;
    text[0] = 0;
    if (__builtin_add_overflow(seconds, offset, &time) || !gmtime_r(&time, &parts)) return;
    if (strftime(text, 20, "%Y/%m/%d %H:%M:%S", &parts) == 0) text[0] = 0;
}

int clinux_fork(void) {
    pid_t pid = fork();
    return pid < 0 ? -errno : pid;
}

static int is_named(const char *variable, const char *change) {
    size_t length = strcspn(change, "=");
    return strncmp(variable, change, length) == 0 && variable[length] == '=';
}

int clinux_execute(char *const *words, char *const *changes, int count) {
    size_t known = 0, used = 0;
    while (environ[known]) known++;
    char **variables = calloc(known + (size_t)count + 1, sizeof *variables);
    if (!variables) return -ENOMEM;
    for (size_t index = 0; index < known; index++) {
        int is_kept = 1;
        for (int change = 0; change < count; change++)
            if (is_named(environ[index], changes[change])) is_kept = 0;
        if (is_kept) variables[used++] = environ[index];
    }
    for (int change = 0; change < count; change++)
        if (strchr(changes[change], '=')) variables[used++] = changes[change];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execvpe(words[0], words, variables);
    int fault = -errno;
    free(variables);
    return fault;
}

int clinux_pass_on(int fd) { return fcntl(fd, F_SETFD, 0) != 0 ? -errno : 0; }

int clinux_reap(struct clinux_ended *ended) {
    int status;
    pid_t pid;
    do pid = waitpid(-1, &status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid <= 0) return pid == 0 || errno == ECHILD ? 0 : -errno;
    ended->pid = pid;
    ended->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    ended->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ended->dumped_core = WIFSIGNALED(status) && WCOREDUMP(status);
    return 1;
}

int clinux_block_only(uint64_t mask) {
    sigset_t set;
    take_signals(&set, mask);
    return sigprocmask(SIG_SETMASK, &set, NULL) != 0 ? -errno : 0;
}

void clinux_ignore_broken_pipes(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int clinux_pipe(int ends[2], int reads_nonblocking) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    if (reads_nonblocking) fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return 0;
}

int clinux_memory_file(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int clinux_duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}

int clinux_replace(int fd, int standard) { return dup2(fd, standard) < 0 ? -errno : 0; }

int clinux_detach(void) {
    if (setsid() < 0) return -errno;
    umask(022);
    return 0;
}

int clinux_silence(int with_stderr) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return -errno;
    int fault = 0;
    for (int fd = 0; fd <= (with_stderr ? 2 : 1); fd++)
        if (fault == 0 && dup2(null, fd) < 0) fault = -errno;
    if (null > 2) close(null);
    return fault;
}

int clinux_limit_descriptors(uint64_t count) {
    struct rlimit limit = {.rlim_cur = count, .rlim_max = count};
    return setrlimit(RLIMIT_NOFILE, &limit) != 0 ? -errno : 0;
}

int clinux_limit_core(uint64_t bytes) {
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    return setrlimit(RLIMIT_CORE, &limit) != 0 ? -errno : 0;
}

int clinux_allow_core(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ? -errno : 0; }

int clinux_set_priority(int priority) {
    return setpriority(PRIO_PROCESS, 0, priority) != 0 ? -errno : 0;
}

int clinux_pin(const uint16_t *processors, int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int index = 0; index < count; index++)
        if (processors[index] < CPU_SETSIZE) CPU_SET(processors[index], &set);
    return sched_setaffinity(0, sizeof set, &set) != 0 ? -errno : 0;
}

int clinux_become(
    uint32_t user, uint32_t group, const uint32_t *groups, int count, const char **call) {
    *call = "setgroups()";
    if (setgroups((size_t)count, (const gid_t *)groups) != 0) return -errno;
    *call = "setgid()";
    if (setgid(group) != 0) return -errno;
    *call = "setuid()";
    return setuid(user) != 0 ? -errno : 0;
}

int clinux_join_groups(const uint32_t *groups, int count) {
    gid_t own[64];
    if (count > 64) count = 64;
    for (int index = 0; index < count; index++) own[index] = groups[index];
    return setgroups((size_t)count, own) != 0 ? -errno : 0;
}

void clinux_name_process(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

void clinux_end(int code) { _exit(code); }

void clinux_fill_standard(void) {
    int fd;
    do fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2) close(fd);
}

void clinux_return_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 256 * 1024); }

void clinux_plain_faults(void) {
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
    if (getenv("SWIFT_BACKTRACE")) return;
    for (size_t index = 0; index < sizeof faults / sizeof *faults; index++)
        signal(faults[index], SIG_DFL);
}
