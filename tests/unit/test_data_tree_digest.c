/* The log of digests, which the word hash and the command hash tell. Java:
 * DataTree.logZxidDigest() */
#include <stdlib.h>

#include "transactions.h"
#include "zk/jute/op_code.h"
#include "zk/tree/data_tree.h"
#include "zk/tree/digest.h"
#include "zk_test.h"

static void apply_at(struct data_tree *tree, int64_t zxid)
{
    assert_int_equal(apply_record(tree, zxid, OP_CODE_ERROR, 0, error_record(-1)), -1);
}

static void every_128th_zxid_is_logged_and_the_last_1024_of_them_stay(void **state)
{
    enum { TOO_MANY = 2 };
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    for (int64_t i = 1; i <= DIGEST_LOG_LIMIT + TOO_MANY; i++) {
        apply_at(tree, i * DIGEST_LOG_INTERVAL);
        apply_at(tree, i * DIGEST_LOG_INTERVAL + 1);
    }

    size_t count;
    struct zxid_digest *digests = data_tree_get_digest_log(tree, &count);

    assert_int_equal(count, 1024);
    for (int64_t i = 0; i < DIGEST_LOG_LIMIT; i++) {
        assert_int_equal(digests[i].zxid, (i + 1 + TOO_MANY) * 128);
        assert_true(digests[i].digest == (int64_t)data_tree_get_tree_digest(tree));
        assert_int_equal(digests[i].version, DIGEST_VERSION);
    }
    free(digests);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_128th_zxid_is_logged_and_the_last_1024_of_them_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
