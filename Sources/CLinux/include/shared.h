// Memory shared by processes.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Maps zeroed memory that is shared with children of fork(2): mmap(2). Returns NULL and an errno
/// in *error on failure.
void *clinux_share_memory(size_t size, int *error);
void clinux_unshare_memory(void *memory, size_t size);
/// Maps a page, followed by `size` bytes (a power of two of pages) that are mapped twice: byte
/// `size` is byte 0 again, up to 2 * `size`, so that wrapped data is contiguous. The memory is an
/// object of its own: mremap(2) of one cannot reach another.
void *clinux_share_ring(size_t size, int *error);
void clinux_unshare_ring(void *ring, size_t size);
/// sysconf(3), _SC_PAGESIZE.
size_t clinux_page_size(void);
/// Maps memory that one process writes and its children can only read: *writable is the writable
/// address, the result the read-only one, which mprotect(2) cannot make writable
/// (F_SEAL_FUTURE_WRITE, fcntl(2)). Returns NULL and *error on failure.
void *clinux_share_readable(size_t size, void **writable, int *error);

/// Orders the accesses before and after it, as seen in the memory of a process that was killed.
static inline void clinux_keep_order(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/// Stores a number that other processes read without a lock.
static inline void clinux_publish(uint64_t *number, uint64_t value) {
    __atomic_store_n(number, value, __ATOMIC_RELAXED);
}
static inline uint64_t clinux_published(const uint64_t *number) {
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/// Stores a position: a reader that sees it also sees everything written before.
static inline void clinux_release(uint64_t *number, uint64_t value) {
    __atomic_store_n(number, value, __ATOMIC_RELEASE);
}
static inline uint64_t clinux_acquire(const uint64_t *number) {
    return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}
/// Exchanges a number atomically and returns the old one.
static inline uint64_t clinux_exchange(uint64_t *number, uint64_t value) {
    return __atomic_exchange_n(number, value, __ATOMIC_SEQ_CST);
}
/// Stores `value` where `expected` is. Returns the number that was there: `expected` on success.
static inline uint64_t clinux_exchange_if(uint64_t *number, uint64_t expected, uint64_t value) {
    __atomic_compare_exchange_n(
        number, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}
/// Tells the processor that this is a spinning loop.
static inline void clinux_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
/// sched_yield(2).
void clinux_yield(void);
/// Makes stores before it visible to others before loads after it.
static inline void clinux_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

enum { clinux_activity_text = 136 };
/// The activity of a process, for the one that finds it hung or dead: three cache lines that only
/// the process itself writes.
struct clinux_activity {
    /// The number of iterations of its event loop.
    uint64_t turns;
    /// 1 while it waits for events.
    uint64_t waits;
    /// The number of times that work was noted.
    uint64_t begun;
    /// clinux_activity_state
    uint64_t state;
    /// The time when the work began, in milliseconds of a monotonic clock.
    uint64_t begun_ms;
    /// The length of the text.
    uint64_t count;
    uint64_t unused;
    char text[clinux_activity_text];
};

enum clinux_activity_state {
    clinux_activity_none = 0,
    clinux_activity_in_hand = 1,
    clinux_activity_over = 2,
};

/// Notes the beginning of work; a text that is too long is cut off.
void clinux_activity_begin(
    struct clinux_activity *activity, const void *text, size_t count, uint64_t now_ms);

/// Fills `bytes` with random bytes for secrets: getrandom(2).
void clinux_random(void *bytes, size_t count);
