// slow_disk MILLISECONDS MOUNTPOINT: a file system with fast files, except those named /cold…,
// whose first read takes MILLISECONDS. It runs in the foreground.
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { file_size = 100 << 10 };
static int delay_ms;

static void *begin(struct fuse_conn_info *connection, struct fuse_config *settings) {
    (void)connection;
    // The kernel does not request cached content again.
    settings->kernel_cache = 1;
    settings->entry_timeout = settings->attr_timeout = settings->negative_timeout = 3600;
    return NULL;
}

static int facts(const char *path, struct stat *facts, struct fuse_file_info *file) {
    (void)file;
    memset(facts, 0, sizeof *facts);
    int is_root = strcmp(path, "/") == 0;
    if (!is_root && strchr(path + 1, '/')) return -ENOENT;
    facts->st_mode = is_root ? S_IFDIR | 0755 : S_IFREG | 0644;
    facts->st_nlink = 1;
    facts->st_size = is_root ? 0 : file_size;
    facts->st_mtime = facts->st_ctime = 1500000000;
    return 0;
}

static int opened(const char *path, struct fuse_file_info *file) {
    (void)path;
    file->keep_cache = 1;
    return 0;
}

static int bytes(
    const char *path, char *room, size_t count, off_t offset, struct fuse_file_info *file) {
    (void)file;
    if (offset >= file_size) return 0;
    if (offset + (off_t)count > file_size) count = (size_t)(file_size - offset);
    if (strncmp(path, "/cold", 5) == 0) {
        struct timespec delay = {delay_ms / 1000, delay_ms % 1000 * 1000000L};
        nanosleep(&delay, NULL);
    }
    memset(room, 'x', count);
    return (int)count;
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "slow_disk MILLISECONDS MOUNTPOINT\n");
        return 2;
    }
    delay_ms = atoi(words[1]);
    static const struct fuse_operations operations = {
        .init = begin, .getattr = facts, .open = opened, .read = bytes};
    char *fuse_words[] = {words[0], "-f", "-o", "allow_other,auto_unmount", words[2], NULL};
    return fuse_main(5, fuse_words, &operations, NULL);
}
