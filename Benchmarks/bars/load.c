// load --port P --path /x [--connections 32] [--seconds 2] [--pipeline 1] [--close] [--idle 0]
//      [--rate 0] [--paths FILE] [--fields FILE] [--status 200]
//
// Connects, writes "ready", waits for a line, loads, writes what was counted as JSON, and stays
// until its input ends.
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { room = 65536 };

struct connection {
    int socket;
    /// The number of responses still expected.
    int awaited;
    struct answer answer;
    /// The number of unconsumed bytes at the start of `bytes`.
    size_t kept;
    /// The time when the request was due.
    uint64_t due;
    char *bytes;
};

static struct options options = {
    .connections = 32, .pipeline = 1, .seconds = 2, .status = 200, .path = "/"};
static struct requests requests;
static size_t next_request;
static struct connection *connections;
static int poller;
static uint64_t end_time;
static struct {
    uint64_t requests, bytes, missed;
    struct histogram latency;
} counted;
/// For an open loop: the idle connections.
static int *free_connections, free_count;

// MARK: one connection

/// Connects from successive addresses, so that ports in TIME_WAIT are no limit.
static int connected(void) {
    static unsigned number;
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) err(1, "socket");
    int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in name = {.sin_family = AF_INET};
    name.sin_addr.s_addr = htonl(0x7f000001u + number++ % 200);
    if (bind(socket_, (struct sockaddr *)&name, sizeof name)) err(1, "bind");
    name.sin_addr.s_addr = htonl(0x7f000001u);
    name.sin_port = htons((uint16_t)options.port);
    if (connect(socket_, (struct sockaddr *)&name, sizeof name)) err(1, "connect");
    return socket_;
}

static void open_connection(struct connection *connection) {
    connection->socket = connected();
    connection->awaited = 0;
    connection->kept = 0;
    connection->answer = (struct answer){in_head, 0, 0};
    struct epoll_event event = {
        .events = EPOLLIN, .data.u32 = (uint32_t)(connection - connections)};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event)) err(1, "epoll_ctl");
}

static void send_requests(struct connection *connection) {
    size_t left = (size_t)options.pipeline;
    connection->awaited = options.pipeline;
    while (left) {
        // Consecutive requests are sent together.
        size_t some = requests.count - next_request < left ? requests.count - next_request : left;
        size_t start = next_request ? requests.ends[next_request - 1] : 0;
        size_t end = requests.ends[next_request + some - 1];
        if (send(connection->socket, requests.bytes + start, end - start, MSG_NOSIGNAL)
            != (ssize_t)(end - start))
            err(1, "send");
        left -= some;
        next_request = (next_request + some) % requests.count;
    }
}

/// Receives and copies the bytes of a large body in pieces of 8 KiB while more are there, as wrk
/// does.
static ssize_t copy_body(struct connection *connection) {
    static char piece[8192];
    struct answer *answer = &connection->answer;
    ssize_t count, all = 0;
    do {
        size_t most = answer->left - 1 < sizeof piece ? answer->left - 1 : sizeof piece;
        count = most ? recv(connection->socket, piece, most, MSG_DONTWAIT) : 0;
        if (count > 0) answer->left -= (uint64_t)count, all += count;
    } while (count == sizeof piece);
    return all ? all : count;
}

/// Receives, without copying the bytes of a large body unless told to: MSG_TRUNC, tcp(7).
static ssize_t receive(struct connection *connection) {
    struct answer *answer = &connection->answer;
    if (!connection->kept && answer->part == in_body && answer->left > room) {
        if (options.copies) return copy_body(connection);
        ssize_t count = recv(connection->socket, NULL, answer->left - 1, MSG_TRUNC | MSG_DONTWAIT);
        if (count > 0) answer->left -= (uint64_t)count;
        return count;
    }
    ssize_t count = recv(connection->socket, connection->bytes + connection->kept,
                         room - connection->kept, MSG_DONTWAIT);
    if (count > 0) connection->kept += (size_t)count;
    return count;
}

/// Processes received bytes. Returns true when the last expected response is complete.
static bool take(struct connection *connection) {
    size_t used = 0;
    bool done = true;
    while (connection->awaited && done) {
        const char *why = NULL;
        long some = take_answer(&connection->answer, connection->bytes + used,
                                connection->kept - used, options.status, &done, &why);
        if (some < 0) errx(1, "%s: %.200s", why, connection->bytes + used);
        used += (size_t)some;
        if (!done) break;
        connection->awaited--;
        counted.requests++;
    }
    connection->kept -= used;
    if (connection->kept == room) errx(1, "an answer's head is too long");
    memmove(connection->bytes, connection->bytes + used, connection->kept);
    return connection->awaited == 0;
}

/// Reopens a connection that the server has closed, so that the port in TIME_WAIT is the server's.
static void reopen(struct connection *connection) {
    char byte;
    while (recv(connection->socket, &byte, 1, 0) > 0) {}
    close(connection->socket);
    open_connection(connection);
}

// MARK: loops

static void ready(struct connection *connection) {
    ssize_t count = receive(connection);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) errx(1, "the server closed, %d answers missing", connection->awaited);
    counted.bytes += (uint64_t)count;
    if (!take(connection)) return;
    uint64_t time = options.rate > 0 ? now() : 0;
    if (options.close) reopen(connection);
    if (options.rate > 0) {
        note(&counted.latency, time - connection->due);
        free_connections[free_count++] = (int)(connection - connections);
    } else {
        send_requests(connection);
    }
}

static void walk(int milliseconds) {
    static struct epoll_event events[512];
    int count = epoll_wait(poller, events, 512, milliseconds);
    for (int index = 0; index < count; index++) ready(&connections[events[index].data.u32]);
}

static void closed_loop(void) {
    for (int index = 0; index < options.connections; index++) send_requests(&connections[index]);
    while (now() < end_time) walk(100);
}

/// Returns the time to the next request, as for independent clients; the same in each run.
static uint64_t gap(void) {
    static unsigned short state[3] = {1, 2, 3};
    double random = erand48(state), log = 0;
    // Computes -ln(1 - x) by its series for small x, and by halving otherwise.
    double left = 1 - random;
    while (left < 0.5) left *= 2, log += 0.69314718055994531;
    double x = 1 - left, power = x;
    for (int term = 1; term < 40; term++, power *= x) log += power / term;
    return (uint64_t)(log * 1e9 / options.rate);
}

/// Sends each request when it is due, even if responses are late; if no connection is free, the
/// delay counts.
static void open_loop(void) {
    uint64_t due = now();
    while (due < end_time) {
        if (now() >= due && free_count) {
            struct connection *connection = &connections[free_connections[--free_count]];
            connection->due = due;
            send_requests(connection);
            due += gap();
        }
        walk(0);
        if (now() > end_time + 1000000000u) break;
    }
    // Requests that were due and never sent.
    for (; due < end_time; due += gap()) counted.missed++;
    uint64_t patience = now() + 1000000000u;
    while (free_count < options.connections && now() < patience) walk(1);
    counted.missed += (uint64_t)(options.connections - free_count);
}

/// Returns the responses in progress, each weighted by the received share of its body: there are
/// few large ones at a time, and they end together.
static double under_way(void) {
    double share = 0;
    for (int index = 0; index < options.connections; index++) {
        struct answer *answer = &connections[index].answer;
        if (answer->part == in_body) share += 1 - (double)answer->left / (double)answer->size;
    }
    return share;
}

// MARK: the whole

static void parse(int count, char **words) {
    enum { port = 1, connections_, pipeline, idle, seconds, rate, close_, status, path, paths,
           fields, copies };
    static const struct option names[] = {
        {"port", 1, 0, port}, {"connections", 1, 0, connections_}, {"pipeline", 1, 0, pipeline},
        {"idle", 1, 0, idle}, {"seconds", 1, 0, seconds}, {"rate", 1, 0, rate},
        {"close", 0, 0, close_}, {"status", 1, 0, status}, {"path", 1, 0, path},
        {"paths", 1, 0, paths}, {"fields", 1, 0, fields}, {"copy", 0, 0, copies},
        {0, 0, 0, 0}};
    int name;
    while ((name = getopt_long(count, words, "", names, NULL)) != -1) {
        switch (name) {
        case port: options.port = atoi(optarg); break;
        case connections_: options.connections = atoi(optarg); break;
        case pipeline: options.pipeline = atoi(optarg); break;
        case idle: options.idle = atoi(optarg); break;
        case seconds: options.seconds = atof(optarg); break;
        case rate: options.rate = atof(optarg); break;
        case close_: options.close = true; break;
        case status: options.status = atoi(optarg); break;
        case path: options.path = optarg; break;
        case paths: options.paths = optarg; break;
        case fields: options.fields = optarg; break;
        case copies: options.copies = true; break;
        default: exit(2);
        }
    }
}

/// Sends one request and reads its whole response, so that neither side has anything left to do.
static void ask_once(struct connection *connection) {
    int pipeline_ = options.pipeline;
    options.pipeline = 1;
    send_requests(connection);
    options.pipeline = pipeline_;
    for (bool complete = false; !complete; complete = take(connection)) {
        while (receive(connection) < 0) {
            if (errno != EAGAIN) err(1, "recv");
            struct epoll_event event;
            epoll_wait(poller, &event, 1, 100);
        }
    }
}

int main(int count, char **words) {
    parse(count, words);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    requests = make_requests(&options);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int all = options.connections + options.idle;
    connections = calloc((size_t)all, sizeof *connections);
    free_connections = calloc((size_t)all, sizeof *free_connections);
    char *idle_bytes = malloc(room);
    // Idle connections first: if a server distributes connections in turn, the busy ones are spread
    // evenly over its workers.
    for (int index = all - 1; index >= 0; index--) {
        bool is_busy = index < options.connections;
        connections[index].bytes = is_busy ? malloc(room) : idle_bytes;
        open_connection(&connections[index]);
        ask_once(&connections[index]);
        if (options.close && is_busy) reopen(&connections[index]);
        if (is_busy) free_connections[free_count++] = index;
    }
    memset(&counted, 0, sizeof counted);
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF) return 1;
    uint64_t start = now();
    end_time = start + (uint64_t)(options.seconds * 1e9);
    if (options.rate > 0) open_loop(); else closed_loop();
    double seconds = (double)(now() - start) / 1e9;
    printf("{\"requests\": %.3f, \"bytes\": %lu, \"seconds\": %.4f, \"missed\": %lu",
           (double)counted.requests + under_way(), counted.bytes, seconds, counted.missed);
    struct histogram *latency = &counted.latency;
    if (options.rate > 0)
        printf(", \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"most\": %.1f",
               (double)percentile(latency, 0.5) / 1e3, (double)percentile(latency, 0.99) / 1e3,
               (double)percentile(latency, 0.999) / 1e3, (double)latency->most / 1e3);
    puts("}");
    fflush(stdout);
    // The server's usage is read before connections are closed.
    while (getchar() != EOF) {}
    return 0;
}
