/* The order in which a snapshot has its sessions. The expected ones are what a member of Java 3.8.0
 * wrote, whose clients came through three servers. */
#include "zk/persistence/serialize_utils.h"

#include "zk/base/buf.h"
#include "zk_test.h"

enum { SESSIONS_MAX = 9, TIMEOUT_MS = 30000, LENGTH_BYTES = 4, SESSION_BYTES = 12 };

static const struct {
    size_t count;
    size_t most;                  /* so many there had been at once */
    int64_t came[SESSIONS_MAX];   /* those that are left */
    size_t written[SESSIONS_MAX]; /* which of them, one after the other */
} cases[] = {
    {7,
     7,
     {0x100014c50340000, 0x100014c50340001, 0x300014c518a0000, 0x100014c50340002, 0x200014c502e0000,
      0x100014c50340003, 0x200014c502e0001},
     {4, 6, 2, 0, 1, 3, 5}},
    {5,
     8,
     {0x100014c50340000, 0x100014c50340001, 0x300014c518a0000, 0x100014c50340002,
      0x200014c502e0001},
     {0, 1, 3, 4, 2}},
    {9,
     20,
     {0x100014c50340000, 0x100014c50340002, 0x100014c50340004, 0x100014c50340005, 0x100014c5034000a,
      0x300014c518a0002, 0x300014c518a0003, 0x100014c5034000c, 0x200014c502e0008},
     {4, 5, 7, 6, 0, 8, 1, 2, 3}},
};

static struct buf *snapshot_of(struct zk_context *ctx, const struct session_timeouts *sessions)
{
    struct data_tree *tree = data_tree_new(ctx);
    struct buf *bytes = buf_new(4096);
    struct jute_out out = jute_out_of_buf(bytes);
    serialize_snapshot(tree, sessions, &out);
    data_tree_unref(tree);
    return bytes;
}

static void sessions_are_written_in_the_order_of_javas_maps(void **state)
{
    struct zk_context *ctx = test_context();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct session_timeouts sessions = {0};
        struct session_timeouts copy;
        for (size_t k = cases[i].count; k < cases[i].most; k++)
            session_timeouts_put(&sessions, (int64_t)k, TIMEOUT_MS);
        for (size_t k = 0; k < cases[i].count; k++)
            session_timeouts_put(&sessions, cases[i].came[k], TIMEOUT_MS);
        for (size_t k = cases[i].count; k < cases[i].most; k++)
            session_timeouts_remove(&sessions, (int64_t)k);
        session_timeouts_put(&sessions, cases[i].came[0], TIMEOUT_MS); /* stays where it is */
        session_timeouts_copy(&copy, &sessions);

        struct buf *bytes = snapshot_of(ctx, &copy);

        assert_int_equal(zk_load_int(bytes->bytes), cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++)
            assert_true(zk_load_long(bytes->bytes + LENGTH_BYTES + k * SESSION_BYTES) ==
                        cases[i].came[cases[i].written[k]]);
        buf_unref(bytes);
        session_timeouts_done(&copy);
        session_timeouts_done(&sessions);
    }
    zk_context_free(ctx);
}

/* What a server has read is in the order of the snapshot for it. */
static void sessions_that_were_read_came_in_the_order_of_the_snapshot(void **state)
{
    struct zk_context *ctx = test_context();
    struct session_timeouts sessions = {0};
    struct session_timeouts read;
    struct data_tree *tree;
    (void)state;
    /* All three are in one chain of both maps. */
    static const int64_t ids[] = {33, 1, 17};
    for (size_t i = 0; i < 3; i++)
        session_timeouts_put(&sessions, ids[i], TIMEOUT_MS);
    struct buf *bytes = snapshot_of(ctx, &sessions);
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
    assert_int_equal(deserialize_snapshot(ctx, &in, &tree, &read), 0);

    struct buf *again = snapshot_of(ctx, &read);

    assert_int_equal(again->length, bytes->length);
    assert_memory_equal(again->bytes, bytes->bytes, LENGTH_BYTES + 3 * SESSION_BYTES);
    for (size_t i = 0; i < 3; i++)
        assert_true(zk_load_long(again->bytes + LENGTH_BYTES + i * SESSION_BYTES) == ids[i]);
    buf_unref(again);
    buf_unref(bytes);
    data_tree_unref(tree);
    session_timeouts_done(&read);
    session_timeouts_done(&sessions);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_written_in_the_order_of_javas_maps),
        cmocka_unit_test(sessions_that_were_read_came_in_the_order_of_the_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
