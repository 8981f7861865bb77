// Code shared by all models of a server: the same request and response over loopback. The models
// differ in how the server finds out which client is ready.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { request_size = 64, answer_size = 128, most_tasks = 16384, most_descriptors = 65536 };

/// Counters of a thread or process of the server; each has its own.
struct task {
    _Alignas(64) uint64_t calls;
    pid_t pid;
};

/// Memory that the server and the load generator share.
struct shared {
    /// The number of used elements of `tasks`.
    uint32_t task_count;
    /// The number of accepted connections.
    uint32_t accepted;
    /// The reason why a model refused a connection; empty if it did not.
    char end[120];
    struct task tasks[most_tasks];
};

extern struct shared *shared;
/// The counters of the calling thread or process.
extern __thread struct task *task;

/// Counts a system call of this task.
#define CALL(call) (task->calls++, (call))

/// Assigns a `task` to the calling thread or process.
void begin_task(void);
/// Records the first refusal.
void note_end(const char *format, ...);

/// The result of trying to serve a client once.
enum served { served_request, served_nothing, served_end };
/// Receives a request and sends the response: recv(2), send(2).
enum served serve(int fd);
/// Counts an accepted connection.
void note_accepted(void);
/// Accepts a connection: accept4(2) with `flags`. Returns a descriptor, or -1.
int take(int listener, int flags);

struct model {
    /// The name on the command line.
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
