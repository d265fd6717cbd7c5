/* The admin server's commands about watches. Java: server.admin.Commands, WatchesReport,
 * WatchesPathReport, WatchesSummary */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/commands.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* Writes a list for each heading, which is a path or a session. */
struct watch_writer {
    struct watch_visitor visitor; /* the first member */
    struct json_writer *json;
    bool by_path;
    bool in_list; /* a heading's list is open */
};

static void write_watches(struct command_call *call, const char *key, bool by_path);
static struct data_tree *tree_of_call(const struct command_call *call);
static void write_path(struct watch_visitor *visitor, const struct ustring *path);
static void write_session(struct watch_visitor *visitor, int64_t session_id);

/* Java: WatchCommand */
void command_run_watches(struct command_call *call)
{
    write_watches(call, "session_id_to_watched_paths", false);
}

/* Java: WatchesByPathCommand */
void command_run_watches_by_path(struct command_call *call)
{
    write_watches(call, "path_to_session_ids", true);
}

/* Java: WatchSummaryCommand */
void command_run_watch_summary(struct command_call *call)
{
    struct data_tree *tree = tree_of_call(call);
    struct watches_summary summary = data_tree_get_watches_summary(tree);
    data_tree_unref(tree);
    json_long(call->json, "num_connections", (int64_t)summary.num_connections);
    json_long(call->json, "num_paths", (int64_t)summary.num_paths);
    json_long(call->json, "num_total_watches", (int64_t)summary.total_watches);
}

static void write_watches(struct command_call *call, const char *key, bool by_path)
{
    struct watch_writer writer = {
        .visitor = {.path = write_path, .session = write_session},
        .json = call->json,
        .by_path = by_path,
    };
    struct data_tree *tree = tree_of_call(call);
    json_object_begin(call->json, key);
    data_tree_dump_watches(tree, by_path, &writer.visitor);
    if (writer.in_list)
        json_list_end(call->json);
    json_object_end(call->json);
    data_tree_unref(tree);
}

static struct data_tree *tree_of_call(const struct command_call *call)
{
    struct zookeeper_server *zk = call->facts->status->zk;
    return zk_database_get_data_tree(zookeeper_server_get_zk_database(zk));
}

static void write_heading(struct watch_writer *writer, const char *heading)
{
    if (writer->in_list)
        json_list_end(writer->json);
    json_list_begin(writer->json, heading);
    writer->in_list = true;
}

static void write_path(struct watch_visitor *visitor, const struct ustring *path)
{
    struct watch_writer *writer = (struct watch_writer *)visitor;
    struct zk_str text = {0};
    zk_str_append_bytes(&text, path->text != NULL ? path->text : "", path->length);
    if (writer->by_path)
        write_heading(writer, zk_str_text(&text));
    else
        json_text(writer->json, NULL, path->text != NULL ? zk_str_text(&text) : NULL);
    zk_str_done(&text);
}

static void write_session(struct watch_visitor *visitor, int64_t session_id)
{
    struct watch_writer *writer = (struct watch_writer *)visitor;
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, session_id);
    if (writer->by_path)
        json_long(writer->json, NULL, session_id);
    else
        write_heading(writer, text);
}
