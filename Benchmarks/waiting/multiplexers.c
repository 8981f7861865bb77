// Non-blocking sockets and one task: trying each socket repeatedly, or a multiplexer for all of
// them.
#define _GNU_SOURCE
#include "waiting.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static void watch_listener(int listener) { fcntl(listener, F_SETFL, O_NONBLOCK); }

/// Tries every socket in turn, forever, without a multiplexer.
void run_spin(int listener) {
    static int fds[most_descriptors];
    int count = 0;
    watch_listener(listener);
    for (;;) {
        int fd;
        while ((fd = take(listener, SOCK_NONBLOCK)) >= 0) fds[count++] = fd;
        for (int index = 0; index < count; index++) {
            if (serve(fds[index]) != served_end) continue;
            CALL(close(fds[index]));
            fds[index--] = fds[--count];
        }
    }
}

void run_select(int listener) {
    fd_set all, ready;
    int highest = listener;
    FD_ZERO(&all);
    FD_SET(listener, &all);
    watch_listener(listener);
    for (;;) {
        ready = all;
        if (CALL(select(highest + 1, &ready, NULL, NULL, NULL)) <= 0) continue;
        if (FD_ISSET(listener, &ready)) {
            int fd;
            while ((fd = take(listener, SOCK_NONBLOCK)) >= 0) {
                if (fd >= FD_SETSIZE) {
                    note_end("descriptor %d is refused: a set has %d bits", fd, FD_SETSIZE);
                    CALL(close(fd));
                    continue;
                }
                FD_SET(fd, &all);
                if (fd > highest) highest = fd;
            }
        }
        for (int fd = 0; fd <= highest; fd++) {
            if (fd == listener || !FD_ISSET(fd, &ready)) continue;
            if (serve(fd) != served_end) continue;
            FD_CLR(fd, &all);
            CALL(close(fd));
        }
    }
}

void run_poll(int listener) {
    static struct pollfd all[most_descriptors];
    int count = 1;
    all[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    watch_listener(listener);
    for (;;) {
        if (CALL(poll(all, count, -1)) <= 0) continue;
        for (int index = count - 1; index > 0; index--) {
            if (all[index].revents == 0 || serve(all[index].fd) != served_end) continue;
            CALL(close(all[index].fd));
            all[index] = all[--count];
        }
        if (all[0].revents != 0) {
            int fd;
            while ((fd = take(listener, SOCK_NONBLOCK)) >= 0) {
                all[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
            }
        }
    }
}

static void run_epoll(int listener, uint32_t how) {
    static struct epoll_event events[512];
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    watch_listener(listener);
    for (;;) {
        int count = CALL(epoll_wait(epoll, events, 512, -1));
        for (int index = 0; index < count; index++) {
            int fd = events[index].data.fd;
            if (fd == listener) {
                fd = take(listener, SOCK_NONBLOCK);
                event = (struct epoll_event){.events = EPOLLIN | how, .data.fd = fd};
                if (fd >= 0) CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
                continue;
            }
            enum served outcome = serve(fd);
            // An edge is reported once: the rest must be read now.
            while (how != 0 && outcome == served_request) outcome = serve(fd);
            if (outcome == served_end) CALL(close(fd));
        }
    }
}

void run_epoll_level(int listener) { run_epoll(listener, 0); }
void run_epoll_edge(int listener) { run_epoll(listener, EPOLLET); }

/// Lets the kernel send `signal`, with the descriptor, when `fd` is ready.
static void signal_of(int fd, int signal) {
    CALL(fcntl(fd, F_SETSIG, signal));
    CALL(fcntl(fd, F_SETOWN, getpid()));
    CALL(fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK));
}

/// Signal-driven: a queued signal for each event, which is edge-triggered. The queue can overflow:
/// then SIGIO is sent, which does not name a descriptor.
void run_signals(int listener) {
    static char is_client[most_descriptors];
    int highest = 0;
    const int ready = SIGRTMIN + 1;
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, ready);
    sigaddset(&both, SIGIO);
    sigprocmask(SIG_BLOCK, &both, NULL);
    signal_of(listener, ready);
    for (;;) {
        siginfo_t information;
        int signal = CALL(sigwaitinfo(&both, &information));
        if (signal < 0) continue;
        int first = signal == SIGIO ? 0 : information.si_fd;
        int last = signal == SIGIO ? highest : information.si_fd;
        int fd;
        while ((first == listener || signal == SIGIO)
               && (fd = take(listener, SOCK_NONBLOCK)) >= 0) {
            signal_of(fd, ready);
            is_client[fd] = 1;
            if (fd > highest) highest = fd;
            // Data that arrived before the signal was requested causes none.
            if (serve(fd) == served_end) is_client[fd] = 0, CALL(close(fd));
        }
        for (fd = first; fd <= last; fd++) {
            enum served outcome = served_request;
            while (is_client[fd] && outcome == served_request) outcome = serve(fd);
            if (outcome == served_end) is_client[fd] = 0, CALL(close(fd));
        }
    }
}
