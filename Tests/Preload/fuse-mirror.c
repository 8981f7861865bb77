// Shows a directory at another place, mounted read-only, with the protocol of /dev/fuse
// (linux/fuse.h): fuse-mirror SOURCE PLACE. The kernel caches nothing, and sends no change
// notifications. For tests.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int device;
// Node 1 is the root; the others are paths that were looked up, each once.
static char *paths[65536];
static uint64_t count = 2;

static void reply(uint64_t unique, int error, const void *data, size_t size) {
    static char buffer[1 << 20];
    struct fuse_out_header *head = (struct fuse_out_header *)buffer;
    head->len = (uint32_t)(sizeof *head + size);
    head->error = -error;
    head->unique = unique;
    if (size) memcpy(buffer + sizeof *head, data, size);
    if (write(device, buffer, head->len) < 0 && errno != ENOENT) perror("write");
}

static void attributes(struct fuse_attr *to, uint64_t node, const struct stat *from) {
    *to = (struct fuse_attr){
        .ino = node, .size = (uint64_t)from->st_size, .blocks = (uint64_t)from->st_blocks,
        .mtime = (uint64_t)from->st_mtim.tv_sec, .mtimensec = (uint32_t)from->st_mtim.tv_nsec,
        .ctime = (uint64_t)from->st_ctim.tv_sec, .ctimensec = (uint32_t)from->st_ctim.tv_nsec,
        .mode = from->st_mode, .nlink = 1, .uid = from->st_uid, .gid = from->st_gid};
}

static void look_up(const struct fuse_in_header *in, const char *name) {
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", paths[in->nodeid], name);
    if (lstat(path, &status)) return reply(in->unique, errno, NULL, 0);
    uint64_t node = 2;
    while (node < count && strcmp(paths[node], path)) node++;
    if (node == count) {
        if (count == sizeof paths / sizeof *paths) return reply(in->unique, ENOMEM, NULL, 0);
        paths[count++] = strdup(path);
    }
    struct fuse_entry_out out = {.nodeid = node};
    attributes(&out.attr, node, &status);
    reply(in->unique, 0, &out, sizeof out);
}

static void get_attributes(const struct fuse_in_header *in) {
    struct stat status;
    struct fuse_attr_out out = {0};
    if (lstat(paths[in->nodeid], &status)) return reply(in->unique, errno, NULL, 0);
    attributes(&out.attr, in->nodeid, &status);
    reply(in->unique, 0, &out, sizeof out);
}

static void open_file(const struct fuse_in_header *in) {
    int file = open(paths[in->nodeid], O_RDONLY | O_CLOEXEC);
    if (file < 0) return reply(in->unique, errno, NULL, 0);
    struct fuse_open_out out = {.fh = (uint64_t)file};
    reply(in->unique, 0, &out, sizeof out);
}

static void read_file(const struct fuse_in_header *in, const struct fuse_read_in *request) {
    static char data[1 << 18];
    size_t size = request->size < sizeof data ? request->size : sizeof data;
    ssize_t length = pread((int)request->fh, data, size, (off_t)request->offset);
    reply(in->unique, length < 0 ? errno : 0, data, length < 0 ? 0 : (size_t)length);
}

static void serve(const char *request) {
    const struct fuse_in_header *in = (const struct fuse_in_header *)request;
    const void *body = request + sizeof *in;
    switch (in->opcode) {
    case FUSE_INIT: {
        struct fuse_init_out out = {
            .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
            .max_readahead = 65536, .max_write = 4096};
        return reply(in->unique, 0, &out, sizeof out);
    }
    case FUSE_LOOKUP: return look_up(in, body);
    case FUSE_GETATTR: return get_attributes(in);
    case FUSE_OPEN: return open_file(in);
    case FUSE_OPENDIR: return open_file(in);
    case FUSE_READ: return read_file(in, body);
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR: close((int)((const struct fuse_release_in *)body)->fh);  // Fall through.
    case FUSE_FLUSH: return reply(in->unique, 0, NULL, 0);
    case FUSE_STATFS: {
        struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255}};
        return reply(in->unique, 0, &out, sizeof out);
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;
    default: return reply(in->unique, ENOSYS, NULL, 0);
    }
}

int main(int argc, char **argv) {
    static _Alignas(8) char request[1 << 17];
    char options[128];
    if (argc != 3) return 2;
    paths[1] = argv[1];
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(
        options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (device < 0
        || mount("mirror", argv[2], "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV, options)) {
        perror("mount");
        return 1;
    }
    while (1) {
        ssize_t length = read(device, request, sizeof request);
        if (length >= (ssize_t)sizeof(struct fuse_in_header)) serve(request);
        else if (length < 0 && errno == ENODEV) return 0;
        else if (length < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN) return 1;
    }
}
