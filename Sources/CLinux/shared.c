#define _GNU_SOURCE
#include "shared.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(pthread_mutex_t) <= clinux_lock_size, "a mutex fits a lock");

void *clinux_share_memory(size_t size, int *error) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    *error = errno;
    return NULL;
}

void *clinux_share_twice(size_t size, int *error) {
    void *whole = MAP_FAILED;
    int fd = memfd_create("apus-ring", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
        whole = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ok = whole != MAP_FAILED;
    for (size_t half = 0; half < 2 && ok; half++)
        ok = mmap((char *)whole + half * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                 fd, 0) != MAP_FAILED;
    *error = ok ? 0 : errno;
    if (fd >= 0) close(fd);
    if (!ok && whole != MAP_FAILED) munmap(whole, 2 * size);
    return ok ? whole : NULL;
}

void clinux_unshare_memory(void *memory, size_t size) { munmap(memory, size); }

int clinux_lock_create(void *lock) {
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error) return -error;
    error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (!error) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (!error) error = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return -error;
}

int clinux_lock_take(void *lock, int timeout_ms) {
    int error;
    if (timeout_ms < 0) {
        error = pthread_mutex_lock(lock);
    } else {
        // The call takes a time of the clock that can be set; who sets it shortens or lengthens one
        // wait.
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec += 1;
            until.tv_nsec -= 1000000000L;
        }
        error = pthread_mutex_timedlock(lock, &until);
    }
    if (error == EOWNERDEAD) return clinux_lock_was_orphaned;
    return error ? -error : clinux_lock_is_held;
}

void clinux_lock_repaired(void *lock) { pthread_mutex_consistent(lock); }

void clinux_lock_give(void *lock) { pthread_mutex_unlock(lock); }

_Static_assert(sizeof(struct clinux_activity) == 192, "an activity is three cache lines");

void clinux_activity_begin(
    struct clinux_activity *activity, const void *text, size_t count, uint64_t now_ms) {
    if (count > clinux_activity_text) count = clinux_activity_text;
    // Whoever is killed in between leaves a text without a length, not one that is half another's.
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
    // Up to 256 bytes come whole once the kernel's source is ready, and are waited for until then.
    size_t filled = 0;
    while (filled < count) {
        size_t rest = count - filled;
        ssize_t got = getrandom((char *)bytes + filled, rest < 256 ? rest : 256, 0);
        if (got < 0 && errno != EINTR) abort();
        if (got > 0) filled += (size_t)got;
    }
}
