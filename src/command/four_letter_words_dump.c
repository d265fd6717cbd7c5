/* dump, hash and dirs: sessions and their nodes, digests, sizes on disk. Java: DumpCommand,
 * DigestCommand, DirsCommand */
#include <inttypes.h>
#include <stdlib.h>

#include "command/command_facts.h"
#include "command/four_letter_words_internal.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

static void append_sessions(struct zookeeper_server *zk, struct zk_str *str)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(zk);
    if (tracker == NULL)
        return;
    struct session_timeouts sessions = {0};
    zk_database_sessions(zookeeper_server_get_zk_database(zk), &sessions);
    session_tracker_dump_sessions(tracker, &sessions, str);
    session_timeouts_done(&sessions);
}

/* Java: DataTree.dumpEphemerals() */
static void append_ephemerals(struct zookeeper_server *zk, struct zk_str *str)
{
    size_t count;
    struct session_ephemerals *sessions = command_ephemerals(zk, &count);
    zk_str_printf(str, "Sessions with Ephemerals (%zu):\n", count);
    for (size_t i = 0; i < count; i++) {
        zk_str_printf(str, "0x%" PRIx64 ":\n", (uint64_t)sessions[i].session_id);
        for (size_t j = 0; j < sessions[i].paths.count; j++)
            zk_str_printf(str, "\t%s\n", sessions[i].paths.items[j]);
    }
    session_ephemerals_free(sessions, count);
}

/* Java: DumpCommand */
void four_letter_words_append_dump(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "SessionTracker dump:\n");
    append_sessions(facts->status->zk, str);
    zk_str_append(str, "ephemeral nodes dump:\n");
    append_ephemerals(facts->status->zk, str);
    zk_str_append(str, "Connections dump:\n");
    facts->cnxns->dump(facts->cnxns->arg, str);
}

/* Java: DigestCommand */
void four_letter_words_append_hash(const struct four_letter_facts *facts, struct zk_str *str)
{
    struct zk_database *database = zookeeper_server_get_zk_database(facts->status->zk);
    struct data_tree *tree = zk_database_get_data_tree(database);
    size_t count;
    struct zxid_digest *digests = data_tree_get_digest_log(tree, &count);
    for (size_t i = 0; i < count; i++)
        zk_str_printf(str, "%" PRIx64 ": %" PRId64 "\n", (uint64_t)digests[i].zxid,
                      digests[i].digest);
    free(digests);
    data_tree_unref(tree);
}

/* Java: DirsCommand. It takes the size of the one directory for that of the other (K-180). */
void four_letter_words_append_dirs(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_printf(str, "datadir_size: %" PRId64 "\n",
                  command_directory_size(facts->status->data_dir));
    zk_str_printf(str, "logdir_size: %" PRId64 "\n",
                  command_directory_size(facts->status->snap_dir));
}
