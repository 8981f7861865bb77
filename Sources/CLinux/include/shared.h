// Memory that processes share.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// mmap(2) of zeroed memory that children of fork(2) share with their parent; NULL and *error, an
/// errno, when there is none.
void *clinux_share_memory(size_t size, int *error);
void clinux_unshare_memory(void *memory, size_t size);
/// A page, and behind it `size` bytes, a power of two of pages, that follow themselves: byte `size`
/// is byte 0 again, up to 2 * `size` bytes, so that what goes round the end lies in one piece.
/// The memory is an object of its own: mremap(2) of one reaches no other.
void *clinux_share_ring(size_t size, int *error);
void clinux_unshare_ring(void *ring, size_t size);
/// sysconf(3), _SC_PAGESIZE.
size_t clinux_page_size(void);
/// Memory that one process writes and its children may only read: *writable is its address for the
/// first, the result the address for the others, which mprotect(2) cannot make writable
/// (F_SEAL_FUTURE_WRITE, fcntl(2)). NULL and *error if there is none.
void *clinux_share_readable(size_t size, void **writable, int *error);

/// What stands above happens, for whoever finds the memory of a process that was killed, before
/// what stands below.
static inline void clinux_keep_order(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/// A number that one process writes and others read, without a lock.
static inline void clinux_publish(uint64_t *number, uint64_t value) {
    __atomic_store_n(number, value, __ATOMIC_RELAXED);
}
static inline uint64_t clinux_published(const uint64_t *number) {
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/// A number that says how far one process has come: who sees it sees what was written before it.
static inline void clinux_release(uint64_t *number, uint64_t value) {
    __atomic_store_n(number, value, __ATOMIC_RELEASE);
}
static inline uint64_t clinux_acquire(const uint64_t *number) {
    return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}
/// Stores a number and gives the one that was there, which no other process is given too.
static inline uint64_t clinux_exchange(uint64_t *number, uint64_t value) {
    return __atomic_exchange_n(number, value, __ATOMIC_SEQ_CST);
}
/// Stores `value` where `expected` is. Returns the number that was there: `expected` on success.
static inline uint64_t clinux_exchange_if(uint64_t *number, uint64_t expected, uint64_t value) {
    __atomic_compare_exchange_n(
        number, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}
/// Tells the processor that this is a loop that waits.
static inline void clinux_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
/// sched_yield(2).
void clinux_yield(void);
/// What stands above is seen by others before what stands below is read.
static inline void clinux_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

enum { clinux_activity_text = 136 };
/// What a process is doing, for those who find it hung or dead: three cache lines that it alone
/// writes.
struct clinux_activity {
    /// How often its loop has turned.
    uint64_t turns;
    /// 1 while it waits for events.
    uint64_t waits;
    /// How often work was noted.
    uint64_t begun;
    /// clinux_activity_state
    uint64_t state;
    /// When the work began, in milliseconds of a monotonic clock.
    uint64_t begun_ms;
    /// How much of the text there is.
    uint64_t count;
    uint64_t unused;
    char text[clinux_activity_text];
};

enum clinux_activity_state {
    clinux_activity_none = 0,
    clinux_activity_in_hand = 1,
    clinux_activity_over = 2,
};

/// Notes what is begun; the text is cut where there is no more room.
void clinux_activity_begin(
    struct clinux_activity *activity, const void *text, size_t count, uint64_t now_ms);

/// getrandom(2): fills `bytes` with what nobody can guess.
void clinux_random(void *bytes, size_t count);
