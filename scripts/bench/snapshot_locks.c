/* How long a snapshot holds the lock of the tree at a time: that long a write may wait for it.
 *
 *     snapshot_locks NODES
 *
 * Makes a tree of so many nodes below one parent, and one of as many below a thousand, and writes
 * each of them to nowhere. The time is the processor time of the thread, so neither a disk nor
 * other programs have a say. The linker puts the two functions below in front of those of lock.c.
 * Prints one JSON object; the bench reads it.
 *
 * Exit: 0 measured, 2 wrong usage. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tree/data_tree_internal.h"
#include "zk/base/buf.h"
#include "zk/base/panic.h"
#include "zk/jute/archive.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/tree/data_tree.h"

enum { DATA_BYTES = 100, PARENTS = 1000, ROOM = 1 << 16 };

static struct {
    bool is_on;
    int64_t since_ns;
    int64_t longest_ns;
    int64_t count;
} held;

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A thread that writes a snapshot takes one lock at a time, so there is one moment to remember. The
 * names are the linker's. */
/* NOLINTBEGIN */

void __real_zk_mutex_lock(struct zk_mutex *mutex);
void __real_zk_mutex_unlock(struct zk_mutex *mutex);
void __wrap_zk_mutex_lock(struct zk_mutex *mutex);
void __wrap_zk_mutex_unlock(struct zk_mutex *mutex);

void __wrap_zk_mutex_lock(struct zk_mutex *mutex)
{
    __real_zk_mutex_lock(mutex);
    held.since_ns = held.is_on ? cpu_ns() : 0;
}

void __wrap_zk_mutex_unlock(struct zk_mutex *mutex)
{
    if (held.is_on) {
        int64_t held_ns = cpu_ns() - held.since_ns;
        held.longest_ns = held_ns > held.longest_ns ? held_ns : held.longest_ns;
        held.count++;
    }
    __real_zk_mutex_unlock(mutex);
}

/* NOLINTEND */

static void add_node(struct data_tree *tree, const char *path)
{
    static const uint8_t data[DATA_BYTES];
    struct buf *bytes = buf_new_copy(data, sizeof data);
    const struct stat_persisted stat = {0};
    struct data_node *node = data_node_new(path, strlen(path), bytes, -1, &stat);
    buf_unref(bytes);
    zk_mutex_lock(&tree->mu);
    struct path_key key = node_hash_map_key(&tree->nodes, path, strlen(path));
    int r = data_tree_hang_node_locked(tree, &key, node);
    zk_mutex_unlock(&tree->mu);
    zk_assert(r == 0);
}

static void measure(struct zk_context *ctx, int64_t nodes, int64_t parents)
{
    struct data_tree *tree = data_tree_new(ctx);
    char path[64];
    for (int64_t i = 0; i < parents; i++) {
        snprintf(path, sizeof path, "/parent-%" PRId64, i);
        add_node(tree, path);
    }
    for (int64_t i = 0; i < nodes; i++) {
        snprintf(path, sizeof path, "/parent-%" PRId64 "/node-%" PRId64, i % parents, i);
        add_node(tree, path);
    }
    struct buf *buf = buf_new(ROOM);
    struct jute_out out = jute_out_of_buf(buf);
    struct data_tree_serialization begun;
    held.longest_ns = 0;
    held.count = 0;
    held.is_on = true;
    data_tree_serialization_begin(tree, &begun, &out);
    while (data_tree_serialization_step(&begun))
        buf->length = 0;
    data_tree_serialization_end(&begun);
    held.is_on = false;
    buf_unref(buf);
    data_tree_unref(tree);
}

int main(int argc, char **argv)
{
    int64_t nodes = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;
    if (nodes <= 0) {
        fprintf(stderr, "Usage: snapshot_locks NODES\n");
        return 2;
    }
    const struct zk_context_options options = zk_context_options_default();
    struct zk_context *ctx = zk_context_new(&options);
    measure(ctx, nodes, 1);
    printf("{\"flat_us\": %.1f, ", (double)held.longest_ns / 1000);
    measure(ctx, nodes, PARENTS);
    printf("\"deep_us\": %.1f, \"deep_count\": %" PRId64 "}\n", (double)held.longest_ns / 1000,
           held.count);
    zk_context_free(ctx);
    return 0;
}
