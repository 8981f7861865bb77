#define _GNU_SOURCE
#include "confinement.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_bound_capabilities(uint64_t kept) {
    for (int number = 0; number < 64; number++) {
        int is_there = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (is_there < 0) break;
        if (is_there == 0 || kept >> number & 1) continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return -errno;
    }
    return 0;
}

int clinux_keep_capabilities(uint64_t kept) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    // Kernels before 4.3 have no ambient set.
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) != 0) return -errno;
    for (int half = 0; half < 2; half++) {
        data[half].permitted &= (uint32_t)(kept >> (32 * half));
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    return syscall(SYS_capset, &header, data) != 0 ? -errno : 0;
}

int clinux_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -errno : 0;
}

int clinux_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ? -errno : 0; }

// Landlock's system calls by number: the headers at build time may be older than the kernel.
enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { version_flag = 1, path_beneath = 1 };

struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

struct __attribute__((packed)) path_rule {
    uint64_t allowed;
    int32_t directory;
};

#define BIT(number) (UINT64_C(1) << (number))
enum {
    write_file = 1,
    read_file = 2,
    read_directory = 3,
    make_regular = 8,
    truncate_file = 14,
    device_ioctl = 15,
};

// Bits 0 to 12 are supported by the first version; linking elsewhere (13), truncating (14) and
// ioctls of devices (15) by later ones.
static uint64_t file_rights(int version) {
    int rights = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
    return BIT(rights) - 1;
}

int clinux_landlock_version(void) {
    long version = syscall(create_ruleset, NULL, 0, version_flag);
    return version < 0 ? -errno : (int)version;
}

int clinux_landlock_create(int version, int reads, int opens_fast) {
    struct ruleset rules = {.files = file_rights(version)};
    if (!reads) rules.files &= ~(BIT(read_file) | BIT(read_directory));
    if (opens_fast) rules.files &= ~(BIT(truncate_file) | BIT(device_ioctl));
    // bind(2) and connect(2).
    if (version >= clinux_landlock_tcp) rules.network = 3;
    // Abstract unix sockets and signals.
    if (version >= 6) rules.scopes = 3;
    // Members that an older kernel does not know are zero, so it accepts the struct.
    int fd = (int)syscall(create_ruleset, &rules, sizeof rules, 0);
    return fd < 0 ? -errno : fd;
}

static int allow(int ruleset, const char *path, uint64_t rights) {
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return -errno;
    int error = fstat(fd, &status) != 0 ? -errno : 0;
    if (error == 0 && !S_ISDIR(status.st_mode)) rights &= BIT(write_file) | BIT(read_file);
    struct path_rule rule = {.allowed = rights, .directory = fd};
    if (error == 0 && syscall(add_rule, ruleset, path_beneath, &rule, 0) != 0) error = -errno;
    close(fd);
    return error;
}

int clinux_landlock_allow_reading(int ruleset, const char *path) {
    return allow(ruleset, path, BIT(read_file) | BIT(read_directory));
}

int clinux_landlock_allow_writing(int ruleset, const char *path) {
    return allow(ruleset, path, BIT(write_file) | BIT(make_regular));
}

int clinux_landlock_enforce(int ruleset) {
    return syscall(restrict_self, ruleset, 0) != 0 ? -errno : 0;
}
