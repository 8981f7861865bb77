#define _GNU_SOURCE
#include "datagrams.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connected(const void *name, socklen_t size) {
    const struct sockaddr *address = name;
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int returned;
    do returned = connect(fd, address, size);
    while (returned < 0 && errno == EINTR);
    if (returned == 0) return fd;
    int fault = errno;
    close(fd);
    return -fault;
}

int clinux_datagram_ipv4(uint32_t address, uint16_t port) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    return connected(&name, sizeof name);
}

int clinux_datagram_ipv6(uint64_t high, uint64_t low, uint16_t port) {
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    for (int byte = 0; byte < 8; byte++) {
        name.sin6_addr.s6_addr[byte] = (uint8_t)(high >> (56 - 8 * byte));
        name.sin6_addr.s6_addr[8 + byte] = (uint8_t)(low >> (56 - 8 * byte));
    }
    return connected(&name, sizeof name);
}

int clinux_datagram_unix(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) return -ENAMETOOLONG;
    strcpy(name.sun_path, path);
    return connected(&name, sizeof name);
}

int clinux_notify(const char *name, const char *text) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof address.sun_path) return -EINVAL;
    memcpy(address.sun_path, name, length);
    if (*name == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(
        fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size);
    int fault = sent < 0 ? -errno : 0;
    close(fd);
    return fault;
}
