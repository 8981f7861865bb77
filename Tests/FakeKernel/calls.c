// The functions of the C library that the product calls. Each reaches the next definition, that of
// the library, unless a fake kernel runs on this thread.
#include "kernel.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern volatile int clinux_changes_flag __attribute__((weak));

int fake_accept(struct kernel *kernel, int fd, uint32_t *address, uint16_t *port);
ssize_t fake_recv(struct kernel *kernel, int fd, void *memory, size_t count);
ssize_t fake_send(struct kernel *kernel, int fd, const void *memory, size_t count);
ssize_t fake_sendfile(struct kernel *kernel, int fd, int file, int64_t *offset, size_t count);
int fake_shutdown(struct kernel *kernel, int fd);
int fake_set_linger(struct kernel *kernel, int fd, bool resets);
int fake_watch(struct kernel *kernel, int inode, uint32_t mask);
int fake_unwatch(struct kernel *kernel, int number);
size_t fake_take_changes(struct kernel *kernel, char *memory, size_t count);
ssize_t fake_helper_sendmsg(
    struct kernel *kernel, int fd, const void *bytes, size_t count, int passed);
ssize_t fake_helper_recvmsg(struct kernel *kernel, int fd, void *bytes, size_t count);

/// The next definition of a function, found at its first call.
#define NEXT(name)                                                                                 \
    ({                                                                                             \
        static __typeof__(&name) next;                                                             \
        __typeof__(&name) known = __atomic_load_n(&next, __ATOMIC_RELAXED);                        \
        if (!known) {                                                                              \
            known = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                    \
            __atomic_store_n(&next, known, __ATOMIC_RELAXED);                                      \
        }                                                                                          \
        known;                                                                                     \
    })

/// The kernel if this call goes to it, after what happens in every call.
static inline struct kernel *entered(void) {
    struct kernel *kernel = fake_kernel;
    if (__builtin_expect(!kernel, 1)) return NULL;
    fake_enter(kernel);
    return kernel;
}

/// Raises SIGIO if changes were queued: its handler sets a flag.
static void raise_changes(struct kernel *kernel) {
    if (!kernel->has_signal) return;
    kernel->has_signal = false;
    clinux_changes_flag = 1;
}

/// Ends a call: signals are handled before it returns.
#define RETURN(value)                                                                              \
    do {                                                                                           \
        __typeof__(value) result = (value);                                                        \
        raise_changes(kernel);                                                                     \
        return result;                                                                             \
    } while (0)

static bool is_fake(int fd) { return fd >= first_descriptor; }

// MARK: sockets

ssize_t recv(int fd, void *memory, size_t count, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(recv)(fd, memory, count, flags);
    RETURN(fake_recv(kernel, fd, memory, count));
}

ssize_t send(int fd, const void *memory, size_t count, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(send)(fd, memory, count, flags);
    RETURN(fake_send(kernel, fd, memory, count));
}

ssize_t sendfile(int fd, int file, off_t *offset, size_t count) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(sendfile)(fd, file, offset, count);
    int64_t position = *offset;
    ssize_t sent = fake_sendfile(kernel, fd, file, &position, count);
    *offset = position;
    RETURN(sent);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(accept4)(fd, address, length, flags);
    struct sockaddr_in inet = {.sin_family = AF_INET};
    uint32_t bits = 0;
    uint16_t port = 0;
    int accepted = fake_accept(kernel, fd, &bits, &port);
    inet.sin_addr.s_addr = htonl(bits);
    inet.sin_port = htons(port);
    memcpy(address, &inet, sizeof inet);
    *length = sizeof inet;
    RETURN(accepted);
}

int shutdown(int fd, int how) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(shutdown)(fd, how);
    RETURN(fake_shutdown(kernel, fd));
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(getsockname)(fd, address, length);
    struct sockaddr_in inet = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f000001)};
    memcpy(address, &inet, sizeof inet);
    *length = sizeof inet;
    RETURN(0);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(setsockopt)(fd, level, name, value, length);
    if (level == SOL_SOCKET && name == SO_LINGER)
        RETURN(fake_set_linger(kernel, fd, ((const struct linger *)value)->l_onoff));
    RETURN(0);
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(getsockopt)(fd, level, name, value, length);
    if (level == SOL_SOCKET && name == SO_GET_FILTER) {
        *length = 0;
        RETURN(0);
    }
    if (level == IPPROTO_TCP && name == TCP_INFO) {
        // Paced, or not: the last field that is read.
        uint64_t pacing_rate = fake_chance(kernel, 500) ? UINT64_MAX : 1 << 20;
        struct tcp_info info = {.tcpi_snd_mss = 1448};
        memset(value, 0, *length);
        memcpy(value, &info, sizeof info);
        memcpy((char *)value + sizeof info, &pacing_rate, sizeof pacing_rate);
    }
    if (level == IPPROTO_TCP && name == TCP_CONGESTION)
        strcpy(value, fake_chance(kernel, 500) ? "bbr" : "cubic");
    RETURN(0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(sendmsg)(fd, message, flags);
    int passed = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header) memcpy(&passed, CMSG_DATA(header), sizeof passed);
    RETURN(fake_helper_sendmsg(
        kernel, fd, message->msg_iov->iov_base, message->msg_iov->iov_len, passed));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(recvmsg)(fd, message, flags);
    message->msg_controllen = 0;
    message->msg_flags = 0;
    RETURN(fake_helper_recvmsg(
        kernel, fd, message->msg_iov->iov_base, message->msg_iov->iov_len));
}

// MARK: waiting

int epoll_create1(int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(epoll_create1)(flags);
    RETURN(fake_open(kernel, fake_kind_epoll, 0));
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(epoll_ctl)(epoll, operation, fd, event);
    struct descriptor *descriptor = fake_find(kernel, fd, "epoll_ctl");
    if (!descriptor || !fake_find(kernel, epoll, "epoll_ctl")) return -1;
    bool is_added = operation == EPOLL_CTL_ADD;
    if (descriptor->is_watched == is_added) {
        fake_violate(kernel, "epoll_ctl(%d) of descriptor %d", operation, fd);
        return fake_fail(is_added ? EEXIST : ENOENT);
    }
    if (is_added && descriptor->kind == fake_kind_socket
        && fake_chance(kernel, kernel->faults.no_memory)) {
        fake_say(kernel, "epoll_ctl of descriptor %d: ENOMEM", fd);
        return fake_fail(ENOMEM);
    }
    descriptor->is_watched = operation != EPOLL_CTL_DEL;
    if (operation != EPOLL_CTL_DEL) {
        descriptor->interest = event->events;
        descriptor->token = event->data.u64;
    }
    RETURN(0);
}

static uint32_t events_of(struct kernel *kernel, struct descriptor *descriptor) {
    if (descriptor->kind == fake_kind_free || !descriptor->is_watched) return 0;
    return fake_readiness(kernel, descriptor) & (descriptor->interest | EPOLLERR | EPOLLHUP);
}

static int ready_count(struct kernel *kernel) {
    int count = 0;
    for (int index = 0; index < kernel->descriptors_end; index++)
        count += events_of(kernel, &kernel->descriptors[index]) != 0;
    return count;
}

/// Copies the events of ready descriptors, beginning at a random one.
static int collect(struct kernel *kernel, struct epoll_event *events, int most) {
    int end = kernel->descriptors_end, count = 0;
    int first = (int)fake_below(kernel, (uint64_t)end);
    for (int step = 0; step < end && count < most; step++) {
        struct descriptor *descriptor = &kernel->descriptors[(first + step) % end];
        uint32_t bits = events_of(kernel, descriptor);
        if (!bits) continue;
        if (descriptor->kind == fake_kind_mounts)
            kernel->seen_mount_event = kernel->mount_event;
        events[count++] = (struct epoll_event){.events = bits, .data.u64 = descriptor->token};
    }
    return count;
}

static int wait_next(struct kernel *kernel, int timeout) {
    kernel->is_in_callback = true;
    int ready = ready_count(kernel);
    fake_kernel = NULL;
    int next = kernel->waiting(kernel->context, timeout, ready);
    fake_kernel = kernel;
    kernel->is_in_callback = false;
    return next;
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(epoll_wait)(epoll, events, most, timeout);
    if (!fake_find(kernel, epoll, "epoll_wait")) return -1;
    int64_t end = kernel->now_ns + (int64_t)timeout * 1000000;
    int next = fake_look_again;
    while (next == fake_look_again) {
        int64_t rest = timeout < 0 ? -1 : (end - kernel->now_ns + 999999) / 1000000;
        next = wait_next(kernel, timeout < 0 ? -1 : rest < 0 ? 0 : (int)rest);
    }
    int count = next == fake_interrupt ? 0 : collect(kernel, events, most);
    // A signal handler interrupts a wait without events.
    bool is_interrupted = next == fake_interrupt || (!count && kernel->has_signal);
    raise_changes(kernel);
    if (is_interrupted) return fake_fail(EINTR);
    return count;
}

int poll(struct pollfd *entries, nfds_t count, int timeout) {
    struct kernel *kernel = count && is_fake(entries->fd) ? entered() : NULL;
    if (!kernel) return NEXT(poll)(entries, count, timeout);
    struct descriptor *descriptor = fake_find(kernel, entries->fd, "poll");
    if (!descriptor) return -1;
    uint32_t bits = fake_readiness(kernel, descriptor)
        & ((uint32_t)entries->events | EPOLLERR | EPOLLHUP);
    if (descriptor->kind == fake_kind_mounts) kernel->seen_mount_event = kernel->mount_event;
    entries->revents = (short)bits;
    RETURN(bits != 0);
}

// MARK: files

/// Opens a path, relative to a directory. Returns a descriptor, or -1 with errno.
static int opened(struct kernel *kernel, int base, const char *path, int flags, int restriction) {
    int directory = 0;
    if (base != AT_FDCWD && *path != '/') {
        struct descriptor *from = fake_find(kernel, base, "openat");
        if (!from) return -1;
        directory = from->object;
    }
    if (!strcmp(path, "/proc/self/mountinfo")) {
        kernel->seen_mount_event = kernel->mount_event;
        return fake_open(kernel, fake_kind_mounts, 0);
    }
    if (flags & O_APPEND) return fake_open_log(kernel, path);
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (fake_chance(kernel, kernel->faults.no_descriptors)) return fake_fail(EMFILE);
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(ENOMEM);
    int inode = fake_resolve(kernel, directory, path, !(flags & O_NOFOLLOW), restriction);
    if (inode < 0) return fake_fail(-inode);
    struct inode *file = &kernel->inodes[inode];
    bool is_directory = file->kind == inode_directory;
    size_t length = strlen(path);
    if (!is_directory && (flags & O_DIRECTORY || path[length - 1] == '/'))
        return fake_fail(ENOTDIR);
    if (!(flags & O_PATH) && !(file->mode & 0444)) return fake_fail(EACCES);
    int fd = fake_open(kernel, is_directory ? fake_kind_directory : fake_kind_file, inode);
    if (fd >= 0) file->opens++;
    return fd;
}

int openat(int base, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(openat)(base, path, flags, mode);
    RETURN(opened(kernel, base, path, flags, 0));
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(open)(path, flags, mode);
    RETURN(opened(kernel, AT_FDCWD, path, flags, 0));
}

long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    long values[6];
    for (int index = 0; index < 6; index++) values[index] = va_arg(arguments, long);
    va_end(arguments);
    struct kernel *kernel = number == SYS_openat2 ? entered() : NULL;
    if (!kernel)
        return NEXT(syscall)(
            number, values[0], values[1], values[2], values[3], values[4], values[5]);
    const struct open_how *how = (const struct open_how *)values[2];
    RETURN((long)opened(
        kernel, (int)values[0], (const char *)values[1], (int)how->flags, (int)how->resolve));
}

static void describe(struct kernel *kernel, int index, struct stat *status) {
    struct inode *inode = &kernel->inodes[index];
    static const uint32_t kinds[] = {0, S_IFREG, S_IFDIR, S_IFLNK};
    *status = (struct stat){
        .st_dev = 1, .st_ino = inode->number, .st_mode = kinds[inode->kind] | inode->mode,
        .st_size = inode->size, .st_nlink = (nlink_t)inode->names};
    status->st_mtim.tv_sec = inode->modified_ns / 1000000000;
    status->st_mtim.tv_nsec = inode->modified_ns % 1000000000;
    status->st_ctim.tv_sec = inode->changed_ns / 1000000000;
    status->st_ctim.tv_nsec = inode->changed_ns % 1000000000;
}

int fstat(int fd, struct stat *status) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(fstat)(fd, status);
    struct descriptor *descriptor = fake_find(kernel, fd, "fstat");
    if (!descriptor) return -1;
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(ENOMEM);
    describe(kernel, descriptor->object, status);
    RETURN(0);
}

static int described(
    struct kernel *kernel, int directory, const char *path, bool follows, struct stat *status) {
    int inode = fake_resolve(kernel, directory, path, follows, 0);
    if (inode < 0) return fake_fail(-inode);
    describe(kernel, inode, status);
    return 0;
}

int stat(const char *restrict path, struct stat *restrict status) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(stat)(path, status);
    RETURN(described(kernel, 0, path, true, status));
}

int fstatat(int fd, const char *restrict path, struct stat *restrict status, int flags) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(fstatat)(fd, path, status, flags);
    struct descriptor *descriptor = fake_find(kernel, fd, "fstatat");
    if (!descriptor) return -1;
    bool follows = !(flags & AT_SYMLINK_NOFOLLOW);
    RETURN(described(kernel, descriptor->object, path, follows, status));
}

int statfs(const char *path, struct statfs *status) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(statfs)(path, status);
    int inode = fake_resolve(kernel, 0, path, true, 0);
    if (inode < 0) return fake_fail(-inode);
    // ext4, or FUSE, which does not notify of changes.
    *status = (struct statfs){
        .f_type = kernel->inodes[inode].is_silent ? 0x65735546 : 0xEF53};
    RETURN(0);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t size) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(readlink)(path, target, size);
    int inode = fake_resolve(kernel, 0, path, false, 0);
    if (inode < 0) return fake_fail(-inode);
    if (kernel->inodes[inode].kind != inode_link) return fake_fail(EINVAL);
    size_t length = strlen(kernel->inodes[inode].target);
    if (length > size) length = size;
    memcpy(target, kernel->inodes[inode].target, length);
    RETURN((ssize_t)length);
}

ssize_t pread(int fd, void *memory, size_t count, off_t offset) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(pread)(fd, memory, count, offset);
    struct descriptor *descriptor = fake_find(kernel, fd, "pread");
    if (!descriptor) return -1;
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (descriptor->kind != fake_kind_file) return fake_fail(EISDIR);
    RETURN((ssize_t)fake_copy_content(kernel, descriptor->object, offset, memory, count));
}

ssize_t preadv2(int fd, const struct iovec *pieces, int count, off_t offset, int flags) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(preadv2)(fd, pieces, count, offset, flags);
    struct descriptor *descriptor = fake_find(kernel, fd, "preadv2");
    if (!descriptor) return -1;
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (flags & RWF_NOWAIT && fake_chance(kernel, kernel->faults.cold_reads))
        return fake_fail(EAGAIN);
    RETURN((ssize_t)fake_copy_content(
        kernel, descriptor->object, offset, pieces->iov_base, pieces->iov_len));
}

int posix_fadvise(int fd, off_t offset, off_t count, int advice) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(posix_fadvise)(fd, offset, count, advice);
    RETURN(fake_find(kernel, fd, "posix_fadvise") ? 0 : EBADF);
}

ssize_t write(int fd, const void *memory, size_t count) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(write)(fd, memory, count);
    struct descriptor *descriptor = fake_find(kernel, fd, "write");
    if (!descriptor) return -1;
    if (descriptor->kind != fake_kind_log) {
        fake_violate(kernel, "write to descriptor %d, which is not a log", fd);
        return fake_fail(EBADF);
    }
    fake_append(&kernel->logs[kernel->inodes[descriptor->object].log - 1], memory, count);
    RETURN((ssize_t)count);
}

int close(int fd) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(close)(fd);
    RETURN(fake_close(kernel, fd));
}

// MARK: directories

DIR *fdopendir(int fd) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(fdopendir)(fd);
    struct descriptor *descriptor = fake_find(kernel, fd, "fdopendir");
    if (!descriptor) return NULL;
    for (int index = 0; index < most_streams; index++) {
        struct stream *stream = &kernel->streams[index];
        if (stream->is_used) continue;
        *stream = (struct stream){.descriptor = fd, .is_used = true};
        return (DIR *)stream;
    }
    errno = ENOMEM;
    return NULL;
}

static struct stream *stream_of(struct kernel *kernel, DIR *directory) {
    struct stream *stream = (struct stream *)directory;
    return kernel && stream >= kernel->streams && stream < kernel->streams + most_streams
        ? stream : NULL;
}

struct dirent *readdir(DIR *directory) {
    struct stream *stream = stream_of(fake_kernel, directory);
    if (!stream) return NEXT(readdir)(directory);
    static _Thread_local struct dirent entry;
    struct kernel *kernel = fake_kernel;
    struct descriptor *descriptor = fake_find(kernel, stream->descriptor, "readdir");
    if (!descriptor) return NULL;
    while (stream->position < kernel->names_end) {
        struct name *name = &kernel->names[stream->position++];
        if (name->inode < 0 || name->directory != descriptor->object) continue;
        static const unsigned char types[] = {DT_UNKNOWN, DT_REG, DT_DIR, DT_LNK};
        entry.d_ino = kernel->inodes[name->inode].number;
        entry.d_type = types[kernel->inodes[name->inode].kind];
        strcpy(entry.d_name, name->text);
        return &entry;
    }
    return NULL;
}

int dirfd(DIR *directory) {
    struct stream *stream = stream_of(fake_kernel, directory);
    return stream ? stream->descriptor : NEXT(dirfd)(directory);
}

int closedir(DIR *directory) {
    struct stream *stream = stream_of(fake_kernel, directory);
    if (!stream) return NEXT(closedir)(directory);
    stream->is_used = false;
    return fake_close(fake_kernel, stream->descriptor);
}

// MARK: change notifications

int inotify_init1(int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(inotify_init1)(flags);
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(EMFILE);
    kernel->changes_raise = false;
    RETURN(fake_open(kernel, fake_kind_inotify, 0));
}

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(inotify_add_watch)(fd, path, mask);
    if (!fake_find(kernel, fd, "inotify_add_watch")) return -1;
    if (fake_chance(kernel, kernel->faults.no_memory)) return fake_fail(ENOMEM);
    int number = 0, inode;
    if (sscanf(path, "/proc/self/fd/%d", &number) == 1) {
        struct descriptor *descriptor = fake_find(kernel, number, "inotify_add_watch");
        if (!descriptor) return -1;
        inode = descriptor->object;
    } else {
        inode = fake_resolve(kernel, 0, path, true, 0);
        if (inode < 0) return fake_fail(-inode);
    }
    if (mask & IN_ONLYDIR && kernel->inodes[inode].kind != inode_directory)
        return fake_fail(ENOTDIR);
    RETURN(fake_watch(kernel, inode, mask));
}

int inotify_rm_watch(int fd, int number) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(inotify_rm_watch)(fd, number);
    if (!fake_find(kernel, fd, "inotify_rm_watch")) return -1;
    RETURN(fake_unwatch(kernel, number));
}

ssize_t read(int fd, void *memory, size_t count) {
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(read)(fd, memory, count);
    struct descriptor *descriptor = fake_find(kernel, fd, "read");
    if (!descriptor) return -1;
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (descriptor->kind == fake_kind_inotify) {
        size_t filled = fake_take_changes(kernel, memory, count);
        if (filled) RETURN((ssize_t)filled);
    } else if (descriptor->kind == fake_kind_signals && kernel->signals_count) {
        struct signalfd_siginfo info = {.ssi_signo = (uint32_t)kernel->signals[0]};
        kernel->signals_count--;
        memmove(kernel->signals, kernel->signals + 1, sizeof kernel->signals - sizeof(int));
        memcpy(memory, &info, sizeof info);
        RETURN((ssize_t)sizeof info);
    }
    return fake_fail(EAGAIN);
}

int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    struct kernel *kernel = is_fake(fd) ? entered() : NULL;
    if (!kernel) return NEXT(fcntl)(fd, command, argument);
    struct descriptor *descriptor = fake_find(kernel, fd, "fcntl");
    if (!descriptor) return -1;
    if (command == F_SETFL && descriptor->kind == fake_kind_inotify)
        kernel->changes_raise = argument & O_ASYNC;
    RETURN(0);
}

// MARK: signals and descriptors of events

int signalfd(int fd, const sigset_t *mask, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(signalfd)(fd, mask, flags);
    RETURN(fake_open(kernel, fake_kind_signals, 0));
}

void fake_raise_signal(int number) {
    fake_say(fake_current, "signal %d", number);
    fake_current->signals[fake_current->signals_count++] = number;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
    return fake_kernel ? 0 : NEXT(sigprocmask)(how, set, old);
}

int sigaction(
    int number, const struct sigaction *restrict action, struct sigaction *restrict old) {
    return fake_kernel ? 0 : NEXT(sigaction)(number, action, old);
}

__sighandler_t signal(int number, __sighandler_t handler) {
    return fake_kernel ? SIG_DFL : NEXT(signal)(number, handler);
}

int eventfd(unsigned int count, int flags) {
    struct kernel *kernel = entered();
    if (!kernel) return NEXT(eventfd)(count, flags);
    RETURN(fake_open(kernel, fake_kind_event, 0));
}

// MARK: time, numbers and memory

int clock_gettime(clockid_t clock, struct timespec *time) {
    struct kernel *kernel = fake_kernel;
    if (!kernel) return NEXT(clock_gettime)(clock, time);
    int64_t now =
        kernel->now_ns + (clock == CLOCK_REALTIME ? kernel->date_offset_ns : 0);
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}

ssize_t getrandom(void *memory, size_t count, unsigned int flags) {
    struct kernel *kernel = fake_kernel;
    if (!kernel) return NEXT(getrandom)(memory, count, flags);
    uint8_t *bytes = memory;
    for (size_t index = 0; index < count; index++) bytes[index] = (uint8_t)fake_random(kernel);
    return (ssize_t)count;
}

void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/// The product's buffers are the only memory that is allocated with an alignment.
void *aligned_alloc(size_t alignment, size_t size) {
    struct kernel *kernel = fake_kernel;
    if (kernel && fake_chance(kernel, kernel->faults.no_memory)) {
        fake_say(kernel, "aligned_alloc of %zu bytes: no memory", size);
        return NULL;
    }
    void *memory = __libc_memalign(alignment, size);
    if (kernel && memory && kernel->buffers_count < tracked_buffers)
        kernel->buffers[kernel->buffers_count++] = memory;
    return memory;
}

void free(void *memory) {
    struct kernel *kernel = fake_kernel;
    if (__builtin_expect(kernel != NULL, 0) && memory && ((uintptr_t)memory & 63) == 0) {
        for (int index = 0; index < kernel->buffers_count; index++) {
            if (kernel->buffers[index] != memory) continue;
            kernel->buffers[index] = kernel->buffers[--kernel->buffers_count];
            break;
        }
    }
    __libc_free(memory);
}
