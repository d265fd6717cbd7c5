/* wchs, wchc and wchp: who watches what. Java: WatchCommand, DataTree.dumpWatchesSummary(),
 * dumpWatches() */
#include <inttypes.h>

#include "command/four_letter_words_internal.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* Prints paths and sessions, one a line; those below a heading stand behind a tab. */
struct watch_printer {
    struct watch_visitor visitor; /* the first member */
    const char *before_path;
    const char *before_session;
    struct zk_str *str;
};

static void print_path(struct watch_visitor *visitor, const struct ustring *path)
{
    const struct watch_printer *printer = (struct watch_printer *)visitor;
    zk_str_append(printer->str, printer->before_path);
    if (path->text == NULL)
        zk_str_append(printer->str, "null");
    else
        zk_str_append_bytes(printer->str, path->text, path->length);
    zk_str_append(printer->str, "\n");
}

static void print_session(struct watch_visitor *visitor, int64_t session_id)
{
    const struct watch_printer *printer = (struct watch_printer *)visitor;
    zk_str_printf(printer->str, "%s0x%" PRIx64 "\n", printer->before_session, (uint64_t)session_id);
}

static struct data_tree *tree_of_server(const struct four_letter_facts *facts)
{
    return zk_database_get_data_tree(zookeeper_server_get_zk_database(facts->status->zk));
}

void four_letter_words_append_watches(const struct four_letter_facts *facts, bool by_path,
                                      struct zk_str *str)
{
    struct watch_printer printer = {
        .visitor = {.path = print_path, .session = print_session},
        .before_path = by_path ? "" : "\t",
        .before_session = by_path ? "\t" : "",
        .str = str,
    };
    struct data_tree *tree = tree_of_server(facts);
    data_tree_dump_watches(tree, by_path, &printer.visitor);
    data_tree_unref(tree);
    zk_str_append(str, "\n");
}

/* Only watches of data are counted, as in Java. */
void four_letter_words_append_wchs(const struct four_letter_facts *facts, struct zk_str *str)
{
    struct data_tree *tree = tree_of_server(facts);
    struct watches_summary summary = data_tree_get_watches_summary(tree);
    data_tree_unref(tree);
    zk_str_printf(str, "%zu connections watching %zu paths\nTotal watches:%zu\n",
                  summary.num_connections, summary.num_paths, summary.total_watches);
}
