// The ways to wait, compared: what every model of a server shares. One and the same request and
// answer, over loopback; what differs is how a server finds out whose turn it is.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { request_size = 64, answer_size = 128, most_tasks = 16384, most_descriptors = 65536 };

/// What a thread or process of the server tells the load generator; each has one of its own.
struct task {
    _Alignas(64) uint64_t calls;
    pid_t pid;
};

/// Memory that the server and the load generator share.
struct shared {
    /// How many of `tasks` are used.
    uint32_t task_count;
    /// How many connections were accepted.
    uint32_t accepted;
    /// Where and why a model refused a connection; empty when it did not.
    char end[120];
    struct task tasks[most_tasks];
};

extern struct shared *shared;
/// Of the calling thread or process.
extern __thread struct task *task;

/// Counts a system call of this task.
#define CALL(call) (task->calls++, (call))

/// Gives the calling thread or process a `task`.
void begin_task(void);
/// Remembers the first refusal.
void note_end(const char *format, ...);

/// What came of trying to serve a client once.
enum served { served_request, served_nothing, served_end };
/// recv(2) and, when a request came, send(2) of the answer.
enum served serve(int fd);
/// Counts a connection that was accepted.
void note_accepted(void);
/// accept4(2) with `flags`: a descriptor, or -1.
int take(int listener, int flags);

struct model {
    /// As on the command line.
    const char *name;
    /// Serves until it is killed.
    void (*run)(int listener);
};

void run_blocking(int listener);
void run_threads(int listener);
void run_pool(int listener);
void run_processes(int listener);
void run_spin(int listener);
void run_select(int listener);
void run_poll(int listener);
void run_epoll_level(int listener);
void run_epoll_edge(int listener);
void run_signals(int listener);
void run_uring(int listener);
