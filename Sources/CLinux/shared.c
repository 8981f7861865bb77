#define _GNU_SOURCE
#include "shared.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

void *clinux_share_memory(size_t size, int *error) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    *error = errno;
    return NULL;
}

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

size_t clinux_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static int memory_file(const char *name, size_t size) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    if (ftruncate(fd, (off_t)size) == 0) return fd;
    int error = errno;
    close(fd);
    return -error;
}

void *clinux_share_ring(size_t size, int *error) {
    size_t page = clinux_page_size();
    int fd = memory_file("apus-ring", page + size);
    if (fd < 0) {
        *error = -fd;
        return NULL;
    }
    char *whole = mmap(NULL, page + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ok = whole != MAP_FAILED;
    int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_FIXED;
    ok = ok && mmap(whole, page + size, access, kind, fd, 0) != MAP_FAILED
        && mmap(whole + page + size, size, access, kind, fd, (off_t)page) != MAP_FAILED;
    *error = ok ? 0 : errno;
    close(fd);
    if (!ok && whole != MAP_FAILED) munmap(whole, page + 2 * size);
    return ok ? whole : NULL;
}

void clinux_unshare_ring(void *ring, size_t size) { munmap(ring, clinux_page_size() + 2 * size); }

void *clinux_share_readable(size_t size, void **writable, int *error) {
    int fd = memory_file("apus-board", size);
    if (fd < 0) {
        *error = -fd;
        return NULL;
    }
    *writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    // Kernels before 5.1 do not have this seal: there, other processes could undo PROT_READ.
    fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    void *readable = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    int ok = *writable != MAP_FAILED && readable != MAP_FAILED;
    *error = ok ? 0 : errno;
    close(fd);
    if (ok) return readable;
    if (*writable != MAP_FAILED) munmap(*writable, size);
    if (readable != MAP_FAILED) munmap(readable, size);
    return NULL;
}

void clinux_unshare_memory(void *memory, size_t size) { munmap(memory, size); }

void clinux_yield(void) { sched_yield(); }

_Static_assert(sizeof(struct clinux_activity) == 192, "an activity is three cache lines");

void clinux_activity_begin(
    struct clinux_activity *activity, const void *text, size_t count, uint64_t now_ms) {
    if (count > clinux_activity_text) count = clinux_activity_text;
    // A process killed in between leaves a text without a length, not a mixture of two texts.
    activity->count = 0;
    activity->state = clinux_activity_in_hand;
    activity->begun_ms = now_ms;
    activity->begun++;
    clinux_keep_order();
    memcpy(activity->text, text, count);
    clinux_keep_order();
    activity->count = count;
}

void clinux_random(void *bytes, size_t count) {
    // Up to 256 bytes are returned at once when the kernel's source is ready, and are waited for
    // until then.
    size_t filled = 0;
    while (filled < count) {
        size_t rest = count - filled;
        ssize_t got = getrandom((char *)bytes + filled, rest < 256 ? rest : 256, 0);
        if (got < 0 && errno != EINTR) abort();
        if (got > 0) filled += (size_t)got;
    }
}
