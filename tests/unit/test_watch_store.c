/* The two lists in which a watch stands, and that of the watchers. */
#include "watch/watch_store.h"

#include "recording_watcher.h"
#include "zk_test.h"

enum { WATCHERS = 3 };

struct store_stage {
    struct watch_store store;
    struct recording_watcher w[WATCHERS];
    struct watching *watchings[WATCHERS];
};

static void store_stage_open(struct store_stage *stage)
{
    *stage = (struct store_stage){0};
    watch_store_init(&stage->store, 7);
    for (int i = 0; i < WATCHERS; i++) {
        recording_watcher_init(&stage->w[i], i);
        stage->watchings[i] = watch_store_put_watching(&stage->store, &stage->w[i].watcher);
    }
}

static void store_stage_close(struct store_stage *stage)
{
    watch_store_done(&stage->store);
    for (int i = 0; i < WATCHERS; i++)
        recording_watcher_done(&stage->w[i]);
}

/* The watchers, from the first to the last, and from the last to the first. */
static void assert_watchers(const struct watch_store *store, const char *forwards,
                            const char *backwards)
{
    struct zk_str text = {0};
    for (const struct watching *at = store->first; at != NULL; at = at->next)
        zk_str_printf(&text, "%d", (int)at->session_id);
    assert_string_equal(zk_str_text(&text), forwards);
    zk_str_clear(&text);
    for (const struct watching *at = store->last; at != NULL; at = at->previous)
        zk_str_printf(&text, "%d", (int)at->session_id);
    assert_string_equal(zk_str_text(&text), backwards);
    zk_str_done(&text);
}

static void a_watcher_may_leave_from_anywhere_among_the_others(void **state)
{
    (void)state;
    static const char *const forwards[] = {"12", "02", "01"};
    static const char *const backwards[] = {"21", "20", "10"};
    static const char *const alone[] = {"0", "1", "2"};
    for (int first = 0; first < WATCHERS; first++) {
        for (int second = 0; second < WATCHERS; second++) {
            if (second == first)
                continue;
            struct store_stage stage;
            int last = WATCHERS - first - second;
            store_stage_open(&stage);
            assert_watchers(&stage.store, "012", "210");
            watch_store_remove_watching(&stage.store, stage.watchings[first]);
            assert_null(watch_store_get_watching(&stage.store, &stage.w[first].watcher));
            assert_watchers(&stage.store, forwards[first], backwards[first]);
            watch_store_remove_watching(&stage.store, stage.watchings[second]);
            assert_watchers(&stage.store, alone[last], alone[last]);
            watch_store_remove_watching(&stage.store, stage.watchings[last]);
            assert_watchers(&stage.store, "", "");
            store_stage_close(&stage);
        }
    }
}

static void who_comes_back_stands_behind_all_others(void **state)
{
    (void)state;
    struct store_stage stage;
    store_stage_open(&stage);
    watch_store_remove_watching(&stage.store, stage.watchings[2]);
    (void)watch_store_put_watching(&stage.store, &stage.w[2].watcher);
    assert_watchers(&stage.store, "012", "210");
    watch_store_remove_watching(&stage.store, stage.watchings[0]);
    (void)watch_store_put_watching(&stage.store, &stage.w[0].watcher);
    assert_watchers(&stage.store, "120", "021");
    store_stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watcher_may_leave_from_anywhere_among_the_others),
        cmocka_unit_test(who_comes_back_stands_behind_all_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
