// waiting MODEL CONNECTIONS: starts a server of the model on one processor, loads it from another,
// and prints the measurements as JSON. Benchmarks/waiting/run calls it for all models.
#define _GNU_SOURCE
#include "waiting.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct model models[] = {
    {"blocking", run_blocking}, {"threads", run_threads}, {"pool", run_pool},
    {"processes", run_processes}, {"spin", run_spin}, {"select", run_select},
    {"poll", run_poll}, {"epoll-level", run_epoll_level}, {"epoll-edge", run_epoll_edge},
    {"signals", run_signals}, {"io_uring", run_uring},
};

enum { few = 64, most_samples = 1 << 20 };

struct client {
    int fd;
    /// The time when its request was sent, in nanoseconds; 0 if none is in progress.
    int64_t since;
    uint64_t answers;
};

static struct client clients[most_descriptors];
static int client_count;
static int64_t samples[most_samples];
static int sample_count;
static int epoll;
static pid_t server;

static int64_t now(clockid_t clock) {
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int64_t monotonic(void) { return now(CLOCK_MONOTONIC); }

static void pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static uint32_t task_count(void) {
    uint32_t count = __atomic_load_n(&shared->task_count, __ATOMIC_RELAXED);
    return count < most_tasks ? count : most_tasks;
}

/// Returns the processor time of all tasks of the server, in nanoseconds.
static int64_t processor_time(void) {
    int64_t sum = 0;
    pid_t last = 0;
    for (uint32_t index = 0; index < task_count(); index++) {
        clockid_t clock;
        pid_t pid = shared->tasks[index].pid;
        // The threads of a process share its clock.
        if (pid != last && clock_getcpuclockid(pid, &clock) == 0) sum += now(clock);
        last = pid;
    }
    return sum;
}

static uint64_t calls(void) {
    uint64_t sum = 0;
    for (uint32_t index = 0; index < task_count(); index++) {
        sum += __atomic_load_n(&shared->tasks[index].calls, __ATOMIC_RELAXED);
    }
    return sum;
}

static double kibibytes(pid_t pid, const char *file, const char *name) {
    char path[64], line[256];
    double value = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    FILE *lines = fopen(path, "r");
    if (lines == NULL) return 0;
    while (fgets(line, sizeof line, lines) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) value = atof(line + strlen(name));
    }
    fclose(lines);
    return value;
}

/// Returns the memory of the server in KiB: private memory of its processes, their page tables, and
/// 16 KiB of kernel stack per task. Of many processes, 32 are examined, since all but the first are
/// alike.
static double memory(void) {
    int count = task_count(), processes = count > 1 && shared->tasks[1].pid != server;
    int asked = !processes ? 1 : count < 33 ? count : 33;
    double first = 0, rest = 0;
    for (int index = 0; index < asked; index++) {
        pid_t pid = shared->tasks[index].pid;
        double own = kibibytes(pid, "smaps_rollup", "Private_Dirty:")
            + kibibytes(pid, "status", "VmPTE:");
        if (index == 0) first = own; else rest += own;
    }
    if (asked > 1) rest = rest / (asked - 1) * (count - 1);
    return first + rest + 16.0 * count;
}

static int start_server(const struct model *model, struct sockaddr_in *name) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    socklen_t size = sizeof *name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)name, size) != 0 || listen(listener, 65535) != 0
        || getsockname(listener, (struct sockaddr *)name, &size) != 0) {
        return -1;
    }
    server = fork();
    if (server == 0) {
        setpgid(0, 0);
        // Its processes are killed as a group; otherwise they exit with their connections.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        pin(0);
        begin_task();
        model->run(listener);
        _exit(1);
    }
    setpgid(server, server);
    close(listener);
    return server < 0 ? -1 : 0;
}

/// Waits for the server to catch up, so that its queue does not overflow: a refused connection is
/// retried only after a second. Gives up on a server that accepts no more.
static void pace(int connected) {
    uint32_t before = 0;
    for (int turn = 0; turn < 200; turn++) {
        uint32_t accepted = __atomic_load_n(&shared->accepted, __ATOMIC_RELAXED);
        if ((uint32_t)connected < accepted + 1024) return;
        if (accepted != before) turn = 0;
        before = accepted;
        usleep(1000);
    }
}

/// Connects until there are `count` connections, or the server accepts none within a second.
static void connect_clients(int count, const struct sockaddr_in *name) {
    for (client_count = 0; client_count < count; client_count++) {
        if (client_count % 512 == 511) pace(client_count);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
        struct linger reset = {.l_onoff = 1};
        struct pollfd one = {.fd = fd, .events = POLLOUT};
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (connect(fd, (struct sockaddr *)name, sizeof *name) != 0
            && (errno != EINPROGRESS || poll(&one, 1, 1000) <= 0)) {
            close(fd);
            return;
        }
        clients[client_count].fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = client_count};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void ask(struct client *client) {
    static const char request[request_size];
    client->since = monotonic();
    if (send(client->fd, request, sizeof request, MSG_NOSIGNAL) < 0) client->since = 0;
}

/// Reads responses and sends the next requests until `end`. Returns the number of responses.
static uint64_t load_until(int64_t end, int keeps_samples) {
    static struct epoll_event events[1024];
    uint64_t answers = 0;
    for (;;) {
        int64_t left = end - monotonic();
        if (left <= 0) return answers;
        int count = epoll_wait(epoll, events, 1024, (int)(left / 1000000) + 1);
        for (int index = 0; index < count; index++) {
            struct client *client = &clients[events[index].data.u32];
            char answer[answer_size];
            ssize_t received = recv(client->fd, answer, sizeof answer, 0);
            if (received <= 0) {
                // The server refused it.
                epoll_ctl(epoll, EPOLL_CTL_DEL, client->fd, NULL);
                client->since = 0;
                continue;
            }
            if (keeps_samples && sample_count < most_samples) {
                samples[sample_count++] = monotonic() - client->since;
            }
            answers++;
            client->answers++;
            ask(client);
        }
    }
}

static int by_size(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static double percentile(double share) {
    if (sample_count == 0) return -1;
    return samples[(int)(share * (sample_count - 1))] / 1000.0;
}

/// Loads the server with `active` clients and prints the cost.
static void measure(const char *name, int active, double seconds) {
    int served = 0;
    sample_count = 0;
    for (int index = 0; index < active; index++) {
        clients[index].answers = 0;
        if (clients[index].since == 0) ask(&clients[index]);
    }
    // Requests in progress when the measurement starts were sent a while ago.
    load_until(monotonic() + (int64_t)(seconds * 0.5e9), 0);
    int64_t start = monotonic(), used = processor_time();
    uint64_t made = calls();
    uint64_t answers = load_until(start + (int64_t)(seconds * 1e9), 1);
    int64_t end = monotonic();
    used = processor_time() - used;
    made = calls() - made;
    for (int index = 0; index < active; index++) served += clients[index].answers > 0;
    qsort(samples, sample_count, sizeof samples[0], by_size);
    printf(
        ", \"%s\": {\"active\": %d, \"served\": %d, \"answers\": %llu, \"seconds\": %.4f,"
        " \"cpu_us\": %.3f, \"calls\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f}",
        name, active, served, (unsigned long long)answers, (end - start) / 1e9,
        answers > 0 ? used / 1000.0 / answers : -1, answers > 0 ? (double)made / answers : -1,
        percentile(0.5), percentile(0.99));
}

/// Waits until the server has nothing more to do with the new connections.
static void settle(const char *model) {
    int64_t before = -1;
    for (int turn = 0; turn < 150; turn++) {
        int64_t used = processor_time();
        if (before >= 0 && used - before < 1000000) return;
        if (strcmp(model, "spin") == 0 && turn >= 4 + client_count / 1000) return;
        before = used;
        usleep(20000);
    }
}

int main(int count, char **words) {
    const struct model *model = NULL;
    for (size_t index = 0; count == 3 && index < sizeof models / sizeof models[0]; index++) {
        if (strcmp(words[1], models[index].name) == 0) model = &models[index];
    }
    if (model == NULL) {
        fprintf(stderr, "waiting MODEL CONNECTIONS\n");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < most_descriptors ? limit.rlim_max : most_descriptors - 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    shared = mmap(
        NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sockaddr_in name;
    if (shared == MAP_FAILED || start_server(model, &name) != 0) return 1;
    pin(1);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    usleep(30000);
    double empty = memory();
    int wanted = atoi(words[2]);
    connect_clients(wanted, &name);
    settle(model->name);
    int64_t used = processor_time(), start = monotonic();
    usleep(150000);
    double idle = (double)(processor_time() - used) / (double)(monotonic() - start);
    double held = memory() - empty;
    printf(
        "{\"model\": \"%s\", \"connections\": %d, \"connected\": %d, \"idle_cpu\": %.4f,"
        " \"kib\": %.3f, \"tasks\": %u",
        model->name, wanted, client_count, idle, client_count > 0 ? held / client_count : 0,
        task_count());
    if (client_count > few) measure("few", few, 0.25);
    measure("all", client_count, client_count > 2000 ? 0.6 : 0.25);
    printf(", \"end\": \"%s\"}\n", shared->end);
    fflush(stdout);
    kill(-server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}
