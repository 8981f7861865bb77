#include "kernel.h"

// The socket to the helper process, with one message for each call.

static void put(struct queue *queue, struct message *message) {
    message->next = NULL;
    if (queue->last) queue->last->next = message;
    else queue->first = message;
    queue->last = message;
}

static struct message *take(struct queue *queue) {
    struct message *message = queue->first;
    if (!message) return NULL;
    queue->first = message->next;
    if (!queue->first) queue->last = NULL;
    return message;
}

static struct message *made(const void *bytes, size_t count) {
    struct message *message = malloc(sizeof *message + count);
    if (!message) abort();
    *message = (struct message){.count = count, .inode = -1};
    memcpy(message->bytes, bytes, count);
    return message;
}

static void drop(struct kernel *kernel, struct message *message) {
    if (message->inode >= 0) fake_file_closed(kernel, message->inode);
    free(message);
}

void fake_free_messages(struct kernel *kernel) {
    for (struct message *each; (each = take(&kernel->to_helper));) free(each);
    for (struct message *each; (each = take(&kernel->to_worker));) free(each);
}

int fake_open_helper(void) { return fake_open(fake_current, fake_kind_helper, 0); }

long fake_helper_receive(void *bytes, size_t count, struct fake_file *file) {
    struct kernel *kernel = fake_current;
    struct message *message = take(&kernel->to_helper);
    if (!message) return -1;
    size_t length = message->count < count ? message->count : count;
    memcpy(bytes, message->bytes, length);
    *file = (struct fake_file){.error = ENOENT};
    if (message->inode >= 0) {
        struct inode *inode = &kernel->inodes[message->inode];
        *file = (struct fake_file){
            .inode = inode->number, .content = inode->content, .size = inode->size,
            .modified_ns = inode->modified_ns};
    }
    drop(kernel, message);
    return (long)length;
}

bool fake_helper_send(const void *bytes, size_t count) {
    if (!fake_open_descriptors(fake_kind_helper)) return false;
    put(&fake_current->to_worker, made(bytes, count));
    return true;
}

void fake_helper_end(void) { fake_current->helper_ended = true; }

ssize_t fake_helper_sendmsg(
    struct kernel *kernel, int fd, const void *bytes, size_t count, int passed) {
    if (!fake_find(kernel, fd, "sendmsg")) return -1;
    if (kernel->helper_ended) return fake_fail(EPIPE);
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    if (fake_chance(kernel, kernel->faults.again)) return fake_fail(EAGAIN);
    struct message *message = made(bytes, count);
    if (passed >= 0) {
        struct descriptor *file = fake_find(kernel, passed, "sendmsg");
        if (file && file->kind == fake_kind_file) {
            message->inode = file->object;
            kernel->inodes[file->object].opens++;
        }
    }
    put(&kernel->to_helper, message);
    return (ssize_t)count;
}

ssize_t fake_helper_recvmsg(struct kernel *kernel, int fd, void *bytes, size_t count) {
    if (!fake_find(kernel, fd, "recvmsg")) return -1;
    if (fake_chance(kernel, kernel->faults.interrupted)) return fake_fail(EINTR);
    struct message *message = take(&kernel->to_worker);
    if (!message) return kernel->helper_ended ? 0 : fake_fail(EAGAIN);
    size_t length = message->count < count ? message->count : count;
    memcpy(bytes, message->bytes, length);
    drop(kernel, message);
    return (ssize_t)length;
}
