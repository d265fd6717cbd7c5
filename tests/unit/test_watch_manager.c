/* Who is told, in which order, how often; what stays. Java: WatchManagerTest,
 * PathParentIteratorTest, WatcherModeManagerTest (RecursiveWatchQtyTest) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "recording_watcher.h"
#include "watch/path_parent_iterator.h"
#include "watch/watch_manager_internal.h"
#include "zk/jute/data.h"
#include "zk_test.h"

/* ---- a stage --------------------------------------------------------------------------------- */

enum { WATCHERS = 3 };

struct stage {
    struct watch_manager *manager;
    struct recording_watcher w[WATCHERS];
};

static struct stage *stage_new(void)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->manager = watch_manager_new(7);
    for (int i = 0; i < WATCHERS; i++)
        recording_watcher_init(&stage->w[i], 100 + i);
    return stage;
}

static void stage_done(struct stage *stage)
{
    watch_manager_free(stage->manager);
    for (int i = 0; i < WATCHERS; i++)
        recording_watcher_done(&stage->w[i]);
    free(stage);
}

static struct ustring text_of(const char *path)
{
    return (struct ustring){.text = (char *)path, .length = path != NULL ? strlen(path) : 0};
}

static int try_add(struct stage *stage, int watcher, const char *path, enum watcher_mode mode)
{
    struct ustring text = text_of(path);
    return watch_manager_add_watch(stage->manager, &text, &stage->w[watcher].watcher, mode);
}

static void add(struct stage *stage, int watcher, const char *path, enum watcher_mode mode)
{
    assert_int_equal(try_add(stage, watcher, path, mode), 0);
}

static void trigger(struct stage *stage, enum watcher_event_type type, const char *path)
{
    watch_manager_trigger_watch(stage->manager, path, type, NULL, NULL, NULL);
}

static bool contains(struct stage *stage, const char *path)
{
    struct ustring text = text_of(path);
    bool contains;
    assert_int_equal(watch_manager_contains_watcher(stage->manager, &text, &contains), 0);
    return contains;
}

static bool remove_one(struct stage *stage, int watcher, const char *path)
{
    struct ustring text = text_of(path);
    bool removed;
    assert_int_equal(
        watch_manager_remove_watch(stage->manager, &text, &stage->w[watcher].watcher, &removed), 0);
    return removed;
}

static void assert_summary(const struct stage *stage, size_t connections, size_t paths,
                           size_t watches)
{
    struct watches_summary summary = watch_manager_get_watches_summary(stage->manager);
    assert_int_equal(summary.num_connections, connections);
    assert_int_equal(summary.num_paths, paths);
    assert_int_equal(summary.total_watches, watches);
    assert_int_equal(watch_manager_size(stage->manager), watches);
}

#define STANDARD   WATCHER_MODE_STANDARD
#define PERSISTENT WATCHER_MODE_PERSISTENT
#define RECURSIVE  WATCHER_MODE_PERSISTENT_RECURSIVE

#define CREATED  WATCHER_EVENT_NODE_CREATED
#define DELETED  WATCHER_EVENT_NODE_DELETED
#define CHANGED  WATCHER_EVENT_NODE_DATA_CHANGED
#define CHILDREN WATCHER_EVENT_NODE_CHILDREN_CHANGED

/* ---- paths and those above them -------------------------------------------------------------- */

static void assert_iterates(struct path_parent_iterator iterator, const char *expected)
{
    struct zk_str paths = {0};
    const char *path = iterator.path;
    while (path_parent_iterator_has_next(&iterator)) {
        size_t length;
        if (!path_parent_iterator_next(&iterator, &length)) {
            zk_str_append(&paths, "throws");
            break;
        }
        zk_str_append_bytes(&paths, path, length);
        zk_str_append(&paths, path_parent_iterator_at_parent_path(&iterator) ? "^ " : " ");
    }
    assert_string_equal(zk_str_text(&paths), expected);
    zk_str_done(&paths);
}

static void an_iterator_goes_from_a_path_up_to_the_root(void **state)
{
    (void)state;
    assert_iterates(path_parent_iterator_for_all("/a/bb/c", 7), "/a/bb/c /a/bb^ /a^ /^ ");
    assert_iterates(path_parent_iterator_for_all("/a", 2), "/a /^ ");
    assert_iterates(path_parent_iterator_for_all("/", 1), "/ ");
    assert_iterates(path_parent_iterator_for_all("", 0), "");
    assert_iterates(path_parent_iterator_for_path_only("/a/bb/c", 7), "/a/bb/c ");
    assert_iterates(path_parent_iterator_for_path_only("/", 1), "/ ");
}

static void an_iterator_throws_where_no_slash_is_left(void **state)
{
    (void)state;
    assert_iterates(path_parent_iterator_for_all("abc", 3), "throws");
    assert_iterates(path_parent_iterator_for_all("a/b", 3), "a/b throws");
    assert_iterates(path_parent_iterator_for_path_only("abc", 3), "throws");
    assert_iterates(path_parent_iterator_for_all("//", 2), "// /^ ");
}

/* ---- adding and telling ---------------------------------------------------------------------- */

static void a_standard_watch_is_told_once(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", STANDARD);
    add(stage, 0, "/a", STANDARD); /* the same watch */
    assert_summary(stage, 1, 1, 1);
    trigger(stage, CHANGED, "/b");
    assert_told(&stage->w[0], "");
    trigger(stage, CHANGED, "/a");
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[0], "3 /a");
    assert_summary(stage, 1, 0, 0); /* the connection still counts, as in Java */
    stage_done(stage);
}

static void watchers_of_a_path_are_told_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    struct watcher_set told = {0};
    add(stage, 2, "/a", STANDARD);
    add(stage, 0, "/a", PERSISTENT);
    add(stage, 1, "/a", STANDARD);
    add(stage, 2, "/a", STANDARD); /* it keeps its place */
    watch_manager_trigger_watch(stage->manager, "/a", CHANGED, NULL, NULL, &told);
    assert_int_equal(told.count, 3);
    assert_ptr_equal(told.items[0], &stage->w[2].watcher);
    assert_ptr_equal(told.items[1], &stage->w[0].watcher);
    assert_ptr_equal(told.items[2], &stage->w[1].watcher);
    watcher_set_done(&told);
    stage_done(stage);
}

static void a_persistent_watch_is_told_each_time_and_of_its_path_alone(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", PERSISTENT);
    trigger(stage, CREATED, "/a");
    trigger(stage, CHILDREN, "/a");
    trigger(stage, CREATED, "/a/k");
    trigger(stage, DELETED, "/a");
    assert_told(&stage->w[0], "1 /a, 4 /a, 2 /a");
    stage_done(stage);
}

static void a_recursive_watch_is_told_of_all_below_and_not_of_type_4(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", RECURSIVE);
    trigger(stage, CREATED, "/a");
    trigger(stage, CHILDREN, "/a");
    trigger(stage, CREATED, "/a/k/l");
    trigger(stage, CREATED, "/ab");
    trigger(stage, DELETED, "/a/k/l");
    assert_told(&stage->w[0], "1 /a, 1 /a/k/l, 2 /a/k/l");
    stage_done(stage);
}

static void a_recursive_watch_on_the_root_is_told_of_everything(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/", RECURSIVE);
    trigger(stage, CHANGED, "/");
    trigger(stage, CHANGED, "/a/b/c");
    assert_told(&stage->w[0], "3 /, 3 /a/b/c");
    stage_done(stage);
}

static void a_watcher_is_told_once_even_if_two_of_its_watches_meet(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/", RECURSIVE);
    add(stage, 0, "/a", RECURSIVE);
    add(stage, 0, "/a/k", STANDARD);
    trigger(stage, CHANGED, "/a/k");
    trigger(stage, CHANGED, "/a/k");
    assert_told(&stage->w[0], "3 /a/k, 3 /a/k");
    assert_summary(stage, 1, 2, 2); /* the standard one was used up by the first */
    stage_done(stage);
}

static void standard_and_persistent_watches_above_a_path_are_not_told_and_stay(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", STANDARD);
    add(stage, 1, "/a", PERSISTENT);
    add(stage, 2, "/a", RECURSIVE);
    trigger(stage, CHANGED, "/a/k");
    assert_told(&stage->w[0], "");
    assert_told(&stage->w[1], "");
    assert_told(&stage->w[2], "3 /a/k");
    assert_summary(stage, 3, 1, 3);
    stage_done(stage);
}

static void those_who_are_suppressed_are_not_told_and_lose_their_watch(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    struct watcher_set suppress = {0};
    add(stage, 0, "/a", STANDARD);
    watch_manager_trigger_watch(stage->manager, "/a", DELETED, NULL, NULL, &suppress);
    assert_told(&stage->w[0], "2 /a");

    add(stage, 0, "/a", STANDARD);
    add(stage, 1, "/a", STANDARD);
    watch_manager_trigger_watch(stage->manager, "/a", DELETED, NULL, &suppress, NULL);
    assert_told(&stage->w[0], "");
    assert_told(&stage->w[1], "2 /a");
    assert_summary(stage, 2, 0, 0);

    add(stage, 0, "/a", STANDARD); /* and the next time it is told again */
    trigger(stage, DELETED, "/a");
    assert_told(&stage->w[0], "2 /a");
    watcher_set_done(&suppress);
    stage_done(stage);
}

static void the_acl_goes_to_the_watcher(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_READ, "digest", "a:b");
    add(stage, 0, "/a", PERSISTENT);
    watch_manager_trigger_watch(stage->manager, "/a", CHANGED, &acl, NULL, NULL);
    assert_string_equal(stage->w[0].acl, "digest");
    trigger(stage, CHANGED, "/a");
    assert_string_equal(stage->w[0].acl, "no");
    jute_done(&zk_acl_list_record, &acl);
    stage_done(stage);
}

/* ---- modes ----------------------------------------------------------------------------------- */

static void the_mode_that_was_set_last_is_the_mode(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", PERSISTENT);
    add(stage, 0, "/a", STANDARD);
    trigger(stage, CHANGED, "/a");
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[0], "3 /a");

    add(stage, 1, "/a", RECURSIVE);
    add(stage, 1, "/a", PERSISTENT);
    trigger(stage, CHILDREN, "/a");
    trigger(stage, CREATED, "/a/k");
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[1], "4 /a, 3 /a");

    add(stage, 1, "/a", RECURSIVE);
    trigger(stage, CREATED, "/a/k");
    assert_told(&stage->w[1], "1 /a/k");
    stage_done(stage);
}

static void recursive_watches_are_counted_whichever_way_they_go(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    assert_int_equal(watch_manager_get_recursive_watch_qty(stage->manager), 0);
    add(stage, 0, "/a", RECURSIVE);
    add(stage, 0, "/a", RECURSIVE);
    add(stage, 1, "/a", RECURSIVE);
    add(stage, 2, "/b", RECURSIVE);
    assert_int_equal(watch_manager_get_recursive_watch_qty(stage->manager), 3);
    add(stage, 0, "/a", PERSISTENT);
    assert_int_equal(watch_manager_get_recursive_watch_qty(stage->manager), 2);
    assert_true(remove_one(stage, 1, "/a"));
    assert_int_equal(watch_manager_get_recursive_watch_qty(stage->manager), 1);
    assert_true(watch_manager_remove_watcher(stage->manager, &stage->w[2].watcher, SIZE_MAX));
    assert_int_equal(watch_manager_get_recursive_watch_qty(stage->manager), 0);
    stage_done(stage);
}

/* ---- asking and removing --------------------------------------------------------------------- */

static void anybodys_watch_of_the_very_path_is_contained(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", RECURSIVE);
    add(stage, 1, "/b/c", STANDARD);
    assert_true(contains(stage, "/a"));
    assert_true(contains(stage, "/b/c"));
    assert_false(contains(stage, "/a/k")); /* not what is below a recursive one */
    assert_false(contains(stage, "/b"));
    assert_false(contains(stage, "/"));
    stage_done(stage);
}

static void texts_that_are_no_paths_may_be_watched_but_not_asked_for(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    bool answer;
    struct ustring abc = text_of("abc");
    struct ustring above = text_of("a/b");
    struct ustring null = {0};
    add(stage, 0, "abc", PERSISTENT);
    add(stage, 0, "", PERSISTENT);
    assert_int_equal(watch_manager_contains_watcher(stage->manager, &abc, &answer), -EINVAL);
    assert_int_equal(watch_manager_contains_watcher(stage->manager, &null, &answer), -EINVAL);
    assert_false(contains(stage, "")); /* Java's iterator has nothing to look at */
    assert_false(contains(stage, "a/b"));
    add(stage, 0, "/r", RECURSIVE); /* from now on it looks above a/b, too */
    assert_int_equal(watch_manager_contains_watcher(stage->manager, &above, &answer), -EINVAL);
    assert_true(remove_one(stage, 0, "abc"));
    assert_true(remove_one(stage, 0, ""));
    assert_summary(stage, 1, 1, 1);
    stage_done(stage);
}

/* K-221 */
static void null_is_watched_once_and_throws_from_then_on(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    struct ustring null = {0};
    bool removed;
    struct watch_manager *manager = stage->manager;
    struct watcher *watcher = &stage->w[0].watcher;
    assert_int_equal(watch_manager_remove_watch(manager, &null, watcher, &removed), 0);
    assert_false(removed);
    assert_int_equal(try_add(stage, 0, NULL, PERSISTENT), 0);
    assert_int_equal(try_add(stage, 0, NULL, PERSISTENT), -EINVAL);
    assert_int_equal(try_add(stage, 1, NULL, RECURSIVE), 0); /* another watcher's is its own */
    add(stage, 0, "", PERSISTENT);                           /* nor is it the empty text */
    assert_summary(stage, 2, 2, 3);
    assert_int_equal(watch_manager_remove_watch(manager, &null, watcher, &removed), -EINVAL);
    assert_summary(stage, 2, 2, 2);
    assert_int_equal(watch_manager_remove_watch(manager, &null, watcher, &removed), 0);
    assert_false(removed);
    assert_int_equal(try_add(stage, 0, NULL, PERSISTENT), -EINVAL);
    assert_true(watch_manager_remove_watcher(manager, watcher, SIZE_MAX));
    assert_summary(stage, 1, 1, 1);
    stage_done(stage);
}

static void a_path_with_a_zero_byte_is_another_path(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    char bytes[] = "/a\0b";
    struct ustring text = {.text = bytes, .length = 4};
    bool removed;
    assert_int_equal(
        watch_manager_add_watch(stage->manager, &text, &stage->w[0].watcher, PERSISTENT), 0);
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[0], "");
    assert_false(remove_one(stage, 0, "/a"));
    assert_int_equal(
        watch_manager_remove_watch(stage->manager, &text, &stage->w[0].watcher, &removed), 0);
    assert_true(removed);
    stage_done(stage);
}

static void removing_takes_the_watchers_own_watch_whatever_its_mode(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", STANDARD);
    add(stage, 1, "/a", RECURSIVE);
    assert_false(remove_one(stage, 2, "/a"));
    assert_false(remove_one(stage, 1, "/a/k"));
    assert_true(remove_one(stage, 1, "/a"));
    assert_false(remove_one(stage, 1, "/a"));
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[0], "3 /a");
    assert_told(&stage->w[1], "");
    assert_summary(stage, 2, 0, 0);
    stage_done(stage);
}

static void a_watcher_that_goes_takes_its_watches_with_it(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    add(stage, 0, "/a", STANDARD);
    add(stage, 1, "/a", STANDARD);
    add(stage, 0, "/b", PERSISTENT);
    assert_true(watch_manager_remove_watcher(stage->manager, &stage->w[0].watcher, SIZE_MAX));
    assert_true(watch_manager_remove_watcher(stage->manager, &stage->w[2].watcher,
                                             SIZE_MAX)); /* it never came */
    assert_summary(stage, 1, 1, 1);
    trigger(stage, CHANGED, "/a");
    trigger(stage, CHANGED, "/b");
    assert_told(&stage->w[0], "");
    assert_told(&stage->w[1], "3 /a");
    stage_done(stage);
}

static void many_watches_of_a_watcher_go_in_portions(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    struct watcher *watcher = &stage->w[0].watcher;
    add(stage, 0, "/a", STANDARD);
    add(stage, 0, "/b", RECURSIVE);
    add(stage, 0, "/c", STANDARD);
    assert_false(watch_manager_remove_watcher(stage->manager, watcher, 2));
    assert_summary(stage, 1, 1, 1);
    assert_true(watch_manager_remove_watcher(stage->manager, watcher, 2));
    assert_summary(stage, 0, 0, 0);
    stage_done(stage);
}

static void a_stale_watcher_gets_no_watch(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    stage->w[0].is_stale = true;
    add(stage, 0, "/a", STANDARD);
    assert_summary(stage, 0, 0, 0);
    trigger(stage, CHANGED, "/a");
    assert_told(&stage->w[0], "");
    stage_done(stage);
}

/* ---- dumps ----------------------------------------------------------------------------------- */

struct writing_visitor {
    struct watch_visitor visitor;
    struct zk_str text;
};

static void write_path(struct watch_visitor *visitor, const struct ustring *path)
{
    zk_str_printf(&((struct writing_visitor *)visitor)->text, "%s ",
                  path->text != NULL ? path->text : "null");
}

static void write_session(struct watch_visitor *visitor, int64_t session_id)
{
    zk_str_printf(&((struct writing_visitor *)visitor)->text, "%d ", (int)session_id);
}

static void assert_dump(const struct stage *stage, bool by_path, const char *expected)
{
    struct writing_visitor writing = {.visitor = {.path = write_path, .session = write_session}};
    watch_manager_dump_watches(stage->manager, by_path, &writing.visitor);
    assert_string_equal(zk_str_text(&writing.text), expected);
    zk_str_done(&writing.text);
}

static void dumps_name_the_sessions_of_a_path_and_the_paths_of_a_session(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    assert_dump(stage, true, "");
    add(stage, 1, "/a", STANDARD);
    add(stage, 0, "/a", PERSISTENT);
    assert_dump(stage, true, "/a 101 100 ");
    add(stage, 1, "/b", STANDARD);
    add(stage, 1, NULL, PERSISTENT);
    add(stage, 2, "/c", STANDARD);
    trigger(stage, CHANGED, "/c");
    assert_dump(stage, false, "101 /a /b null 100 /a 102 ");
    stage_done(stage);
}

/* ---- against a model ------------------------------------------------------------------------- */

/* What Java's maps hold, in the plainest way: a row for each watch, in the order in which they
 * came. */
enum { MODEL_PATHS = 12, MODEL_WATCHERS = 5, MODEL_STEPS = 300, MODEL_HISTORIES = 300 };

static const char *const model_paths[MODEL_PATHS] = {
    "/", "/a", "/a/b", "/a/b/c", "/a/b/d", "/a/c", "/ab", "/b", "/b/b", "/b/b/b", "", "x",
};

struct model_row {
    int path;
    int watcher;
    enum watcher_mode mode;
};

struct model {
    struct model_row rows[MODEL_PATHS * MODEL_WATCHERS];
    size_t count;
    bool is_known[MODEL_WATCHERS];
};

static size_t model_find(const struct model *model, int path, int watcher)
{
    size_t i = 0;
    while (i < model->count && (model->rows[i].path != path || model->rows[i].watcher != watcher))
        i++;
    return i;
}

static void model_drop(struct model *model, size_t row)
{
    memmove(&model->rows[row], &model->rows[row + 1],
            (--model->count - row) * sizeof model->rows[0]);
}

static bool model_is_above(const char *above, const char *path)
{
    size_t length = strlen(above);
    return strcmp(above, path) != 0 && strncmp(above, path, length) == 0 && length > 0 &&
           (strcmp(above, "/") == 0 || path[length] == '/');
}

/* Marks in told what triggerWatch would tell, and drops the standard watches. */
static void model_trigger(struct model *model, int path, enum watcher_event_type type, bool *told)
{
    for (size_t i = 0; i < model->count;) {
        struct model_row row = model->rows[i];
        bool here = row.path == path;
        bool above = model_is_above(model_paths[row.path], model_paths[path]);
        if (row.mode == RECURSIVE)
            told[row.watcher] |= (here || above) && type != CHILDREN;
        else
            told[row.watcher] |= here;
        if (here && row.mode == STANDARD)
            model_drop(model, i);
        else
            i++;
    }
}

struct history {
    struct watch_manager *manager;
    struct recording_watcher w[MODEL_WATCHERS];
    struct model model;
    uint32_t random;
};

static int draw(struct history *history, int below)
{
    history->random = history->random * 1664525 + 1013904223;
    return (int)((history->random >> 8) % (uint32_t)below);
}

static void history_add(struct history *history, int path, int watcher)
{
    enum watcher_mode mode = (enum watcher_mode)draw(history, 3);
    struct model *model = &history->model;
    struct ustring text = text_of(model_paths[path]);
    size_t row = model_find(model, path, watcher);
    assert_int_equal(
        watch_manager_add_watch(history->manager, &text, &history->w[watcher].watcher, mode), 0);
    if (row == model->count)
        model->rows[model->count++] = (struct model_row){.path = path, .watcher = watcher};
    model->rows[row].mode = mode;
    model->is_known[watcher] = true;
}

static void history_remove(struct history *history, int path, int watcher)
{
    struct ustring text = text_of(model_paths[path]);
    size_t row = model_find(&history->model, path, watcher);
    bool removed;
    assert_int_equal(
        watch_manager_remove_watch(history->manager, &text, &history->w[watcher].watcher, &removed),
        0);
    assert_int_equal(removed, row < history->model.count);
    if (removed)
        model_drop(&history->model, row);
}

static void history_remove_watcher(struct history *history, int watcher)
{
    assert_true(
        watch_manager_remove_watcher(history->manager, &history->w[watcher].watcher, SIZE_MAX));
    history->model.is_known[watcher] = false;
    for (size_t i = 0; i < history->model.count;)
        if (history->model.rows[i].watcher == watcher)
            model_drop(&history->model, i);
        else
            i++;
}

static void history_trigger(struct history *history, int path)
{
    enum watcher_event_type type = (enum watcher_event_type)(1 + draw(history, 4));
    bool told[MODEL_WATCHERS] = {false};
    model_trigger(&history->model, path, type, told);
    watch_manager_trigger_watch(history->manager, model_paths[path], type, NULL, NULL, NULL);
    for (int i = 0; i < MODEL_WATCHERS; i++) {
        char event[32] = "";
        if (told[i])
            zk_text_printf(event, sizeof event, "%d %s", (int)type, model_paths[path]);
        assert_told(&history->w[i], event);
    }
}

static void assert_like_the_model(struct history *history)
{
    const struct model *model = &history->model;
    size_t known = 0;
    size_t recursive = 0;
    for (int i = 0; i < MODEL_WATCHERS; i++)
        known += model->is_known[i];
    for (size_t i = 0; i < model->count; i++)
        recursive += model->rows[i].mode == RECURSIVE;
    struct watches_summary summary = watch_manager_get_watches_summary(history->manager);
    assert_int_equal(summary.total_watches, model->count);
    assert_int_equal(summary.num_connections, known);
    assert_int_equal(watch_manager_get_recursive_watch_qty(history->manager), recursive);
    size_t paths = 0;
    for (int path = 0; path < MODEL_PATHS; path++) {
        bool is_watched = false;
        for (int watcher = 0; watcher < MODEL_WATCHERS; watcher++)
            is_watched |= model_find(model, path, watcher) < model->count;
        paths += is_watched;
        if (model_paths[path][0] != '/')
            continue;
        struct ustring text = text_of(model_paths[path]);
        bool contains;
        assert_int_equal(watch_manager_contains_watcher(history->manager, &text, &contains), 0);
        assert_int_equal(contains, is_watched);
    }
    assert_int_equal(summary.num_paths, paths);
}

static void random_histories_are_those_of_a_plain_model(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= MODEL_HISTORIES; seed++) {
        struct history history = {.manager = watch_manager_new(seed), .random = seed};
        for (int i = 0; i < MODEL_WATCHERS; i++)
            recording_watcher_init(&history.w[i], i);
        for (int step = 0; step < MODEL_STEPS; step++) {
            int path = draw(&history, MODEL_PATHS);
            int watcher = draw(&history, MODEL_WATCHERS);
            int what = draw(&history, 100);
            if (what < 55)
                history_add(&history, path, watcher);
            else if (what < 70)
                history_remove(&history, path, watcher);
            else if (what < 73)
                history_remove_watcher(&history, watcher);
            else if (model_paths[path][0] == '/')
                history_trigger(&history, path);
            assert_like_the_model(&history);
        }
        watch_manager_free(history.manager);
        for (int i = 0; i < MODEL_WATCHERS; i++)
            recording_watcher_done(&history.w[i]);
    }
}

/* ---- many ------------------------------------------------------------------------------------ */

enum { MANY = 20000, FEW = 50 };

static void path_number(char *path, size_t size, int number)
{
    zk_text_printf(path, size, "/app/of/many/%07d", number);
}

/* Two watchers share all paths, so watches of the one that goes lie between those that stay. */
static void memory_comes_back_when_many_watches_go(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    const struct watch_store *store = &stage->manager->store;
    char path[32];
    for (int i = 0; i < MANY; i++) {
        path_number(path, sizeof path, i);
        add(stage, i % 2, path, STANDARD);
        add(stage, 2, path, STANDARD);
    }
    assert_summary(stage, 3, MANY, 2 * MANY);
    for (int i = 0; i < MANY; i++) {
        path_number(path, sizeof path, i);
        if (i % FEW != 0)
            assert_true(remove_one(stage, 2, path));
    }
    assert_true(watch_manager_remove_watcher(stage->manager, &stage->w[0].watcher, SIZE_MAX));
    assert_true(watch_manager_remove_watcher(stage->manager, &stage->w[1].watcher, SIZE_MAX));
    assert_summary(stage, 1, MANY / FEW, MANY / FEW);
    assert_in_range(store->path_room, 1, 16 * MANY / FEW);
    assert_in_range(store->pair_room, 1, 16 * MANY / FEW);
    assert_in_range(store->chunk_count, 1, MANY / FEW / 256 + 2);
    for (int i = 0; i < MANY; i += FEW) {
        path_number(path, sizeof path, i);
        trigger(stage, CHANGED, path);
    }
    assert_summary(stage, 1, 0, 0);
    stage_done(stage);
}

/* What the tables and records of so many watches take, without what malloc keeps for itself. */
static size_t bytes_of(const struct watch_store *store)
{
    size_t bytes =
        store->path_room * sizeof *store->paths + store->pair_room * sizeof *store->pairs;
    bytes += (size_t)store->chunk_count * 256 * sizeof(struct watch);
    for (size_t i = 0; i < store->path_room; i++)
        if (store->paths[i] != NULL)
            bytes += sizeof *store->paths[i] + store->paths[i]->length + 1;
    return bytes;
}

/* The worst case: each path has one watcher, and the tables have just been doubled. */
static void a_watch_takes_at_most_150_bytes_and_its_paths_text_is_there_once(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    const struct watch_store *store = &stage->manager->store;
    enum { WATCHES = 24577, MALLOC = 16 }; /* three quarters of 2^15, and one */
    char path[32];
    for (int i = 0; i < WATCHES; i++) {
        path_number(path, sizeof path, i);
        add(stage, 0, path, STANDARD);
    }
    assert_in_range(bytes_of(store) / WATCHES, 60, 150 - MALLOC);
    size_t before = bytes_of(store);
    for (int i = 0; i < WATCHES; i++) {
        path_number(path, sizeof path, i);
        add(stage, 1, path, STANDARD);
    }
    assert_in_range((bytes_of(store) - before) / WATCHES, 40, 60);
    stage_done(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_iterator_goes_from_a_path_up_to_the_root),
        cmocka_unit_test(an_iterator_throws_where_no_slash_is_left),
        cmocka_unit_test(a_standard_watch_is_told_once),
        cmocka_unit_test(watchers_of_a_path_are_told_in_the_order_in_which_they_came),
        cmocka_unit_test(a_persistent_watch_is_told_each_time_and_of_its_path_alone),
        cmocka_unit_test(a_recursive_watch_is_told_of_all_below_and_not_of_type_4),
        cmocka_unit_test(a_recursive_watch_on_the_root_is_told_of_everything),
        cmocka_unit_test(a_watcher_is_told_once_even_if_two_of_its_watches_meet),
        cmocka_unit_test(standard_and_persistent_watches_above_a_path_are_not_told_and_stay),
        cmocka_unit_test(those_who_are_suppressed_are_not_told_and_lose_their_watch),
        cmocka_unit_test(the_acl_goes_to_the_watcher),
        cmocka_unit_test(the_mode_that_was_set_last_is_the_mode),
        cmocka_unit_test(recursive_watches_are_counted_whichever_way_they_go),
        cmocka_unit_test(anybodys_watch_of_the_very_path_is_contained),
        cmocka_unit_test(texts_that_are_no_paths_may_be_watched_but_not_asked_for),
        cmocka_unit_test(null_is_watched_once_and_throws_from_then_on),
        cmocka_unit_test(a_path_with_a_zero_byte_is_another_path),
        cmocka_unit_test(removing_takes_the_watchers_own_watch_whatever_its_mode),
        cmocka_unit_test(a_watcher_that_goes_takes_its_watches_with_it),
        cmocka_unit_test(many_watches_of_a_watcher_go_in_portions),
        cmocka_unit_test(a_stale_watcher_gets_no_watch),
        cmocka_unit_test(dumps_name_the_sessions_of_a_path_and_the_paths_of_a_session),
        cmocka_unit_test(random_histories_are_those_of_a_plain_model),
        cmocka_unit_test(memory_comes_back_when_many_watches_go),
        cmocka_unit_test(a_watch_takes_at_most_150_bytes_and_its_paths_text_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
