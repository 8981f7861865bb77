#include "kernel.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/inotify.h>

// MARK: content

enum { period = 65521, longest = 1 << 20 };

/// Every content is a part of one sequence of bytes, so that it needs no memory of its own.
static uint8_t *pattern(void) {
    static uint8_t *memory;
    uint8_t *known = __atomic_load_n(&memory, __ATOMIC_ACQUIRE);
    if (known) return known;
    uint8_t *made = malloc(period + longest);
    if (!made) abort();
    uint64_t state = 88172645463325252u;
    for (size_t index = 0; index < period + longest; index++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        made[index] = index < period ? (uint8_t)(state >> 32) : made[index - period];
    }
    if (__atomic_compare_exchange_n(
            &memory, &known, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    free(made);
    return known;
}

uint32_t fake_pattern_period(void) { return period; }
int64_t fake_longest_content(void) { return longest; }

const uint8_t *fake_pattern(uint32_t content, int64_t offset) {
    return pattern() + content % period + offset;
}

size_t fake_mismatch(
    const uint8_t *bytes, size_t count, int64_t offset, const uint32_t *contents, size_t versions) {
    if (versions && !memcmp(bytes, fake_pattern(contents[0], offset), count)) return count;
    for (size_t index = 0; index < count; index++) {
        bool occurs = false;
        for (size_t version = 0; version < versions && !occurs; version++)
            occurs = bytes[index] == fake_pattern(contents[version], offset)[index];
        if (!occurs) return index;
    }
    return count;
}

size_t fake_position(const uint8_t *bytes, size_t count, const char *wanted) {
    const uint8_t *found = memmem(bytes, count, wanted, strlen(wanted));
    return found ? (size_t)(found - bytes) : count;
}

const uint8_t *fake_content(struct kernel *kernel, int inode, int64_t offset) {
    return fake_pattern(kernel->inodes[inode].content, offset);
}

int64_t fake_copy_content(
    struct kernel *kernel, int inode, int64_t offset, void *memory, size_t count) {
    int64_t rest = kernel->inodes[inode].size - offset;
    if (rest <= 0) return 0;
    if ((int64_t)count > rest) count = (size_t)rest;
    memcpy(memory, fake_content(kernel, inode, offset), count);
    return (int64_t)count;
}

// MARK: change notifications

static void queue_change(
    struct kernel *kernel, int watch, uint32_t mask, const char *name) {
    if (kernel->changes_count) {
        struct change *last = &kernel->changes[kernel->changes_count - 1];
        if (last->watch == watch && last->mask == mask && !strcmp(last->name, name)) return;
        if (last->mask == IN_Q_OVERFLOW) return;
    }
    bool fits = kernel->changes_count < kernel->change_limit;
    struct change *change = &kernel->changes[kernel->changes_count++];
    *change = (struct change){
        .watch = fits ? watch : -1, .mask = fits ? mask : IN_Q_OVERFLOW};
    if (fits) strcpy(change->name, name);
    fake_say(
        kernel, "inotify: watch %d, mask %#x \"%s\"", change->watch, change->mask, change->name);
    if (kernel->changes_raise) kernel->has_signal = true;
}

static void notify(struct kernel *kernel, int inode, uint32_t mask, const char *name) {
    if (inode < 0 || kernel->inodes[inode].is_silent) return;
    for (int index = 0; index < kernel->watches_end; index++) {
        struct watch *watch = &kernel->watches[index];
        if (watch->inode == inode && watch->mask & mask)
            queue_change(kernel, watch->number, mask, name);
    }
}

static void end_watches(struct kernel *kernel, int inode) {
    for (int index = kernel->watches_end - 1; index >= 0; index--) {
        struct watch watch = kernel->watches[index];
        if (watch.inode != inode) continue;
        if (watch.mask & IN_DELETE_SELF) queue_change(kernel, watch.number, IN_DELETE_SELF, "");
        queue_change(kernel, watch.number, IN_IGNORED, "");
        kernel->watches[index] = kernel->watches[--kernel->watches_end];
    }
}

int fake_watch(struct kernel *kernel, int inode, uint32_t mask) {
    for (int index = 0; index < kernel->watches_end; index++) {
        if (kernel->watches[index].inode != inode) continue;
        kernel->watches[index].mask = mask;
        return kernel->watches[index].number;
    }
    if (kernel->watches_end >= kernel->watch_limit) return fake_fail(ENOSPC);
    struct watch *watch = &kernel->watches[kernel->watches_end++];
    *watch = (struct watch){.number = kernel->next_watch++, .inode = inode, .mask = mask};
    return watch->number;
}

int fake_unwatch(struct kernel *kernel, int number) {
    for (int index = 0; index < kernel->watches_end; index++) {
        if (kernel->watches[index].number != number) continue;
        kernel->watches[index] = kernel->watches[--kernel->watches_end];
        queue_change(kernel, number, IN_IGNORED, "");
        return 0;
    }
    return fake_fail(EINVAL);
}

/// Copies whole notifications. Returns the number of bytes.
size_t fake_take_changes(struct kernel *kernel, char *memory, size_t count) {
    size_t filled = 0;
    int taken = 0;
    while (taken < kernel->changes_count) {
        struct change *change = &kernel->changes[taken];
        size_t length = change->name[0] ? (strlen(change->name) + 16) / 16 * 16 : 0;
        struct inotify_event event = {
            .wd = change->watch, .mask = change->mask, .len = (uint32_t)length};
        if (filled + sizeof event + length > count) break;
        memcpy(memory + filled, &event, sizeof event);
        strncpy(memory + filled + sizeof event, change->name, length);
        filled += sizeof event + length;
        taken++;
        // Sometimes the rest needs another read, as with a small buffer.
        if (!fake_below(kernel, 4)) break;
    }
    kernel->changes_count -= taken;
    memmove(
        kernel->changes, kernel->changes + taken,
        (size_t)kernel->changes_count * sizeof *kernel->changes);
    return filled;
}

// MARK: names

static int name_in(struct kernel *kernel, int directory, const char *text, size_t length) {
    for (int index = 0; index < kernel->names_end; index++) {
        struct name *name = &kernel->names[index];
        if (name->inode >= 0 && name->directory == directory && strlen(name->text) == length
            && !memcmp(name->text, text, length))
            return index;
    }
    return -1;
}

static int covered(struct kernel *kernel, int inode) {
    while (kernel->inodes[inode].mounted >= 0) inode = kernel->inodes[inode].mounted;
    return inode;
}

static int walk(
    struct kernel *kernel, int directory, const char *path, bool follows, int restriction,
    int *links) {
    int position = *path == '/' ? covered(kernel, 0) : directory;
    if (*path == '/' && restriction == RESOLVE_BENEATH) return -EXDEV;
    if (!*path) return -ENOENT;
    while (*path) {
        while (*path == '/') path++;
        if (!*path) break;
        if (kernel->inodes[position].kind != inode_directory) return -ENOTDIR;
        if (!(kernel->inodes[position].mode & 0111)) return -EACCES;
        size_t length = strcspn(path, "/");
        const char *rest = path + length;
        if (length > 255) return -ENAMETOOLONG;
        if (length == 1 && path[0] == '.') {
            path = rest;
            continue;
        }
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            if (position == directory && restriction == RESOLVE_BENEATH) return -EXDEV;
            position = covered(kernel, kernel->inodes[position].parent);
            path = rest;
            continue;
        }
        int name = name_in(kernel, position, path, length);
        if (name < 0) return -ENOENT;
        int inode = kernel->names[name].inode;
        bool is_last = rest[strspn(rest, "/")] == 0 && *rest == 0;
        if (kernel->inodes[inode].kind == inode_link && (!is_last || follows)) {
            if (restriction == RESOLVE_NO_SYMLINKS || ++*links > 40) return -ELOOP;
            inode = walk(
                kernel, position, kernel->inodes[inode].target, true, restriction, links);
            if (inode < 0) return inode;
        }
        position = covered(kernel, inode);
        if (*rest && kernel->inodes[position].kind != inode_directory) return -ENOTDIR;
        path = rest;
    }
    return position;
}

int fake_resolve(
    struct kernel *kernel, int directory, const char *path, bool follows, int restriction) {
    int links = 0;
    if (strlen(path) >= PATH_MAX) return -ENAMETOOLONG;
    return walk(kernel, directory, path, follows, restriction, &links);
}

/// Splits a path into its directory and its last name. Returns the directory or -errno.
static int split(struct kernel *kernel, const char *path, const char **last) {
    char parent[256];
    const char *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);
    if (length >= sizeof parent) return -ENAMETOOLONG;
    memcpy(parent, path, length);
    parent[length] = 0;
    *last = slash + 1;
    return fake_resolve(kernel, 0, length ? parent : "/", true, 0);
}

static int add_inode(struct kernel *kernel, enum inode_kind kind, uint32_t mode) {
    int index = 1;
    while (index < kernel->inodes_end && kernel->inodes[index].kind != inode_free) index++;
    if (index >= most_inodes) abort();
    if (index >= kernel->inodes_end) kernel->inodes_end = index + 1;
    kernel->inodes[index] = (struct inode){
        .kind = kind, .mode = mode, .number = kernel->next_inode++, .mounted = -1,
        .modified_ns = fake_date_ns(), .changed_ns = fake_date_ns()};
    return index;
}

static void maybe_free(struct kernel *kernel, int index) {
    struct inode *inode = &kernel->inodes[index];
    if (inode->names > 0 || inode->opens > 0) return;
    end_watches(kernel, index);
    inode->kind = inode_free;
}

void fake_file_closed(struct kernel *kernel, int inode) {
    kernel->inodes[inode].opens--;
    maybe_free(kernel, inode);
}

static void add_name(struct kernel *kernel, int directory, const char *text, int inode) {
    int index = 0;
    while (index < kernel->names_end && kernel->names[index].inode >= 0) index++;
    if (index >= most_names || strlen(text) >= longest_name) abort();
    if (index >= kernel->names_end) kernel->names_end = index + 1;
    kernel->names[index] = (struct name){.directory = directory, .inode = inode};
    strcpy(kernel->names[index].text, text);
    kernel->inodes[inode].names++;
    kernel->inodes[inode].parent = directory;
    kernel->inodes[directory].modified_ns = kernel->inodes[directory].changed_ns = fake_date_ns();
}

static void drop_inode_name(struct kernel *kernel, int inode) {
    kernel->inodes[inode].names--;
    kernel->inodes[inode].changed_ns = fake_date_ns();
    notify(kernel, inode, IN_ATTRIB, "");
    maybe_free(kernel, inode);
}

static int create(const char *path, enum inode_kind kind, uint32_t mode, int *inode) {
    struct kernel *kernel = fake_current;
    const char *last;
    int directory = split(kernel, path, &last);
    if (directory < 0) return -directory;
    if (kernel->inodes[directory].kind != inode_directory) return ENOTDIR;
    if (name_in(kernel, directory, last, strlen(last)) >= 0) return EEXIST;
    kernel->sequence++;
    *inode = add_inode(kernel, kind, mode);
    kernel->inodes[*inode].is_silent = kernel->inodes[directory].is_silent;
    add_name(kernel, directory, last, *inode);
    notify(kernel, directory, IN_CREATE, last);
    return 0;
}

int fake_make_directory(const char *path) {
    int inode;
    fake_say(fake_current, "mkdir %s", path);
    return create(path, inode_directory, 0755, &inode);
}

int fake_make_link(const char *path, const char *target) {
    int inode;
    fake_say(fake_current, "symlink %s to %s", path, target);
    int error = create(path, inode_link, 0777, &inode);
    if (!error) strncpy(fake_current->inodes[inode].target, target, 127);
    return error;
}

int fake_open_log(struct kernel *kernel, const char *path) {
    int inode = fake_resolve(kernel, 0, path, true, 0);
    if (inode < 0 && create(path, inode_file, 0644, &inode)) return fake_fail(ENOENT);
    if (!kernel->inodes[inode].log) {
        if (kernel->logs_count >= most_logs) abort();
        kernel->inodes[inode].log = ++kernel->logs_count;
    }
    kernel->inodes[inode].opens++;
    return fake_open(kernel, fake_kind_log, inode);
}

const uint8_t *fake_log(const char *path, size_t *count) {
    int inode = fake_resolve(fake_current, 0, path, true, 0);
    int log = inode < 0 ? 0 : fake_current->inodes[inode].log;
    *count = log ? fake_current->logs[log - 1].end : 0;
    return log ? fake_current->logs[log - 1].memory : NULL;
}

/// Notifies watches of the file and of its directory of a change of the attributes or content.
static void notify_both(struct kernel *kernel, const char *path, int inode, uint32_t mask) {
    const char *last;
    int directory = split(kernel, path, &last);
    notify(kernel, inode, mask, "");
    if (directory >= 0) notify(kernel, directory, mask, last);
}

static int file_at(const char *path, int *inode) {
    int found = fake_resolve(fake_current, 0, path, true, 0);
    if (found < 0) return -found;
    if (fake_current->inodes[found].kind != inode_file) return EISDIR;
    *inode = found;
    fake_current->sequence++;
    return 0;
}

static void set_content(struct kernel *kernel, int inode, uint32_t content, int64_t size) {
    struct inode *file = &kernel->inodes[inode];
    file->content = content;
    file->size = size;
    file->modified_ns = file->changed_ns = fake_date_ns();
}

int fake_write_file(const char *path, uint32_t content, int64_t size) {
    struct kernel *kernel = fake_current;
    int inode;
    fake_say(kernel, "write %s: content %u, %lld bytes", path, content, (long long)size);
    int error = file_at(path, &inode);
    if (error == ENOENT) error = create(path, inode_file, 0644, &inode);
    if (error) return error;
    set_content(kernel, inode, content, size);
    notify_both(kernel, path, inode, IN_MODIFY);
    notify_both(kernel, path, inode, IN_CLOSE_WRITE);
    return 0;
}

int fake_truncate(const char *path, int64_t size) {
    struct kernel *kernel = fake_current;
    int inode;
    fake_say(kernel, "truncate %s to %lld bytes", path, (long long)size);
    int error = file_at(path, &inode);
    if (error) return error;
    set_content(kernel, inode, kernel->inodes[inode].content, size);
    notify_both(kernel, path, inode, IN_MODIFY);
    return 0;
}

int fake_touch(const char *path) {
    struct kernel *kernel = fake_current;
    int inode;
    fake_say(kernel, "touch %s", path);
    int error = file_at(path, &inode);
    if (error) return error;
    set_content(kernel, inode, kernel->inodes[inode].content, kernel->inodes[inode].size);
    notify_both(kernel, path, inode, IN_ATTRIB);
    return 0;
}

int fake_set_mode(const char *path, uint32_t mode) {
    struct kernel *kernel = fake_current;
    fake_say(kernel, "chmod %s to %o", path, mode);
    int inode = fake_resolve(kernel, 0, path, true, 0);
    if (inode < 0) return -inode;
    kernel->sequence++;
    kernel->inodes[inode].mode = mode;
    kernel->inodes[inode].changed_ns = fake_date_ns();
    notify_both(kernel, path, inode, IN_ATTRIB);
    return 0;
}

int fake_unlink(const char *path) {
    struct kernel *kernel = fake_current;
    const char *last;
    int directory = split(kernel, path, &last);
    if (directory < 0) return -directory;
    int name = name_in(kernel, directory, last, strlen(last));
    if (name < 0) return ENOENT;
    int inode = kernel->names[name].inode;
    if (kernel->inodes[inode].kind == inode_directory) return EISDIR;
    fake_say(kernel, "unlink %s", path);
    kernel->sequence++;
    kernel->names[name].inode = -1;
    kernel->inodes[directory].modified_ns = kernel->inodes[directory].changed_ns = fake_date_ns();
    drop_inode_name(kernel, inode);
    notify(kernel, directory, IN_DELETE, last);
    return 0;
}

int fake_rename(const char *from, const char *to) {
    struct kernel *kernel = fake_current;
    const char *old, *new;
    int source = split(kernel, from, &old), target = split(kernel, to, &new);
    if (source < 0 || target < 0) return ENOENT;
    int name = name_in(kernel, source, old, strlen(old));
    if (name < 0) return ENOENT;
    int moved = kernel->names[name].inode;
    int replaced = name_in(kernel, target, new, strlen(new));
    int lost = replaced < 0 ? -1 : kernel->names[replaced].inode;
    if (lost == moved) return 0;
    if (lost >= 0
        && (kernel->inodes[lost].kind == inode_directory
            || kernel->inodes[moved].kind == inode_directory))
        return EEXIST;
    fake_say(kernel, "rename %s to %s", from, to);
    kernel->sequence++;
    kernel->names[name].inode = -1;
    if (replaced >= 0) kernel->names[replaced].inode = -1;
    add_name(kernel, target, new, moved);
    kernel->inodes[moved].names--;
    kernel->inodes[moved].changed_ns = fake_date_ns();
    notify(kernel, source, IN_MOVED_FROM, old);
    notify(kernel, target, IN_MOVED_TO, new);
    notify(kernel, moved, IN_MOVE_SELF, "");
    if (lost >= 0) drop_inode_name(kernel, lost);
    return 0;
}

int fake_mount(const char *from, const char *at) {
    struct kernel *kernel = fake_current;
    fake_say(kernel, "mount %s at %s", from ? from : "nothing", at);
    const char *last;
    int directory = split(kernel, at, &last);
    int name = directory < 0 ? -1 : name_in(kernel, directory, last, strlen(last));
    if (name < 0) return ENOENT;
    int root = from ? fake_resolve(kernel, 0, from, true, 0) : -1;
    if (from && root < 0) return -root;
    kernel->sequence++;
    kernel->inodes[kernel->names[name].inode].mounted = root;
    kernel->mount_event++;
    return 0;
}

int fake_set_notifies(const char *path, bool notifies) {
    int inode = fake_resolve(fake_current, 0, path, true, 0);
    if (inode < 0) return -inode;
    fake_current->inodes[inode].is_silent = !notifies;
    return 0;
}

void fake_limit_changes(int count) { fake_current->change_limit = count; }
void fake_limit_watches(int count) { fake_current->watch_limit = count; }

struct fake_file fake_look_up(const char *path) {
    int inode = fake_resolve(fake_current, 0, path, true, 0);
    if (inode < 0) return (struct fake_file){.error = -inode};
    struct inode *file = &fake_current->inodes[inode];
    size_t length = strlen(path);
    if (file->kind == inode_file && length && path[length - 1] == '/')
        return (struct fake_file){.error = ENOTDIR};
    return (struct fake_file){
        .error = file->mode & 0444 ? 0 : EACCES,
        .is_directory = file->kind == inode_directory,
        .inode = file->number,
        .content = file->content,
        .size = file->size,
        .modified_ns = file->modified_ns,
    };
}
