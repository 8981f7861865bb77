// canned PORT BYTES [PROCESSES]: the upper limit. Every request (everything that ends with an empty
// line) gets the same response with a body of BYTES; responses to all received requests are sent
// together. Several processes share the connections with SO_REUSEPORT.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most = 65536, at_once = 64 };

static char *answers;
static size_t answer_size;

static void make_answers(size_t size) {
    char head[512];
    int length = snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\nServer: canned/0.1.0\r\nDate: Thu, 26 Nov 2026 12:00:00 GMT\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n"
        "Last-Modified: Fri, 14 Feb 2020 13:14:15 GMT\r\nConnection: keep-alive\r\n"
        "ETag: \"5e469ba7-400\"\r\nAccept-Ranges: bytes\r\n\r\n", size);
    answer_size = (size_t)length + size;
    answers = malloc(answer_size * at_once);
    if (!answers) err(1, "memory");
    for (int index = 0; index < at_once; index++) {
        memcpy(answers + answer_size * (size_t)index, head, (size_t)length);
        memset(answers + answer_size * (size_t)index + length, 'x', size);
    }
}

static int listener(int port) {
    int on = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&name, sizeof name) || listen(descriptor, 4096))
        err(1, "port %d", port);
    return descriptor;
}

/// Returns the number of complete requests in the bytes. Incomplete ones are ignored: the clients
/// of the benchmarks send complete ones.
static size_t requests(const char *bytes, size_t count) {
    size_t found = 0;
    const char *end = bytes + count;
    while ((bytes = memmem(bytes, (size_t)(end - bytes), "\r\n\r\n", 4))) found++, bytes += 4;
    return found;
}

int main(int count, char **words) {
    if (count != 3 && count != 4) errx(2, "canned PORT BYTES [PROCESSES]");
    make_answers((size_t)atol(words[2]));
    int processes = count == 4 ? atoi(words[3]) : 1;
    while (processes-- > 1) {
        pid_t child = fork();
        if (child < 0) err(1, "fork");
        if (child > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        break;
    }
    int poller = epoll_create1(0), listening = listener(atoi(words[1]));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listening};
    epoll_ctl(poller, EPOLL_CTL_ADD, listening, &event);
    static struct epoll_event events[512];
    static char bytes[most];
    for (;;) {
        int ready = epoll_wait(poller, events, 512, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listening) {
                event.data.fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
                if (event.data.fd >= 0) epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            ssize_t received = recv(descriptor, bytes, sizeof bytes, 0);
            size_t wanted = received > 0 ? requests(bytes, (size_t)received) : 0;
            if (wanted > at_once) wanted = at_once;
            if (received <= 0
                || send(descriptor, answers, wanted * answer_size, MSG_NOSIGNAL)
                    != (ssize_t)(wanted * answer_size))
                close(descriptor);
        }
    }
}
