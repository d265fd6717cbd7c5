/* The data of a node, which stands in the node itself or in a buf. */
#include "tree/data_node.h"
#include "zk_test.h"

/* Shorter data than a pointer, as much as the room, more, null, and back: a node is made with the
 * first length and set to the second. The room of one node is not that of the next. */
static void data_of_every_length_is_kept_wherever_it_stands(void **state)
{
    (void)state;
    static const int lengths[] = {-1,
                                  0,
                                  1,
                                  8,
                                  9,
                                  100,
                                  DATA_NODE_INSIDE_MAX - 1,
                                  DATA_NODE_INSIDE_MAX,
                                  DATA_NODE_INSIDE_MAX + 1,
                                  5000};
    enum { COUNT = sizeof lengths / sizeof *lengths };
    struct buf *bufs[COUNT];
    const struct stat_persisted stat = {0};
    for (size_t i = 0; i < COUNT; i++) {
        bufs[i] = lengths[i] < 0 ? NULL : buf_new(0);
        for (int j = 0; j < lengths[i]; j++)
            buf_put_byte(bufs[i], (uint8_t)(j + (int)i));
    }
    for (size_t i = 0; i < COUNT * COUNT; i++) {
        static const char path[] = "/path/of/a/node";
        const struct buf *set = bufs[i % COUNT];
        struct data_node_data_copy copy;
        /* Paths of all lengths modulo eight. */
        struct data_node *node = data_node_new(path, 8 + i % 8, bufs[i / COUNT], -1, &stat);
        data_node_set_data(node, bufs[i % COUNT]);

        struct buf *got = data_node_get_data(node);
        data_node_copy_data(node, &copy);
        assert_int_equal(node->data_length, lengths[i % COUNT]);
        assert_int_equal(copy.length, lengths[i % COUNT]);
        assert_true((got == NULL) == (set == NULL));
        if (set != NULL) {
            assert_int_equal(got->length, set->length);
            assert_memory_equal(got->bytes, set->bytes, set->length);
            assert_memory_equal(copy.bytes, set->bytes, set->length);
            assert_memory_equal(data_node_data(node), set->bytes, set->length);
        }
        assert_int_equal(strlen(node->path), 8 + i % 8);
        assert_memory_equal(node->path, path, 8 + i % 8);
        data_node_data_copy_done(&copy);
        buf_unref(got);
        data_node_free(node);
    }
    for (size_t i = 0; i < COUNT; i++)
        buf_unref(bufs[i]);
}

/* A reader has given the lock back when the data is set anew. */
static void what_was_read_of_a_node_stays_as_it_was(void **state)
{
    (void)state;
    static const uint8_t bytes[600] = {1, 2, 3};
    static const size_t lengths[] = {100, 600};
    const struct stat_persisted stat = {0};
    for (size_t i = 0; i < 2; i++) {
        struct buf *old = buf_new_copy(bytes, lengths[i]);
        struct buf *new = buf_new_copy("other", 5);
        struct data_node *node = data_node_new("/a", 2, old, -1, &stat);
        struct buf *got = data_node_get_data(node);
        struct data_node_data_copy copy;
        data_node_copy_data(node, &copy);
        buf_unref(old);

        data_node_set_data(node, new);
        data_node_free(node);

        assert_memory_equal(got->bytes, bytes, lengths[i]);
        assert_memory_equal(copy.bytes, bytes, lengths[i]);
        data_node_data_copy_done(&copy);
        buf_unref(got);
        buf_unref(new);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_every_length_is_kept_wherever_it_stands),
        cmocka_unit_test(what_was_read_of_a_node_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
