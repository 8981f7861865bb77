// Memory that processes share, and a lock in it that outlives its holder.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// mmap(2) of zeroed memory that children of fork(2) share with their parent; NULL and *error, an
/// errno, when there is none.
void *clinux_share_memory(size_t size, int *error);
void clinux_unshare_memory(void *memory, size_t size);
/// The same of `size` bytes, a power of two of pages, that follow themselves: byte `size` is byte 0
/// again, up to 2 * `size` bytes, so that what goes round the end lies in one piece.
void *clinux_share_twice(size_t size, int *error);

/// The bytes of a lock, at an address that is a multiple of 64.
enum { clinux_lock_size = 64 };
/// How a lock was taken.
enum clinux_lock_taken {
    clinux_lock_is_held = 0,
    /// Its holder died. What it guards is to be put in order, then clinux_lock_repaired said; a
    /// process that dies before that leaves the next holder the same task.
    clinux_lock_was_orphaned = 1,
};
/// Makes a lock: a robust mutex that processes share (pthread_mutexattr_setrobust(3)). 0 or -errno.
int clinux_lock_create(void *lock);
/// clinux_lock_taken or -errno; -ETIMEDOUT after `timeout_ms`, which is -1 for no limit. A process
/// must not take a lock that it holds.
int clinux_lock_take(void *lock, int timeout_ms);
void clinux_lock_repaired(void *lock);
void clinux_lock_give(void *lock);

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
