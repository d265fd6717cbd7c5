/* What words and the admin server both have to find out. Java: ZooKeeperServer.getDirSize(),
 * DataTree.getEphemerals() */
#include "command/command_facts.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/util.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

int64_t command_directory_size(const char *directory)
{
    struct zk_strings names = {0};
    int64_t sum = 0;
    if (file_list(directory, &names) < 0)
        return 0;
    for (size_t i = 0; i < names.count; i++) {
        struct zk_str path = {0};
        zk_str_printf(&path, "%s/%s", directory, names.items[i]);
        int64_t size = file_is_regular(zk_str_text(&path)) ? file_size(zk_str_text(&path)) : 0;
        sum += size > 0 ? size : 0; /* the file may be gone since it was listed */
        zk_str_done(&path);
    }
    zk_strings_done(&names);
    return sum;
}

bool command_last_snapshot(const char *directory, int64_t *ret_zxid, int64_t *ret_modified_ms)
{
    struct zk_strings names = {0};
    const char *newest = NULL;
    if (file_list(directory, &names) < 0)
        return false;
    for (size_t i = 0; i < names.count; i++) {
        int64_t zxid;
        if (!file_snap_is_name(names.items[i], &zxid) || (newest != NULL && zxid <= *ret_zxid))
            continue;
        newest = names.items[i];
        *ret_zxid = zxid;
    }
    bool found = newest != NULL;
    if (found) {
        char *path = util_path_join(directory, newest);
        found = file_modified_ms(path, ret_modified_ms) == 0;
        free(path);
    }
    zk_strings_done(&names);
    return found;
}

/* A session whose nodes have gone since the list was made is left out. */
struct session_ephemerals *command_ephemerals(struct zookeeper_server *zk, size_t *ret_count)
{
    struct data_tree *tree = zk_database_get_data_tree(zookeeper_server_get_zk_database(zk));
    struct long_set sessions = {0};
    data_tree_get_sessions(tree, &sessions);
    struct session_ephemerals *list = zk_xcalloc(sessions.count + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < sessions.count; i++) {
        list[count].session_id = sessions.items[i];
        data_tree_get_ephemerals(tree, sessions.items[i], &list[count].paths);
        count += list[count].paths.count > 0;
    }
    long_set_done(&sessions);
    data_tree_unref(tree);
    *ret_count = count;
    return list;
}

void session_ephemerals_free(struct session_ephemerals *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zk_strings_done(&sessions[i].paths);
    free(sessions);
}
