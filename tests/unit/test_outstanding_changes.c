/* What nodes will look like when all that is prepared is applied. */
#include "zk/server/outstanding_changes.h"

#include "zk/base/alloc.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

struct stage {
    struct zk_context *ctx;
    struct data_tree *tree; /* whose keys the paths have */
    struct outstanding_changes *changes;
};

static int setup(void **state)
{
    static struct stage stage;
    stage.ctx = test_context();
    stage.tree = data_tree_new(stage.ctx);
    stage.changes = outstanding_changes_new(stage.ctx);
    outstanding_changes_lock(stage.changes);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    outstanding_changes_unlock(stage->changes);
    outstanding_changes_free(stage->changes);
    data_tree_unref(stage->tree);
    zk_context_free(stage->ctx);
    return 0;
}

static struct path_key key_of(struct stage *stage, const char *path)
{
    return data_tree_path_key(stage->tree, path, strlen(path));
}

static void change(struct stage *stage, int64_t zxid, const char *path)
{
    struct path_key key = key_of(stage, path);
    outstanding_changes_add(stage->changes, change_record_new(zxid, &key));
}

/* The zxid of the newest record; 0: there is none. */
static int64_t newest(struct stage *stage, const char *path)
{
    struct path_key key = key_of(stage, path);
    const struct change_record *record = outstanding_changes_get(stage->changes, &key);
    return record != NULL ? record->zxid : 0;
}

static void the_newest_record_of_a_path_is_found(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(newest(stage, "/a"), 0);
    change(stage, 1, "/a");
    change(stage, 2, "/b");
    change(stage, 3, "/a");
    assert_int_equal(newest(stage, "/a"), 3);
    assert_int_equal(newest(stage, "/b"), 2);
    assert_int_equal(outstanding_changes_peek(stage->changes)->zxid, 1);
    assert_int_equal(outstanding_changes_peek_last(stage->changes)->zxid, 3);
}

static void the_root_has_one_record_under_two_names(void **state)
{
    struct stage *stage = *state;
    change(stage, 1, "/");
    assert_int_equal(newest(stage, ""), 1);
    change(stage, 2, "");
    assert_int_equal(newest(stage, "/"), 2);
}

static void what_is_applied_is_not_outstanding(void **state)
{
    struct stage *stage = *state;
    change(stage, 1, "/a");
    change(stage, 2, "/a");
    change(stage, 2, "/b");
    change(stage, 3, "/c");

    outstanding_changes_remove(stage->changes, 1);
    assert_int_equal(newest(stage, "/a"), 2); /* it is not the one that was applied */
    assert_int_equal(outstanding_changes_remove(stage->changes, 2), 2);
    assert_int_equal(newest(stage, "/a"), 0);
    assert_int_equal(newest(stage, "/b"), 0);
    assert_int_equal(newest(stage, "/c"), 3);
    outstanding_changes_remove(stage->changes, 3);
    assert_null(outstanding_changes_peek(stage->changes));
    assert_null(outstanding_changes_peek_last(stage->changes));
    /* A transaction without a record: an error. */
    assert_int_equal(outstanding_changes_remove(stage->changes, 4), 0);
}

static void a_roll_back_brings_back_what_was_displaced(void **state)
{
    struct stage *stage = *state;
    change(stage, 1, "/a");
    change(stage, 2, "/a");
    change(stage, 3, "/b");
    change(stage, 3, "/a");
    change(stage, 3, "/a"); /* twice in one multi */

    outstanding_changes_roll_back(stage->changes, 3);
    assert_int_equal(newest(stage, "/a"), 2);
    assert_int_equal(newest(stage, "/b"), 0);
    assert_int_equal(outstanding_changes_peek_last(stage->changes)->zxid, 2);

    outstanding_changes_roll_back(stage->changes, 3); /* there is nothing left of it */
    assert_int_equal(newest(stage, "/a"), 2);
}

static void a_roll_back_does_not_bring_back_what_was_applied_meanwhile(void **state)
{
    struct stage *stage = *state;
    change(stage, 1, "/a");
    change(stage, 2, "/b");
    change(stage, 3, "/a");
    outstanding_changes_remove(stage->changes, 1);
    outstanding_changes_roll_back(stage->changes, 3);
    assert_int_equal(newest(stage, "/a"), 0);
    assert_int_equal(newest(stage, "/b"), 2);

    change(stage, 3, "/b");
    outstanding_changes_remove(stage->changes, 2);
    outstanding_changes_roll_back(stage->changes, 3); /* the list is empty after it */
    assert_int_equal(newest(stage, "/b"), 0);
    assert_null(outstanding_changes_peek(stage->changes));
}

static void thousands_of_paths_keep_their_records(void **state)
{
    enum { PATHS = 3000 };
    struct stage *stage = *state;
    char path[16];
    for (int i = 1; i <= PATHS; i++) {
        zk_text_printf(path, sizeof path, "/%d", i);
        change(stage, i, path);
    }
    for (int i = 1; i <= PATHS; i++) {
        zk_text_printf(path, sizeof path, "/%d", i);
        assert_int_equal(newest(stage, path), i);
        outstanding_changes_remove(stage->changes, i);
        assert_int_equal(newest(stage, path), 0);
    }
}

/* FNV-1a. It has no key, so whoever knows it finds paths that stand in one slot. */
static uint64_t hash_without_key(const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *path != '\0'; path++)
        hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
    return hash;
}

/* The steps from a record to the end of its chain. 1,000 paths in 1,024 slots: a chain of more
 * than 20 comes about by chance less than once in 10^17 runs; without a key one has all 1,000. */
static void chosen_paths_do_not_stand_in_one_slot(void **state)
{
    enum { PATHS = 1000, SLOTS = 1024, LONGEST = 20 };
    struct stage *stage = *state;
    char paths[PATHS][16];
    int count = 0;
    for (unsigned number = 0; count < PATHS; number++) {
        zk_text_printf(paths[count], sizeof paths[count], "/%u", number);
        if (hash_without_key(paths[count]) % SLOTS != 0)
            continue;
        change(stage, count + 1, paths[count]);
        count++;
    }
    for (int i = 0; i < PATHS; i++) {
        int chain = 0;
        struct path_key key = key_of(stage, paths[i]);
        for (const struct change_record *record = outstanding_changes_get(stage->changes, &key);
             record != NULL; record = record->same_slot)
            chain++;
        assert_in_range(chain, 1, LONGEST);
    }
}

static void a_duplicate_shares_data_and_acl(void **state)
{
    struct path_key key = key_of(*state, "/a");
    struct change_record *record = change_record_new(1, &key);
    record->exists = true;
    record->stat.version = 7;
    record->child_count = 3;
    record->data = buf_new_copy("x", 1);
    record->acl = zk_xcalloc(1, sizeof *record->acl);
    zk_refcount_init(&record->acl->refs);
    zk_acl_list_add(&record->acl->list, PERMS_ALL, "world", "anyone");

    struct change_record *copy = change_record_duplicate(record, 2);
    assert_int_equal(copy->zxid, 2);
    assert_string_equal(copy->path, "/a");
    assert_true(copy->exists);
    assert_int_equal(copy->stat.version, 7);
    assert_int_equal(copy->child_count, 3);
    assert_ptr_equal(copy->data, record->data);
    assert_ptr_equal(copy->acl, record->acl);
    change_record_free(record);
    assert_string_equal(copy->acl->list.items[0].id.id.text, "anyone");
    change_record_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_record_of_a_path_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(the_root_has_one_record_under_two_names, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_applied_is_not_outstanding, setup, teardown),
        cmocka_unit_test_setup_teardown(a_roll_back_brings_back_what_was_displaced, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_roll_back_does_not_bring_back_what_was_applied_meanwhile,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_of_paths_keep_their_records, setup, teardown),
        cmocka_unit_test_setup_teardown(chosen_paths_do_not_stand_in_one_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(a_duplicate_shares_data_and_acl, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
