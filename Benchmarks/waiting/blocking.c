// Blocking calls: a task that waits for one client can serve no other, so each client needs a
// thread or a process, or waits for its turn.
#define _GNU_SOURCE
#include "waiting.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve_to_the_end(int fd) {
    while (serve(fd) == served_request) {}
    CALL(close(fd));
}

/// Serves one client at a time: the second one waits until the first disconnects.
void run_blocking(int listener) {
    for (;;) {
        int fd = take(listener, 0);
        if (fd >= 0) serve_to_the_end(fd);
    }
}

static void *thread_of_a_client(void *argument) {
    begin_task();
    serve_to_the_end((int)(intptr_t)argument);
    return NULL;
}

/// Serves each connection with a thread.
void run_threads(int listener) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    // The default reserves 8 MiB of address space per thread.
    pthread_attr_setstacksize(&attributes, 65536);
    for (int count = 0;;) {
        int fd = take(listener, 0);
        if (fd < 0) continue;
        pthread_t thread;
        int error = pthread_create(&thread, &attributes, thread_of_a_client, (void *)(intptr_t)fd);
        if (error == 0) {
            count++;
            continue;
        }
        note_end("no more threads after %d: %s", count, strerror(error));
        close(fd);
    }
}

static void *thread_of_the_pool(void *argument) {
    begin_task();
    run_blocking((int)(intptr_t)argument);
    return NULL;
}

/// Serves with 64 threads, each one client at a time: the 65th client waits.
void run_pool(int listener) {
    for (int index = 1; index < 64; index++) {
        pthread_t thread;
        pthread_create(&thread, NULL, thread_of_the_pool, (void *)(intptr_t)listener);
    }
    run_blocking(listener);
}

/// Serves each connection with a process.
void run_processes(int listener) {
    for (int count = 0;;) {
        int fd = take(listener, 0);
        if (fd < 0) continue;
        pid_t child = CALL(fork());
        if (child == 0) {
            begin_task();
            serve_to_the_end(fd);
            _exit(0);
        }
        if (child > 0) {
            count++;
        } else {
            note_end("no more processes after %d: %s", count, strerror(errno));
        }
        close(fd);
    }
}
