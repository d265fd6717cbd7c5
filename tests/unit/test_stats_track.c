/* What a quota's node says. Java: StatsTrackTest */
#include "zk/tree/stats_track.h"

#include <string.h>

#include "zk/base/str.h"
#include "zk_test.h"

/* Parses a text of so many pairs, which share so many names. */
static int parse_pairs(size_t pairs, size_t names, struct stats_track *ret_stats)
{
    struct zk_str text = {0};
    for (size_t i = 0; i < pairs; i++)
        zk_str_printf(&text, "%skey%zu=%zu", i > 0 ? ";" : "", i % names, i);
    struct buf *bytes = buf_new_copy(zk_str_text(&text), text.length);
    int r = stats_track_parse(bytes, ret_stats);
    buf_unref(bytes);
    zk_str_done(&text);
    return r;
}

/* Each create below a quota reads its text anew, and whoever may write it may make it as long as a
 * request. */
static void a_text_of_many_names_is_read(void **state)
{
    enum { NAMES = 50000 };
    struct stats_track stats;
    (void)state;
    assert_int_equal(parse_pairs(NAMES, NAMES, &stats), 0);
    assert_int_equal(stats.count, NAMES);
    assert_int_equal(stats_track_get(&stats, "key0"), 0);
    assert_int_equal(stats_track_get(&stats, "key49999"), 49999);
    assert_int_equal(stats_track_get(&stats, "key50000"), -1);
    stats_track_set(&stats, "key50000", 7);
    assert_int_equal(stats_track_get(&stats, "key50000"), 7);
    for (size_t i = 1; i < stats.count; i++)
        assert_true(strcmp(stats.values[i - 1].key, stats.values[i].key) < 0);
    stats_track_done(&stats);
}

static void of_pairs_with_one_name_the_last_one_counts(void **state)
{
    struct stats_track stats;
    (void)state;
    assert_int_equal(parse_pairs(1000, 2, &stats), 0);
    assert_int_equal(stats.count, 2);
    assert_int_equal(stats_track_get(&stats, "key0"), 998);
    assert_int_equal(stats_track_get(&stats, "key1"), 999);
    stats_track_done(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_many_names_is_read),
        cmocka_unit_test(of_pairs_with_one_name_the_last_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
