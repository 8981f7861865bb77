#define _GNU_SOURCE
#include "load.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// MARK: requests

static char *contents(const char *name, size_t *size) {
    FILE *file = fopen(name, "r");
    if (!file) err(1, "%s", name);
    char *text = NULL;
    size_t room = 0;
    *size = 0;
    for (;;) {
        if (*size + 65536 > room && !(text = realloc(text, room = (room + 65536) * 2)))
            err(1, "memory");
        size_t count = fread(text + *size, 1, 65535, file);
        if (!count) break;
        *size += count;
    }
    fclose(file);
    text[*size] = 0;
    return text;
}

struct requests make_requests(const struct options *options) {
    size_t size = 0, fields_size = 0;
    char *paths = options->paths ? contents(options->paths, &size) : strdup(options->path);
    char *fields = options->fields ? contents(options->fields, &fields_size) : strdup("");
    const char *last = options->close ? "Connection: close\r\n\r\n" : "\r\n";
    size_t count = 1;
    for (char *at = paths; (at = strchr(at, '\n')) && at[1]; at++) count++;
    struct requests made = {malloc((size ? size : strlen(paths)) + count * (fields_size + 80)),
                            malloc(count * sizeof(size_t)), 0};
    if (!made.bytes || !made.ends) err(1, "memory");
    char *end = made.bytes;
    for (char *path = strtok(paths, "\n"); path; path = strtok(NULL, "\n")) {
        end += sprintf(end, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s", path, fields, last);
        made.ends[made.count++] = (size_t)(end - made.bytes);
    }
    free(paths);
    free(fields);
    return made;
}

// MARK: answers

static const char *field(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line < end;) {
        if ((size_t)(end - line) > length && !strncasecmp(line, name, length)) return line + length;
        line = memchr(line, '\n', (size_t)(end - line));
        if (!line) return NULL;
        line++;
    }
    return NULL;
}

static long take_head(struct answer *answer, const char *bytes, size_t count, int status,
                      bool *done, const char **why) {
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return 0;
    end += 4;
    int found = end - bytes > 12 ? atoi(bytes + 9) : 0;
    if (found != status) {
        *why = "another status";
        return -1;
    }
    const char *length = field(bytes, end, "content-length:");
    if (found == 304 || found == 204) {
        *done = true;
    } else if (length) {
        answer->size = answer->left = strtoull(length, NULL, 10);
        answer->part = in_body;
        *done = answer->left == 0;
    } else if (field(bytes, end, "transfer-encoding: chunked")) {
        answer->part = in_chunks;
        answer->left = 0;
    } else {
        *why = "an answer without framing";
        return -1;
    }
    if (*done) answer->part = in_head;
    return end - bytes;
}

/// Parses chunk sizes, and data counted by `left`, including its line end.
static long take_chunks(struct answer *answer, const char *bytes, size_t count, bool *done) {
    size_t used = 0;
    for (;;) {
        size_t some = count - used < answer->left ? count - used : answer->left;
        used += some;
        answer->left -= some;
        const char *line = memchr(bytes + used, '\n', count - used);
        if (answer->left || !line) return (long)used;
        uint64_t size = strtoull(bytes + used, NULL, 16);
        if (size == 0) {
            // The line of the last chunk and the empty line after it.
            if (count - used < 5) return (long)used;
            answer->part = in_head;
            *done = true;
            return (long)used + 5;
        }
        used = (size_t)(line + 1 - bytes);
        answer->left = size + 2;
    }
}

long take_answer(struct answer *answer, const char *bytes, size_t count, int status, bool *done,
                 const char **why) {
    long used = 0;
    *done = false;
    if (answer->part == in_head) {
        used = take_head(answer, bytes, count, status, done, why);
        if (used <= 0 || *done) return used;
    }
    if (answer->part == in_chunks) {
        long more = take_chunks(answer, bytes + used, count - (size_t)used, done);
        return used + more;
    }
    size_t some = count - (size_t)used < answer->left ? count - (size_t)used : answer->left;
    answer->left -= some;
    if (answer->left == 0) {
        answer->part = in_head;
        *done = true;
    }
    return used + (long)some;
}

// MARK: time

uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void note(struct histogram *histogram, uint64_t nanoseconds) {
    int top = 63 - __builtin_clzll(nanoseconds | 32);
    size_t bucket = (size_t)(top - 5) * 32 + (nanoseconds >> (top - 5));
    histogram->counts[bucket]++;
    histogram->total++;
    if (nanoseconds > histogram->most) histogram->most = nanoseconds;
}

uint64_t percentile(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)((double)histogram->total * share), seen = 0;
    for (size_t bucket = 0; bucket < 64 * 32; bucket++) {
        seen += histogram->counts[bucket];
        if (seen <= wanted) continue;
        if (bucket < 64) return bucket;
        return (uint64_t)(bucket % 32 + 32) << (bucket / 32 - 1);
    }
    return histogram->most;
}
