/* Which change tells whom: the tables of watches as a running Java 3.8.0 filled them
 * (client_watches.py). Java: WatcherTest, PersistentWatcherTest, PersistentRecursiveWatcherTest,
 * PersistentWatcherACLTest, RemoveWatchesTest, DataTreeTest.testRootWatchTriggered() */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "recording_watcher.h"
#include "transactions.h"
#include "zk/base/alloc.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/tree/data_tree.h"
#include "zk/watch/watch_manager.h"
#include "zk_test.h"

/* ---- a stage --------------------------------------------------------------------------------- */

/* A tree, a connection that watches, and another one. */
struct stage {
    struct zk_context *ctx;
    struct data_tree *tree;
    struct zk_acl_list acl; /* of the nodes that are created: of scheme "a" */
    struct buf *data;
    int64_t zxid;
    struct recording_watcher client;
    struct recording_watcher other;
};

static int stage_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->ctx = test_context();
    stage->tree = data_tree_new(stage->ctx);
    stage->data = buf_new_copy("x", 1);
    zk_acl_list_add(&stage->acl, PERMS_ALL, "a", "anyone");
    recording_watcher_init(&stage->client, 0x101);
    recording_watcher_init(&stage->other, 0x102);
    *state = stage;
    return 0;
}

static int stage_down(void **state)
{
    struct stage *stage = *state;
    data_tree_unref(stage->tree);
    jute_done(&zk_acl_list_record, &stage->acl);
    buf_unref(stage->data);
    recording_watcher_done(&stage->client);
    recording_watcher_done(&stage->other);
    zk_context_free(stage->ctx);
    free(stage);
    return 0;
}

static void write_node(struct stage *stage, int32_t type, union txn_record record)
{
    assert_int_equal(apply_record(stage->tree, ++stage->zxid, type, 0, record), 0);
}

static void read_data(struct stage *stage, const char *path)
{
    struct zk_stat stat;
    int64_t zxid;
    struct buf *data = NULL;
    struct data_tree_query query = {.path = path, .watcher = &stage->client.watcher};
    enum keeper_code code = data_tree_get_data(stage->tree, &query, &zxid, &stat, &data);
    assert_true(code == KEEPER_CODE_OK || code == KEEPER_CODE_NONODE);
    buf_unref(data);
}

static void read_children(struct stage *stage, const char *path)
{
    struct zk_stat stat;
    int64_t zxid;
    struct data_tree_children children;
    struct data_tree_query query = {.path = path, .watcher = &stage->client.watcher};
    if (data_tree_get_children(stage->tree, &query, &zxid, &stat, &children) == KEEPER_CODE_OK)
        data_tree_children_done(&children);
}

static void read_stat(struct stage *stage, const char *path)
{
    struct zk_stat stat;
    int64_t zxid;
    enum keeper_code code =
        data_tree_stat_node(stage->tree, path, &stage->client.watcher, &zxid, &stat);
    assert_true(code == KEEPER_CODE_OK || code == KEEPER_CODE_NONODE);
}

static struct ustring text_of(const char *path)
{
    return (struct ustring){.text = (char *)path, .length = path != NULL ? strlen(path) : 0};
}

static void add_watch(struct stage *stage, const char *path, int32_t mode)
{
    struct ustring text = text_of(path);
    assert_int_equal(data_tree_add_watch(stage->tree, &text, &stage->client.watcher, mode), 0);
}

static bool remove_watch(struct stage *stage, const char *path, enum watcher_type type)
{
    struct ustring text = text_of(path);
    bool removed;
    assert_int_equal(
        data_tree_remove_watch(stage->tree, &text, type, &stage->client.watcher, &removed), 0);
    return removed;
}

static bool check_watch(struct stage *stage, const char *path, enum watcher_type type)
{
    struct ustring text = text_of(path);
    bool contains;
    assert_int_equal(data_tree_contains_watcher(stage->tree, &text, type, &contains), 0);
    return contains;
}

/* One step: "create /p" and the like. get, exists and ls are reads of the client with a watch. */
static void play_step(struct stage *stage, const char *word, const char *path)
{
    if (strcmp(word, "create") == 0)
        write_node(stage, OP_CODE_CREATE, create_record(path, stage->data, &stage->acl, false, -1));
    else if (strcmp(word, "set") == 0)
        write_node(stage, OP_CODE_SET_DATA, set_data_record(path, stage->data, 1));
    else if (strcmp(word, "delete") == 0)
        write_node(stage, OP_CODE_DELETE, delete_record(path));
    else if (strcmp(word, "setacl") == 0)
        write_node(stage, OP_CODE_SET_ACL, set_acl_record(path, &stage->acl, 1));
    else if (strcmp(word, "get") == 0)
        read_data(stage, path);
    else if (strcmp(word, "ls") == 0)
        read_children(stage, path);
    else if (strcmp(word, "exists") == 0)
        read_stat(stage, path);
    else if (strcmp(word, "persist") == 0)
        add_watch(stage, path, 0);
    else if (strcmp(word, "recurse") == 0)
        add_watch(stage, path, 1);
    else
        fail_msg("no step %s", word);
}

/* Plays steps, which stand behind each other with "; " between them. */
static void play(struct stage *stage, const char *steps)
{
    char *text = zk_xstrdup(steps);
    char *rest = NULL;
    for (char *step = strtok_r(text, ";", &rest); step != NULL; step = strtok_r(NULL, ";", &rest)) {
        char *path;
        step += strspn(step, " ");
        path = strchr(step, ' ');
        assert_non_null(path);
        *path++ = '\0';
        play_step(stage, step, path);
    }
    free(text);
}

/* Plays the steps with a client of their own, which has no watches and hears these events. */
static void assert_hears(struct stage *stage, const char *steps, const char *events)
{
    play(stage, steps);
    assert_told(&stage->client, events);
    data_tree_remove_cnxn(stage->tree, &stage->client.watcher);
}

/* ---- what fires ------------------------------------------------------------------------------ */

/* CLI-30 */
static void a_data_watch_hears_of_the_next_change_alone(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage, "create /a; get /a; set /a; set /a", "3 /a");
    assert_hears(stage, "create /b; get /b; delete /b", "2 /b");
    assert_hears(stage, "create /c; get /c; create /c/k; setacl /c", "");
    assert_hears(stage, "create /d; ls /d; create /d/k; set /d; delete /d/k", "4 /d");
    assert_hears(stage, "create /e; exists /e; setacl /e; set /e; delete /e", "3 /e");
}

/* CLI-31 */
static void only_exists_leaves_a_watch_where_no_node_is(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage, "exists /a; create /a; set /a", "1 /a");
    assert_hears(stage, "get /b; ls /b; create /b; create /b/k; delete /b/k; set /b", "");
}

/* CLI-32 */
static void a_deletion_is_told_once_and_the_parents_watch_once(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage,
                 "create /a; create /a/k; get /a/k; exists /a/k; ls /a/k; ls /a; delete /a/k",
                 "2 /a/k, 4 /a");
    assert_hears(stage, "create /b; ls /b; delete /b", "2 /b");
}

static void the_same_data_is_a_change_all_the_same(void **state)
{
    assert_hears(*state, "create /a; set /a; get /a; set /a", "3 /a");
}

static void a_multi_tells_of_each_of_its_operations_in_turn(void **state)
{
    struct stage *stage = *state;
    union txn_record multi = {0};
    multi.multi.txns.present = true;
    play(stage, "create /p; get /p; ls /p; exists /p/k");
    multi_add(&multi, OP_CODE_CREATE, create_record("/p/k", stage->data, &stage->acl, false, -1));
    multi_add(&multi, OP_CODE_SET_DATA, set_data_record("/p", stage->data, 1));
    multi_add(&multi, OP_CODE_DELETE, delete_record("/p/k"));
    write_node(stage, OP_CODE_MULTI, multi);
    assert_told(&stage->client, "1 /p/k, 4 /p, 3 /p");
}

static void a_multi_that_failed_tells_nobody(void **state)
{
    struct stage *stage = *state;
    union txn_record multi = {0};
    multi.multi.txns.present = true;
    play(stage, "create /p; ls /p; exists /p/k");
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_OK));
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_NONODE));
    (void)apply_record(stage->tree, ++stage->zxid, OP_CODE_MULTI, 0, multi);
    assert_told(&stage->client, "");
}

static void nodes_that_go_with_their_session_are_told(void **state)
{
    struct stage *stage = *state;
    union txn_record none = {0};
    play(stage, "create /p");
    assert_int_equal(
        apply_create(stage->tree, "/p/e", stage->data, &stage->acl, 77, -1, ++stage->zxid, 10), 0);
    play(stage, "exists /p/e; ls /p");
    assert_int_equal(apply_record(stage->tree, ++stage->zxid, OP_CODE_CLOSE_SESSION, 77, none), 0);
    assert_told(&stage->client, "2 /p/e, 4 /p");
}

static void a_container_that_is_reaped_is_told(void **state)
{
    struct stage *stage = *state;
    play(stage, "create /c; get /c");
    write_node(stage, OP_CODE_DELETE_CONTAINER, delete_record("/c"));
    assert_told(&stage->client, "2 /c");
}

/* What has failed has changed nothing. */
static void a_change_that_did_not_happen_tells_nobody(void **state)
{
    struct stage *stage = *state;
    play(stage, "create /a; exists /b; get /a; ls /");
    assert_int_equal(
        apply_record(stage->tree, ++stage->zxid, OP_CODE_DELETE, 0, delete_record("/b")),
        KEEPER_CODE_NONODE);
    assert_int_equal(
        apply_create(stage->tree, "/a", stage->data, &stage->acl, 0, -1, ++stage->zxid, 10),
        KEEPER_CODE_NODEEXISTS);
    assert_told(&stage->client, "");
}

/* CLI-68 */
static void the_root_is_watched_as_a_slash_and_never_as_nothing(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage, "get /; ls /; create /a; set /", "4 /, 3 /");
    assert_hears(stage, "get ; ls ; create /b; set /", "");
    assert_hears(stage, "recurse /; create /c; set /", "1 /c, 3 /");
    assert_hears(stage, "persist /; create /d; set /; create /d/k; delete /d/k; delete /d",
                 "4 /, 3 /, 4 /");
}

/* ---- persistent watches ---------------------------------------------------------------------- */

/* CLI-64 */
static void persistent_and_recursive_watches_hear_what_javas_hear(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage,
                 "persist /p; create /p; set /p; create /p/k; set /p/k; delete /p/k; delete /p",
                 "1 /p, 3 /p, 4 /p, 4 /p, 2 /p");
    assert_hears(stage,
                 "recurse /p; create /p; set /p; create /p/k; set /p/k; delete /p/k; delete /p",
                 "1 /p, 3 /p, 1 /p/k, 3 /p/k, 2 /p/k, 2 /p");
    assert_hears(stage, "create /q; create /q/k; recurse /q; get /q/k; set /q/k; set /q/k",
                 "3 /q/k, 3 /q/k");
}

/* CLI-65: K-220 */
static void watches_of_one_path_take_each_others_mode(void **state)
{
    struct stage *stage = *state;
    assert_hears(stage, "create /a; persist /a; get /a; set /a; set /a; create /a/k", "3 /a, 4 /a");
    assert_hears(stage, "create /b; recurse /b; exists /b; create /b/k; set /b; set /b", "3 /b");
    assert_hears(stage, "create /c; recurse /c; ls /c; create /c/k; create /c/l",
                 "1 /c/k, 4 /c, 1 /c/l");
    assert_hears(stage, "recurse /d; persist /d; create /d; create /d/k; set /d/k", "1 /d, 4 /d");
}

static void a_persistent_watch_without_its_children_hears_of_data(void **state)
{
    struct stage *stage = *state;
    play(stage, "persist /p");
    assert_true(remove_watch(stage, "/p", WATCHER_TYPE_CHILDREN));
    assert_hears(stage, "create /p; create /p/k; set /p", "1 /p, 3 /p");
}

static void a_mode_that_is_none_is_refused(void **state)
{
    struct stage *stage = *state;
    struct ustring path = text_of("/a");
    struct watcher *watcher = &stage->client.watcher;
    assert_int_equal(data_tree_add_watch(stage->tree, &path, watcher, 2), -EINVAL);
    assert_int_equal(data_tree_add_watch(stage->tree, &path, watcher, -1), -EINVAL);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 0);
}

/* ---- checkWatches, removeWatches ------------------------------------------------------------- */

/* CLI-66 */
static void watches_are_checked_and_removed_by_their_type(void **state)
{
    struct stage *stage = *state;
    play(stage, "create /a; get /a");
    assert_true(check_watch(stage, "/a", WATCHER_TYPE_DATA));
    assert_false(check_watch(stage, "/a", WATCHER_TYPE_CHILDREN));
    assert_true(check_watch(stage, "/a", WATCHER_TYPE_ANY));
    assert_false(remove_watch(stage, "/a", WATCHER_TYPE_CHILDREN));
    assert_true(remove_watch(stage, "/a", WATCHER_TYPE_ANY));
    assert_false(remove_watch(stage, "/a", WATCHER_TYPE_ANY));
    assert_false(check_watch(stage, "/a", WATCHER_TYPE_ANY));

    play(stage, "ls /a");
    assert_true(check_watch(stage, "/a", WATCHER_TYPE_ANY));
    assert_false(remove_watch(stage, "/a", WATCHER_TYPE_DATA));
    assert_true(remove_watch(stage, "/a", WATCHER_TYPE_CHILDREN));

    play(stage, "get /a; ls /a");
    assert_true(remove_watch(stage, "/a", WATCHER_TYPE_ANY)); /* both */
    assert_hears(stage, "set /a; create /a/k", "");
}

/* CLI-66: K-222 */
static void a_check_finds_anybodys_watch_and_a_recursive_one_at_its_path(void **state)
{
    struct stage *stage = *state;
    struct zk_stat stat;
    int64_t zxid;
    assert_int_equal(data_tree_stat_node(stage->tree, "/", &stage->other.watcher, &zxid, &stat),
                     KEEPER_CODE_OK);
    assert_true(check_watch(stage, "/", WATCHER_TYPE_DATA));
    assert_false(remove_watch(stage, "/", WATCHER_TYPE_DATA));
    play(stage, "recurse /r");
    assert_true(check_watch(stage, "/r", WATCHER_TYPE_CHILDREN));
    assert_false(check_watch(stage, "/r/k", WATCHER_TYPE_ANY));
}

static void null_makes_the_check_and_the_removal_throw_as_in_java(void **state)
{
    struct stage *stage = *state;
    struct ustring null = {0};
    struct watcher *watcher = &stage->client.watcher;
    bool found;
    assert_int_equal(data_tree_contains_watcher(stage->tree, &null, WATCHER_TYPE_ANY, &found),
                     -EINVAL);
    assert_int_equal(data_tree_remove_watch(stage->tree, &null, WATCHER_TYPE_ANY, watcher, &found),
                     0);
    assert_false(found);
    assert_int_equal(data_tree_add_watch(stage->tree, &null, watcher, 0), 0);
    assert_int_equal(data_tree_add_watch(stage->tree, &null, watcher, 0), -EINVAL);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 2);
    assert_int_equal(data_tree_remove_watch(stage->tree, &null, WATCHER_TYPE_ANY, watcher, &found),
                     -EINVAL);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 1); /* that of data stays */
    data_tree_remove_cnxn(stage->tree, watcher);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 0); /* D-220 */
}

/* ---- setWatches ------------------------------------------------------------------------------ */

/* A list of at most four paths, up to the first NULL; "null" is Java's null. */
static struct ustring_list list_of(const char *const *paths, struct ustring *room)
{
    struct ustring_list list = {.present = true, .items = room};
    for (; paths[list.count] != NULL; list.count++)
        room[list.count] =
            text_of(strcmp(paths[list.count], "null") == 0 ? NULL : paths[list.count]);
    return list;
}

enum { LISTS = 5, PATHS = 4 };

static int set_watches(struct stage *stage, int64_t relative_zxid,
                       const char *const paths[LISTS][PATHS])
{
    struct ustring room[LISTS][PATHS];
    struct ustring_list lists[LISTS];
    for (int i = 0; i < LISTS; i++)
        lists[i] = list_of(paths[i], room[i]);
    struct watches_to_set watches = {
        .relative_zxid = relative_zxid,
        .data_watches = &lists[0],
        .exist_watches = &lists[1],
        .child_watches = &lists[2],
        .persistent_watches = &lists[3],
        .persistent_recursive_watches = &lists[4],
    };
    return data_tree_set_watches(stage->tree, &watches, &stage->client.watcher);
}

/* CLI-34: K-223: without a list to filter by */
static void what_was_missed_is_told_in_the_order_of_the_lists(void **state)
{
    struct stage *stage = *state;
    static const char *const paths[LISTS][PATHS] = {
        {"/a", "/gone", "/old"}, {"/b", "/nn"}, {"/", "/gone", "/old"}, {"/p"}, {"/r"},
    };
    play(stage, "create /old; create /old/k");
    int64_t seen = stage->zxid;
    play(stage, "create /a; create /b; create /p; create /r; set /p; set /r");
    assert_int_equal(set_watches(stage, seen, paths), 0);
    assert_told(&stage->client, "3 /a, 2 /gone, 1 /b, 4 /, 2 /gone");
    assert_string_equal(stage->client.acl, "no");
    /* data /old, exists /nn, child /old, and two of each that is persistent */
    assert_int_equal(data_tree_get_watch_count(stage->tree), 7);
    assert_hears(stage, "set /old; create /nn; create /old/l; set /a; set /b; create /c",
                 "3 /old, 1 /nn, 4 /old");
}

/* CLI-34 */
static void what_has_not_changed_is_watched_again(void **state)
{
    struct stage *stage = *state;
    /* /b was made by the last change that the client has seen. */
    static const char *const paths[LISTS][PATHS] = {
        {"/a", "/b", "/"}, {"/c"}, {"/b"}, {NULL}, {NULL}};
    play(stage, "create /a; create /b");
    assert_int_equal(set_watches(stage, stage->zxid, paths), 0);
    assert_told(&stage->client, "");
    assert_hears(stage, "set /a; create /b/k; set /b; create /c; set /",
                 "3 /a, 4 /b, 3 /b, 1 /c, 3 /");
}

/* CLI-34: a null list ends it, and so does a null path; what stood before it has been done. */
static void nulls_end_set_watches_where_they_stand(void **state)
{
    struct stage *stage = *state;
    static const char *const paths[LISTS][PATHS] = {{"/x", "null", "/y"}, {NULL}, {NULL}};
    static const char *const existing[LISTS][PATHS] = {{NULL}, {"/", "null", "/y"}, {NULL}};
    static const char *const children[LISTS][PATHS] = {{NULL}, {NULL}, {"/x", "null", "/y"}};
    struct ustring_list none = {0};
    struct ustring_list empty = {.present = true};
    struct watches_to_set watches = {.relative_zxid = 0,
                                     .data_watches = &empty,
                                     .exist_watches = &empty,
                                     .child_watches = &empty};
    assert_int_equal(set_watches(stage, 0, paths), -EINVAL);
    assert_told(&stage->client, "2 /x");
    assert_int_equal(set_watches(stage, 0, existing), -EINVAL);
    assert_told(&stage->client, "1 /");
    assert_int_equal(set_watches(stage, 0, children), -EINVAL);
    assert_told(&stage->client, "2 /x");

    struct watcher *watcher = &stage->client.watcher;
    assert_int_equal(data_tree_set_watches(stage->tree, &watches, watcher), 0);
    watches.child_watches = &none;
    assert_int_equal(data_tree_set_watches(stage->tree, &watches, watcher), -EINVAL);
    watches.child_watches = &empty;
    watches.persistent_watches = &none;
    assert_int_equal(data_tree_set_watches(stage->tree, &watches, watcher), -EINVAL);
}

static void texts_that_are_no_paths_are_gone_nodes_for_set_watches(void **state)
{
    struct stage *stage = *state;
    static const char *const paths[LISTS][PATHS] = {
        {"", "/", "abc"}, {"", "/", "abc"}, {"", "/", "abc"}, {NULL}, {NULL},
    };
    assert_int_equal(set_watches(stage, 1 << 30, paths), 0);
    assert_told(&stage->client, "2 abc, 1 , 1 /, 2 abc");

    char bytes[] = "/\0b"; /* the root is not the node of this name */
    struct ustring item = {.text = bytes, .length = 3};
    struct ustring_list list = {.present = true, .count = 1, .items = &item};
    struct ustring_list empty = {.present = true};
    struct watches_to_set watches = {
        .data_watches = &list, .exist_watches = &empty, .child_watches = &empty};
    assert_int_equal(data_tree_set_watches(stage->tree, &watches, &stage->client.watcher), 0);
    assert_int_equal(stage->client.told.length, 5);
    assert_memory_equal(stage->client.told.text, "2 /\0b", 5);
}

/* ---- the list that events are filtered by ---------------------------------------------------- */

static struct zk_acl_list list_of_scheme(const char *scheme)
{
    struct zk_acl_list list = {0};
    zk_acl_list_add(&list, PERMS_ALL, scheme, "x");
    return list;
}

static void create_with(struct stage *stage, const char *path, const char *scheme)
{
    struct zk_acl_list list = list_of_scheme(scheme);
    write_node(stage, OP_CODE_CREATE, create_record(path, stage->data, &list, false, -1));
    jute_done(&zk_acl_list_record, &list);
}

static void assert_filtered_by(struct stage *stage, const char *events, const char *scheme)
{
    assert_told(&stage->client, events);
    assert_string_equal(stage->client.acl, scheme);
}

/* CLI-67: type 4 by the parent's list, all others by the node's own, as it was before. */
static void each_event_goes_with_the_list_of_its_node(void **state)
{
    struct stage *stage = *state;
    create_with(stage, "/p", "parent");
    play(stage, "ls /p");
    create_with(stage, "/p/k", "child");
    assert_filtered_by(stage, "4 /p", "parent");
    play(stage, "exists /p/l");
    create_with(stage, "/p/l", "late");
    assert_filtered_by(stage, "1 /p/l", "late");
    play(stage, "get /p/k; set /p/k");
    assert_filtered_by(stage, "3 /p/k", "child");
    play(stage, "get /p/k; delete /p/k");
    assert_filtered_by(stage, "2 /p/k", "child");
    play(stage, "ls /p/l; delete /p/l");
    assert_filtered_by(stage, "2 /p/l", "late");
}

/* CLI-67 */
static void a_recursive_watch_is_filtered_by_the_list_of_each_node(void **state)
{
    struct stage *stage = *state;
    create_with(stage, "/p", "parent");
    play(stage, "recurse /p");
    create_with(stage, "/p/k", "child");
    assert_filtered_by(stage, "1 /p/k", "child");
    play(stage, "set /p");
    assert_filtered_by(stage, "3 /p", "parent");
    play(stage, "delete /p/k");
    assert_filtered_by(stage, "2 /p/k", "child");
}

/* A list that everybody may use has no number in the tree. */
static void an_open_node_is_filtered_by_the_open_list(void **state)
{
    struct stage *stage = *state;
    play(stage, "ls /; create /a");
    assert_filtered_by(stage, "4 /", "world");
}

/* ---- connections ----------------------------------------------------------------------------- */

static void watches_go_with_their_connection(void **state)
{
    struct stage *stage = *state;
    play(stage, "create /a; get /a; ls /a; persist /b; recurse /c; exists /d");
    assert_int_equal(data_tree_get_watch_count(stage->tree), 7);
    stage->client.is_stale = true;
    data_tree_remove_cnxn(stage->tree, &stage->client.watcher);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 0);
    play(stage, "get /a; persist /b");
    assert_hears(stage, "set /a; create /b; create /c; create /d", "");
}

static void a_connection_with_thousands_of_watches_leaves_none(void **state)
{
    struct stage *stage = *state;
    enum { MANY = 3000 };
    for (int i = 0; i < MANY; i++) {
        char path[32];
        zk_text_printf(path, sizeof path, "/many/%d", i);
        add_watch(stage, path, i % 2);
    }
    assert_int_equal(data_tree_get_watch_count(stage->tree), 2 * MANY);
    data_tree_remove_cnxn(stage->tree, &stage->client.watcher);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 0);
    assert_int_equal(data_tree_get_watches_summary(stage->tree).num_connections, 0);
}

/* K-224 */
static void the_summary_knows_the_watches_of_data_alone(void **state)
{
    struct stage *stage = *state;
    play(stage, "create /a; ls /a; get /a; persist /b");
    struct watches_summary summary = data_tree_get_watches_summary(stage->tree);
    assert_int_equal(summary.num_connections, 1);
    assert_int_equal(summary.num_paths, 2);
    assert_int_equal(summary.total_watches, 2);
    assert_int_equal(data_tree_get_watch_count(stage->tree), 4);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { READERS = 3, ROUNDS = 400 };

/* A connection that reads with a watch, is told from another thread, and goes. */
struct reader {
    struct data_tree *tree;
    pthread_t thread;
    bool failed;
};

static void *read_and_leave(void *arg)
{
    struct reader *reader = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct recording_watcher watcher;
        struct zk_stat stat;
        int64_t zxid;
        struct ustring path = text_of(i % 2 == 0 ? "/" : "/a");
        recording_watcher_init(&watcher, i);
        enum keeper_code code =
            data_tree_stat_node(reader->tree, "/a", &watcher.watcher, &zxid, &stat);
        int r = data_tree_add_watch(reader->tree, &path, &watcher.watcher, i % 4 / 2);
        reader->failed |= code != KEEPER_CODE_OK || r < 0;
        data_tree_remove_cnxn(reader->tree, &watcher.watcher);
        recording_watcher_done(&watcher); /* nobody may touch it now */
    }
    return NULL;
}

static void connections_come_and_go_while_changes_are_told(void **state)
{
    struct stage *stage = *state;
    struct reader readers[READERS];
    play(stage, "create /a");
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.tree = stage->tree};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_and_leave, &readers[i]), 0);
    }
    for (int i = 0; i < ROUNDS; i++)
        play(stage, "set /a; create /a/k; delete /a/k");
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_false(readers[i].failed);
    }
    assert_int_equal(data_tree_get_watch_count(stage->tree), 0);
}

static enum keeper_code read_somehow(struct data_tree *tree, int way, int64_t *ret_zxid,
                                     struct zk_stat *ret_stat)
{
    struct buf *data = NULL;
    struct shared_acl *acl = NULL;
    struct data_tree_children children;
    const struct data_tree_query query = {.path = "/a"};
    enum keeper_code code;
    switch (way) {
    case 0:
        return data_tree_stat_node(tree, "/a", NULL, ret_zxid, ret_stat);
    case 1:
        code = data_tree_get_data(tree, &query, ret_zxid, ret_stat, &data);
        buf_unref(data);
        return code;
    case 2:
        code = data_tree_get_acl(tree, "/a", ret_zxid, ret_stat, &acl);
        shared_acl_unref(acl);
        return code;
    default:
        code = data_tree_get_children(tree, &query, ret_zxid, ret_stat, &children);
        if (code == KEEPER_CODE_OK)
            data_tree_children_done(&children);
        return code;
    }
}

/* Every transaction changes /a or its children. */
static void *read_with_the_zxid(void *arg)
{
    struct reader *reader = arg;
    for (int i = 0; i < 10 * ROUNDS; i++) {
        struct zk_stat stat = {0};
        int64_t zxid = -1;
        enum keeper_code code = read_somehow(reader->tree, i % 4, &zxid, &stat);
        int64_t last = stat.mzxid > stat.pzxid ? stat.mzxid : stat.pzxid;
        reader->failed |= code != KEEPER_CODE_OK || zxid != last;
    }
    return NULL;
}

static void what_is_read_is_of_the_zxid_that_comes_with_it(void **state)
{
    struct stage *stage = *state;
    struct reader reader = {.tree = stage->tree};
    play(stage, "create /a");
    assert_int_equal(pthread_create(&reader.thread, NULL, read_with_the_zxid, &reader), 0);
    for (int i = 0; i < ROUNDS; i++)
        play(stage, "set /a; create /a/k; delete /a/k");
    pthread_join(reader.thread, NULL);
    assert_false(reader.failed);

    struct zk_stat stat;
    int64_t zxid = -1;
    assert_int_equal(data_tree_stat_node(stage->tree, "/b", NULL, &zxid, &stat),
                     KEEPER_CODE_NONODE);
    assert_int_equal(zxid, data_tree_last_processed_zxid(stage->tree));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_up, stage_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_data_watch_hears_of_the_next_change_alone),
        STAGED(only_exists_leaves_a_watch_where_no_node_is),
        STAGED(a_deletion_is_told_once_and_the_parents_watch_once),
        STAGED(the_same_data_is_a_change_all_the_same),
        STAGED(a_multi_tells_of_each_of_its_operations_in_turn),
        STAGED(a_multi_that_failed_tells_nobody),
        STAGED(nodes_that_go_with_their_session_are_told),
        STAGED(a_container_that_is_reaped_is_told),
        STAGED(a_change_that_did_not_happen_tells_nobody),
        STAGED(the_root_is_watched_as_a_slash_and_never_as_nothing),
        STAGED(persistent_and_recursive_watches_hear_what_javas_hear),
        STAGED(watches_of_one_path_take_each_others_mode),
        STAGED(a_persistent_watch_without_its_children_hears_of_data),
        STAGED(a_mode_that_is_none_is_refused),
        STAGED(watches_are_checked_and_removed_by_their_type),
        STAGED(a_check_finds_anybodys_watch_and_a_recursive_one_at_its_path),
        STAGED(null_makes_the_check_and_the_removal_throw_as_in_java),
        STAGED(what_was_missed_is_told_in_the_order_of_the_lists),
        STAGED(what_has_not_changed_is_watched_again),
        STAGED(nulls_end_set_watches_where_they_stand),
        STAGED(texts_that_are_no_paths_are_gone_nodes_for_set_watches),
        STAGED(each_event_goes_with_the_list_of_its_node),
        STAGED(a_recursive_watch_is_filtered_by_the_list_of_each_node),
        STAGED(an_open_node_is_filtered_by_the_open_list),
        STAGED(watches_go_with_their_connection),
        STAGED(a_connection_with_thousands_of_watches_leaves_none),
        STAGED(the_summary_knows_the_watches_of_data_alone),
        STAGED(connections_come_and_go_while_changes_are_told),
        STAGED(what_is_read_is_of_the_zxid_that_comes_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
