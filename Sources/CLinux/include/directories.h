// Directories: their names and the types of entries.
#pragma once
#include <dirent.h>
#include <stdint.h>

/// The properties of a directory entry in a listing.
struct clinux_entry {
    int64_t size;
    int64_t modified_seconds;
    uint32_t mode;
};

/// Returns the next name: readdir(3). It is valid until the next call; NULL at the end (*error is
/// 0) or on error. *type is its d_type.
const char *clinux_directory_next(DIR *directory, unsigned char *type, int *error);
/// Gets the properties of a name in the directory, optionally following a link: fstatat(2). Returns
/// 0 or -errno.
int clinux_directory_entry(
    DIR *directory, const char *name, int follow, struct clinux_entry *entry);
