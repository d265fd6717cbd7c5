/* What follows a SNAP packet: sessions and the whole tree. What was read, written and read again is
 * the same, byte for byte from then on. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/buf.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/context.h"
#include "zk/tree/data_tree.h"

static int read_snapshot(struct zk_context *ctx, const void *bytes, size_t length,
                         struct data_tree **ret_tree, struct session_timeouts *ret_sessions,
                         size_t *ret_consumed)
{
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    int r = deserialize_snapshot(ctx, &in, ret_tree, ret_sessions);
    *ret_consumed = (size_t)jute_in_position(&in);
    return r;
}

static struct buf *write_snapshot(struct data_tree *tree, const struct session_timeouts *sessions)
{
    struct buf *bytes = buf_new(1024);
    struct jute_out out = jute_out_of_buf(bytes);
    serialize_snapshot(tree, sessions, &out);
    zk_assert(jute_out_flush(&out) == 0);
    return bytes;
}

static bool is_same_buf(const struct buf *a, const struct buf *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void check_sessions(const struct session_timeouts *sessions)
{
    for (size_t i = 1; i < sessions->count; i++)
        zk_assert(sessions->items[i - 1].session < sessions->items[i].session);
}

static void check(struct zk_context *ctx, struct data_tree *tree,
                  const struct session_timeouts *sessions)
{
    struct data_tree *again = NULL;
    struct session_timeouts sessions_again = {0};
    size_t consumed;
    struct buf *bytes = write_snapshot(tree, sessions);
    zk_assert(read_snapshot(ctx, bytes->bytes, bytes->length, &again, &sessions_again, &consumed) ==
              0);
    zk_assert(consumed == bytes->length);
    struct buf *bytes_again = write_snapshot(again, &sessions_again);
    zk_assert(is_same_buf(bytes, bytes_again));
    zk_assert(data_tree_get_node_count(tree) == data_tree_get_node_count(again));
    zk_assert(data_tree_get_tree_digest(tree) == data_tree_get_tree_digest(again));
    zk_assert(data_tree_get_ephemerals_count(tree) == data_tree_get_ephemerals_count(again));
    zk_assert(data_tree_cached_approximate_data_size(tree) ==
              data_tree_cached_approximate_data_size(again));
    zk_assert(sessions->count == sessions_again.count);
    check_sessions(sessions);
    session_timeouts_done(&sessions_again);
    data_tree_unref(again);
    buf_unref(bytes_again);
    buf_unref(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zk_context *ctx = fuzz_context();
    struct data_tree *tree = NULL;
    struct session_timeouts sessions = {0};
    size_t consumed;
    int r = read_snapshot(ctx, bytes, length, &tree, &sessions, &consumed);
    zk_assert(r == 0 || r == -EPROTO || r == -EPIPE);
    zk_assert((r == 0) == (tree != NULL));
    if (r == 0)
        check(ctx, tree, &sessions);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    zk_context_free(ctx);
    return 0;
}
