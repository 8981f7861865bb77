// Directories: the names in one, and what they are.
#pragma once
#include <dirent.h>
#include <stdint.h>

/// What a listing shows of a name.
struct clinux_entry {
    int64_t size;
    int64_t modified_seconds;
    uint32_t mode;
};

/// readdir(3): the next name, valid until the next call; NULL at the end (*error is 0) or on error.
/// *type is its d_type.
const char *clinux_directory_next(DIR *directory, unsigned char *type, int *error);
/// fstatat(2) of a name in the directory, with or without following a link; 0 or -errno.
int clinux_directory_entry(
    DIR *directory, const char *name, int follow, struct clinux_entry *entry);
