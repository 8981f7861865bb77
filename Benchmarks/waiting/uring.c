// Asynchronous I/O: a read is submitted, and its completion reported. Both rings are memory shared
// by the kernel and the program; one io_uring_enter(2) submits all entries of the first and waits
// for the second (io_uring(7)).
#define _GNU_SOURCE
#include "waiting.h"
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
    int fd;
    unsigned *submit_head, *submit_tail, *submit_mask, *submit_array;
    unsigned *complete_head, *complete_tail, *complete_mask;
    struct io_uring_sqe *submissions;
    struct io_uring_cqe *completions;
    unsigned waiting;
};

enum { accepting, receiving, sending };

static int enter(struct ring *ring, unsigned wanted) {
    int taken = CALL(syscall(
        SYS_io_uring_enter, ring->fd, ring->waiting, wanted, IORING_ENTER_GETEVENTS, NULL, 0));
    if (taken > 0) ring->waiting -= taken;
    return taken;
}

static void put(struct ring *ring, int operation, int fd, void *bytes, unsigned size, int what) {
    while (ring->waiting > *ring->submit_mask) enter(ring, 0);
    unsigned tail = *ring->submit_tail, index = tail & *ring->submit_mask;
    ring->submissions[index] = (struct io_uring_sqe){
        .opcode = operation, .fd = fd, .addr = (uintptr_t)bytes, .len = size,
        .user_data = (uint64_t)what << 32 | (uint32_t)fd};
    ring->submit_array[index] = index;
    __atomic_store_n(ring->submit_tail, tail + 1, __ATOMIC_RELEASE);
    ring->waiting++;
}

static int open_ring(struct ring *ring) {
    struct io_uring_params parameters = {.flags = IORING_SETUP_CQSIZE, .cq_entries = 32768};
    ring->fd = syscall(SYS_io_uring_setup, 4096, &parameters);
    if (ring->fd < 0) return -1;
    size_t size = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    size_t other = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    // One mapping for both rings: IORING_FEAT_SINGLE_MMAP, in every kernel since 5.4.
    char *rings = mmap(
        NULL, size > other ? size : other, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
        ring->fd, IORING_OFF_SQ_RING);
    ring->submissions = mmap(
        NULL, parameters.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
    if (rings == MAP_FAILED || ring->submissions == MAP_FAILED) return -1;
    ring->submit_head = (unsigned *)(rings + parameters.sq_off.head);
    ring->submit_tail = (unsigned *)(rings + parameters.sq_off.tail);
    ring->submit_mask = (unsigned *)(rings + parameters.sq_off.ring_mask);
    ring->submit_array = (unsigned *)(rings + parameters.sq_off.array);
    ring->complete_head = (unsigned *)(rings + parameters.cq_off.head);
    ring->complete_tail = (unsigned *)(rings + parameters.cq_off.tail);
    ring->complete_mask = (unsigned *)(rings + parameters.cq_off.ring_mask);
    ring->completions = (struct io_uring_cqe *)(rings + parameters.cq_off.cqes);
    return 0;
}

void run_uring(int listener) {
    // A read in progress owns its buffer, so each connection needs one, idle or not.
    static char requests[most_descriptors][request_size];
    static char answer[answer_size];
    struct ring ring = {0};
    if (open_ring(&ring) != 0) {
        note_end("io_uring is not to be had: %s", strerror(errno));
        for (;;) pause();
    }
    memset(answer, 'a', sizeof answer);
    put(&ring, IORING_OP_ACCEPT, listener, NULL, 0, accepting);
    for (;;) {
        enter(&ring, 1);
        unsigned head = *ring.complete_head;
        unsigned tail = __atomic_load_n(ring.complete_tail, __ATOMIC_ACQUIRE);
        for (; head != tail; head++) {
            struct io_uring_cqe *done = &ring.completions[head & *ring.complete_mask];
            int fd = (int)(uint32_t)done->user_data, what = (int)(done->user_data >> 32);
            if (what == accepting) {
                put(&ring, IORING_OP_ACCEPT, listener, NULL, 0, accepting);
                fd = done->res;
                if (fd < 0) continue;
                note_accepted();
            } else if (done->res <= 0) {
                close(fd);
                continue;
            } else if (what == receiving) {
                put(&ring, IORING_OP_SEND, fd, answer, answer_size, sending);
                continue;
            }
            put(&ring, IORING_OP_RECV, fd, requests[fd], request_size, receiving);
        }
        __atomic_store_n(ring.complete_head, head, __ATOMIC_RELEASE);
    }
}
