// Counts the allocations of a program: LD_PRELOAD this, and name a file in ALLOCATIONS. It contains
// a pair of numbers for each process: its ID, and its number of allocations.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

struct process {
    uint64_t id, allocations;
};

enum { most = 256 };
static struct process unnamed;
static struct process *table;
static struct process *own = &unnamed;

// A forked process has its own pair.
static void take(void) {
    struct process *place = table;
    if (!table) return;
    for (uint64_t none = 0; place < table + most; place++, none = 0) {
        uint64_t id = (uint64_t)getpid();
        if (place->id == id
            || __atomic_compare_exchange_n(
                &place->id, &none, id, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            break;
    }
    own = place < table + most ? place : &unnamed;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    if (!ftruncate(file, most * sizeof *table)) {
        void *memory =
            mmap(NULL, most * sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory != MAP_FAILED) table = memory;
    }
    close(file);
    take();
    pthread_atfork(NULL, NULL, take);
}

static void count(void) { __atomic_add_fetch(&own->allocations, 1, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    count();
    return __libc_calloc(items, size);
}

void *realloc(void *memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *memory = aligned_alloc(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}
