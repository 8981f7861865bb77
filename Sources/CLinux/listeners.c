#define _GNU_SOURCE
#include "listeners.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int outcome(int returned) { return returned < 0 ? -errno : returned; }

static int set(int fd, int level, int name, int value) {
    return outcome(setsockopt(fd, level, name, &value, sizeof value));
}

int clinux_stream_socket(int family) {
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    return outcome(socket(families[family], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int clinux_bind_ipv4(int fd, uint32_t address, uint16_t port) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    return outcome(bind(fd, (struct sockaddr *)&name, sizeof name));
}

int clinux_bind_ipv6(int fd, uint64_t high, uint64_t low, uint16_t port) {
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    for (int byte = 0; byte < 8; byte++) {
        name.sin6_addr.s6_addr[byte] = (uint8_t)(high >> (56 - 8 * byte));
        name.sin6_addr.s6_addr[8 + byte] = (uint8_t)(low >> (56 - 8 * byte));
    }
    return outcome(bind(fd, (struct sockaddr *)&name, sizeof name));
}

static int unix_name(struct sockaddr_un *name, const char *path) {
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof name->sun_path) return -ENAMETOOLONG;
    strcpy(name->sun_path, path);
    return 0;
}

int clinux_bind_unix(int fd, const char *path) {
    struct sockaddr_un name;
    int fault = unix_name(&name, path);
    return fault ? fault : outcome(bind(fd, (struct sockaddr *)&name, sizeof name));
}

int clinux_listen(int fd, int backlog) { return outcome(listen(fd, backlog)); }

int clinux_reuse_address(int fd) { return set(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
int clinux_reuse_port(int fd) { return set(fd, SOL_SOCKET, SO_REUSEPORT, 1); }
int clinux_ipv6_only(int fd, int on) { return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, on); }
int clinux_defer_accept(int fd, int on) { return set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, on); }
int clinux_no_delay(int fd, int on) { return set(fd, IPPROTO_TCP, TCP_NODELAY, on); }
int clinux_receive_buffer(int fd, int bytes) { return set(fd, SOL_SOCKET, SO_RCVBUF, bytes); }
int clinux_send_buffer(int fd, int bytes) { return set(fd, SOL_SOCKET, SO_SNDBUF, bytes); }
int clinux_fast_open(int fd, int queue) { return set(fd, IPPROTO_TCP, TCP_FASTOPEN, queue); }

int clinux_keepalive(int fd, int on, int idle, int interval, int count) {
    int result = set(fd, SOL_SOCKET, SO_KEEPALIVE, on);
    if (result == 0 && on && idle) result = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    if (result == 0 && on && interval) result = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    if (result == 0 && on && count) result = set(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
    return result;
}

int clinux_refuse_new_connections(int fd, int is_unix) {
    // Byte 13 of a TCP header has the flags: SYN (2) without ACK (16) requests a connection.
    static struct sock_filter no_new_ones[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    static const struct sock_fprog program = {
        .len = sizeof no_new_ones / sizeof *no_new_ones, .filter = no_new_ones};
    if (is_unix && shutdown(fd, SHUT_RD) != 0) return -errno;
    return outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

int clinux_refuses_new_connections(int fd) {
    socklen_t count = 0;
    return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) == 0 && count > 0;
}

int clinux_listener_fault(int fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens) return 1;
    // A Unix domain socket that was shut down still reports that it listens.
    struct pollfd entry = {.fd = fd, .events = POLLRDHUP};
    if (poll(&entry, 1, 0) > 0) return 1;
    // EACCES: a filter that cannot be read, an eBPF program.
    socklen_t count = 0;
    int fails = getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) != 0;
    if (fails) return errno == EACCES ? 2 : 0;
    return count > 0 ? 2 : 0;
}

void clinux_restore_flags(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & (O_NONBLOCK | O_ASYNC)) == O_NONBLOCK) return;
    fcntl(fd, F_SETFL, (flags | O_NONBLOCK) & ~O_ASYNC);
}

void clinux_end_listening(int fd) { shutdown(fd, SHUT_RDWR); }

static uint64_t half(const uint8_t *bytes) {
    uint64_t number = 0;
    for (int byte = 0; byte < 8; byte++) number = number << 8 | bytes[byte];
    return number;
}

int clinux_adopt_listener(int fd, struct clinux_listening *listening) {
    int type = 0, listens = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return -errno;
    if (type != SOCK_STREAM || !listens) return -EINVAL;
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct sockaddr_un unix_name;
    } name;
    memset(&name, 0, sizeof name);
    size = sizeof name;
    if (getsockname(fd, &name.any, &size) != 0) return -errno;
    memset(listening, 0, sizeof *listening);
    switch (name.any.sa_family) {
    case AF_INET:
        listening->family = clinux_family_ipv4;
        listening->port = ntohs(name.ipv4.sin_port);
        listening->ipv4 = ntohl(name.ipv4.sin_addr.s_addr);
        break;
    case AF_INET6:
        listening->family = clinux_family_ipv6;
        listening->port = ntohs(name.ipv6.sin6_port);
        listening->ipv6_high = half(name.ipv6.sin6_addr.s6_addr);
        listening->ipv6_low = half(name.ipv6.sin6_addr.s6_addr + 8);
        break;
    case AF_UNIX:
        listening->family = clinux_family_unix;
        memcpy(listening->path, name.unix_name.sun_path, sizeof name.unix_name.sun_path);
        break;
    default: return -EINVAL;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
    return outcome(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int clinux_is_stale_socket(const char *path) {
    struct stat status;
    struct sockaddr_un name;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
    if (unix_name(&name, path) != 0) return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    int is_refused =
        connect(fd, (struct sockaddr *)&name, sizeof name) != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_refused;
}

int clinux_open_to_all(const char *path) { return outcome(chmod(path, 0666)); }
