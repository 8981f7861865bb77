#include "kernel.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

extern volatile int clinux_changes_flag __attribute__((weak));

_Thread_local struct kernel *fake_kernel;
_Thread_local struct kernel *fake_current;

// SplitMix64.
static uint64_t mixed(uint64_t value) {
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

uint64_t fake_random(struct kernel *kernel) {
    kernel->random += 0x9E3779B97F4A7C15u;
    return mixed(kernel->random);
}

uint64_t fake_below(struct kernel *kernel, uint64_t end) {
    return end ? fake_random(kernel) % end : 0;
}

bool fake_chance(struct kernel *kernel, int rate) {
    return rate > 0 && fake_below(kernel, 1000) < (uint64_t)rate;
}

// MARK: running

void fake_start(
    uint64_t seed, bool traced, fake_waiting waiting, fake_changing changing, void *context) {
    struct kernel *kernel = calloc(1, sizeof *kernel);
    if (!kernel) abort();
    kernel->random = mixed(seed);
    kernel->is_traced = traced;
    kernel->waiting = waiting;
    kernel->changing = changing;
    kernel->context = context;
    kernel->now_ns = (int64_t)1000 * 1000000000;
    // 2026-01-01, and a part of a day.
    kernel->date_offset_ns =
        (1767225600 + (int64_t)fake_below(kernel, 86400)) * 1000000000 - kernel->now_ns;
    kernel->next_inode = 2;
    kernel->next_watch = 1;
    kernel->watch_limit = most_watches;
    kernel->change_limit = most_changes - 1;
    kernel->inodes_end = 1;
    kernel->inodes[0] = (struct inode){
        .kind = inode_directory, .mode = 0755, .number = 1, .names = 1, .mounted = -1};
    clinux_changes_flag = 0;
    fake_current = kernel;
    fake_kernel = kernel;
}

void fake_set_context(void *context) { fake_current->context = context; }

void fake_stop(void) {
    struct kernel *kernel = fake_current;
    fake_kernel = fake_current = NULL;
    fake_name_seed(0);
    if (!kernel) return;
    for (int index = 0; index < kernel->sockets_end; index++) {
        fake_free_bytes(&kernel->sockets[index].to_server);
        fake_free_bytes(&kernel->sockets[index].to_client);
    }
    for (int index = 0; index < most_logs; index++) fake_free_bytes(&kernel->logs[index]);
    fake_free_messages(kernel);
    free(kernel);
}

struct fake_faults *fake_fault_rates(void) { return &fake_current->faults; }

const char *fake_violation(void) {
    return fake_current->violation[0] ? fake_current->violation : NULL;
}

void fake_violate(struct kernel *kernel, const char *format, ...) {
    if (kernel->violation[0]) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(kernel->violation, sizeof kernel->violation, format, arguments);
    va_end(arguments);
    fake_say(kernel, "VIOLATION %s", kernel->violation);
}

void fake_say(struct kernel *kernel, const char *format, ...) {
    if (!kernel->is_traced) return;
    char line[512];
    int count = snprintf(
        line, sizeof line, "%9.3f ", (double)kernel->now_ns / 1e9 - 1000);
    va_list arguments;
    va_start(arguments, format);
    count += vsnprintf(line + count, sizeof line - (size_t)count - 1, format, arguments);
    va_end(arguments);
    if (count > (int)sizeof line - 2) count = sizeof line - 2;
    line[count++] = '\n';
    ssize_t written = write(2, line, (size_t)count);
    (void)written;
}

void fake_trace(const char *text) {
    if (fake_current) fake_say(fake_current, "%s", text);
}

uint64_t fake_fingerprint(void) {
    struct kernel *kernel = fake_current;
    return mixed(kernel->random ^ mixed(kernel->calls ^ mixed((uint64_t)kernel->now_ns)));
}

uint64_t fake_sequence(void) { return fake_current->sequence; }

int fake_fail(int error) {
    errno = error;
    return -1;
}

void fake_enter(struct kernel *kernel) {
    kernel->calls++;
    kernel->sequence++;
    kernel->now_ns += 1000;
    if (!kernel->is_in_callback && fake_chance(kernel, kernel->faults.changes)) {
        kernel->is_in_callback = true;
        fake_kernel = NULL;
        kernel->changing(kernel->context);
        fake_kernel = kernel;
        kernel->is_in_callback = false;
    }
}

enum { seconds_per_seed = 60 };
static volatile uint64_t current_seed;
static volatile int has_handlers;

static void say_seed(int number) {
    // From here on calls go to the library.
    fake_kernel = NULL;
    if (current_seed) {
        char line[96];
        int count = snprintf(
            line, sizeof line, "%s in the simulation with seed %llu\n",
            number == SIGALRM ? "no end" : "a crash", (unsigned long long)current_seed);
        ssize_t written = write(2, line, (size_t)count);
        (void)written;
    }
    signal(number, SIG_DFL);
    raise(number);
}

void fake_name_seed(uint64_t seed) {
    current_seed = seed;
    alarm(seed ? seconds_per_seed : 0);
    if (has_handlers) return;
    has_handlers = 1;
    int numbers[] = {SIGALRM, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++)
        signal(numbers[index], say_seed);
}

// MARK: time

int64_t fake_now_ms(void) { return fake_current->now_ns / 1000000; }
int64_t fake_date_ns(void) { return fake_current->now_ns + fake_current->date_offset_ns; }
void fake_advance_ms(int64_t milliseconds) { fake_current->now_ns += milliseconds * 1000000; }

void fake_shift_date(int64_t seconds) {
    fake_say(fake_current, "the date changes by %lld s", (long long)seconds);
    fake_current->date_offset_ns += seconds * 1000000000;
}

// MARK: descriptors

int fake_open_descriptors(int kind) {
    int count = 0;
    for (int index = 0; index < fake_current->descriptors_end; index++)
        count += (int)fake_current->descriptors[index].kind == kind;
    return count;
}

int fake_live_buffers(void) { return fake_current->buffers_count; }
void fake_limit_sockets(int count) { fake_current->socket_limit = count; }
void fake_limit_descriptors(int count) { fake_current->descriptor_limit = count; }

struct descriptor *fake_find(struct kernel *kernel, int fd, const char *call) {
    int index = fd - first_descriptor;
    if (index >= 0 && index < kernel->descriptors_end
        && kernel->descriptors[index].kind != fake_kind_free)
        return &kernel->descriptors[index];
    fake_violate(kernel, "%s of descriptor %d, which is not open", call, fd);
    errno = EBADF;
    return NULL;
}

int fake_open(struct kernel *kernel, enum fake_kind kind, int object) {
    int index = 0;
    while (index < kernel->descriptors_end && kernel->descriptors[index].kind != fake_kind_free)
        index++;
    if (index >= most_descriptors
        || (kernel->descriptor_limit && kernel->open_count >= kernel->descriptor_limit))
        return fake_fail(EMFILE);
    if (index >= kernel->descriptors_end) kernel->descriptors_end = index + 1;
    kernel->descriptors[index] = (struct descriptor){.kind = kind, .object = object};
    kernel->open_count++;
    return first_descriptor + index;
}

int fake_close(struct kernel *kernel, int fd) {
    struct descriptor *descriptor = fake_find(kernel, fd, "close");
    if (!descriptor) return -1;
    enum fake_kind kind = descriptor->kind;
    int object = descriptor->object;
    *descriptor = (struct descriptor){0};
    kernel->open_count--;
    if (kind == fake_kind_socket) fake_socket_closed(kernel, &kernel->sockets[object]);
    if (kind == fake_kind_file || kind == fake_kind_directory || kind == fake_kind_log)
        fake_file_closed(kernel, object);
    if (kind == fake_kind_inotify) kernel->watches_end = kernel->changes_count = 0;
    return 0;
}
