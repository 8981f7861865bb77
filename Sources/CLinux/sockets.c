#define _GNU_SOURCE
#include "sockets.h"
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static void take_address(struct clinux_peer *peer, const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *inet = (const struct sockaddr_in *)address;
        peer->family = 1;
        peer->low = ntohl(inet->sin_addr.s_addr);
        peer->port = ntohs(inet->sin_port);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *inet = (const struct sockaddr_in6 *)address;
        uint64_t halves[2];
        memcpy(halves, &inet->sin6_addr, sizeof halves);
        peer->family = 2;
        peer->high = be64toh(halves[0]);
        peer->low = be64toh(halves[1]);
        peer->port = ntohs(inet->sin6_port);
    } else {
        peer->family = 0;
    }
}

int16_t clinux_poll_end(void) { return POLLRDHUP; }

_Static_assert(sizeof(fd_set) == 16 * sizeof(uint64_t), "an fd_set is 1024 bits");

int clinux_select(int end, uint64_t *readable, uint64_t *writable, int timeout_ms) {
    struct timeval timeout = {
        .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    int count = select(
        end, (fd_set *)readable, (fd_set *)writable, NULL, timeout_ms < 0 ? NULL : &timeout);
    return count < 0 ? -errno : count;
}

int clinux_has_ended(int fd, int half) {
    struct pollfd one = {.fd = fd, .events = half ? POLLRDHUP : 0};
    return poll(&one, 1, 0) > 0;
}

int clinux_accept(int listener, struct clinux_peer *peer) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int fd = accept4(
        listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -errno;
    take_address(peer, &address);
    return fd;
}

int clinux_connect_ipv4(uint32_t address, uint16_t port) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_local_address(int fd, struct clinux_peer *peer) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return -errno;
    take_address(peer, &address);
    return 0;
}

int clinux_get_tcp_info(int fd, struct clinux_tcp_info *result) {
    // The C library's structure ends before this field (linux/tcp.h).
    struct {
        struct tcp_info known;
        uint64_t pacing_rate;
    } info = {0};
    _Static_assert(sizeof info.known == 104, "tcpi_pacing_rate follows");
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -errno;
    result->round_trip = info.known.tcpi_rtt;
    result->round_trip_variance = info.known.tcpi_rttvar;
    result->send_window = info.known.tcpi_snd_cwnd;
    result->receive_space = info.known.tcpi_rcv_space;
    result->send_segment = info.known.tcpi_snd_mss;
    result->pacing_rate = info.pacing_rate;
    return 0;
}

int clinux_uses_bbr(int fd) {
    char name[16] = {0};
    socklen_t length = sizeof name;
    return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == 0
        && strncmp(name, "bbr", 3) == 0;
}

int clinux_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int clinux_end_on_close(int fd) {
    struct linger linger = {.l_onoff = 0, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}
