/* The order in which a snapshot has the lists of ACLs. The expected ones are what Java 3.8.0 wrote
 * when a client did the same, live and after a restart. */
#include "tree/acl_cache.h"

#include <stdio.h>

#include "zk/base/buf.h"
#include "zk_test.h"

/* Lists come and go as their nodes do. */
static int64_t come(struct acl_cache *cache, int number)
{
    char user[16];
    snprintf(user, sizeof user, "u%d:p", number);
    struct zk_acl_list list = {.present = true};
    zk_acl_list_add(&list, 1, "digest", user);
    int64_t id = acl_cache_convert_acls(cache, &list);
    jute_done(&zk_acl_list_record, &list);
    return id;
}

static void assert_order(const struct acl_cache *cache, const int64_t *expected, size_t count)
{
    struct acl_cache_copy copy = acl_cache_copy(cache);
    struct buf *bytes = buf_new(4096);
    struct jute_out out = jute_out_of_buf(bytes);
    assert_int_equal(copy.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(copy.items[i].id, expected[i]);
    acl_cache_serialize(&copy, &out);
    buf_unref(bytes);
}

/* What a server reads when it starts. */
static void read_anew(struct acl_cache *cache)
{
    struct zk_context *ctx = test_context();
    struct acl_cache_copy copy = acl_cache_copy(cache);
    struct buf *bytes = buf_new(4096);
    struct jute_out out = jute_out_of_buf(bytes);
    acl_cache_serialize(&copy, &out);
    acl_cache_done(cache);
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
    assert_int_equal(acl_cache_deserialize(cache, &in), 0);
    buf_unref(bytes);
    zk_context_free(ctx);
}

enum { LISTS_MAX = 64, LEFT_MAX = 8 };

/* The list of /zookeeper/config is there first. Others come, so many at a time, and all of them go
 * again but for those that are kept; at last there is one more. */
static const struct {
    int lists;
    int at_a_time;
    int64_t kept[LEFT_MAX]; /* ids */
    size_t left;
    int64_t live[LEFT_MAX];
    int64_t read_anew[LEFT_MAX];
} cases[] = {
    {45, 45, {9, 17}, 4, {1, 9, 17, 47}, {1, 17, 9, 47}},
    {40, 20, {17, 33}, 4, {1, 33, 17, 42}, {1, 33, 17, 42}},
    {45, 15, {9, 17, 25, 33, 41}, 7, {1, 33, 17, 9, 41, 25, 47}, {1, 33, 17, 9, 41, 25, 47}},
};

static bool is_kept(size_t i, int64_t id)
{
    for (size_t k = 0; k < LEFT_MAX; k++)
        if (cases[i].kept[k] == id)
            return true;
    return false;
}

static void lists_are_written_in_the_order_of_javas_map(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct acl_cache cache = {.key = 1};
        int64_t ids[LISTS_MAX];
        assert_int_equal(come(&cache, 0), 1);
        for (int n = 0; n < cases[i].lists; n++) {
            ids[n] = come(&cache, n + 1);
            bool is_last = (n + 1) % cases[i].at_a_time == 0;
            for (int k = n + 1 - cases[i].at_a_time; is_last && k <= n; k++)
                if (!is_kept(i, ids[k]))
                    acl_cache_remove_usage(&cache, ids[k]);
        }
        come(&cache, LISTS_MAX);

        assert_order(&cache, cases[i].live, cases[i].left);
        read_anew(&cache);
        assert_order(&cache, cases[i].read_anew, cases[i].left);
        read_anew(&cache);
        assert_order(&cache, cases[i].read_anew, cases[i].left);
        acl_cache_done(&cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_written_in_the_order_of_javas_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
