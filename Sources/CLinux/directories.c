#define _GNU_SOURCE
#include "directories.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

const char *clinux_directory_next(DIR *directory, unsigned char *type, int *error) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    *error = entry ? 0 : errno;
    *type = entry ? entry->d_type : DT_UNKNOWN;
    return entry ? entry->d_name : NULL;
}

int clinux_directory_entry(
    DIR *directory, const char *name, int follow, struct clinux_entry *entry) {
    struct stat status;
    int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (fstatat(dirfd(directory), name, &status, flags) != 0) return -errno;
    entry->size = status.st_size;
    entry->modified_seconds = status.st_mtim.tv_sec;
    entry->mode = status.st_mode;
    return 0;
}
