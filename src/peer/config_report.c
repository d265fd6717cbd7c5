/* The answer to --check-config: what a start would find. It reads what the start would read, in the
 * same order, and says in words what follows from it. It writes nothing. */
#include "zk/peer/config_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/persistence/util.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/settings.h"
#include "zk/server/exit_code.h"

/* In bytes: the step in which a transaction log grows, unless preAllocSize is set. */
enum { LITTLE_ROOM = 64 << 20 };

/* dataLogDir has the transaction log; dataDir has the rest, and the log where there is no other. */
enum data_directory { DATA_DIR, DATA_LOG_DIR };

/* Files with a zxid in their names. */
struct kind_of_file {
    const char *what;
    bool (*is_name)(const char *name, int64_t *ret_zxid);
    int (*check)(const char *path); /* whether one is whole; NULL: nobody knows before it is read */
};

static const struct kind_of_file SNAPSHOT = {"snapshot", file_snap_is_name, file_snap_check_valid};
static const struct kind_of_file LOG = {"transaction log", file_txn_log_is_name, NULL};

static void report_this_server(const struct quorum_peer_config *config, struct zk_str *report);
static void report_ensemble(struct zk_context *ctx, const struct quorum_peer_config *config,
                            struct zk_str *report);
static void report_quorums(const struct quorum_verifier *qv, struct zk_str *report);
static void report_times(const struct quorum_peer_config *config, struct zk_str *report);
static int report_directories(struct zk_context *ctx, const struct quorum_peer_config *config,
                              int64_t (*free_bytes)(const char *path), struct zk_str *report);
static void report_warnings(const struct quorum_peer_config *config, struct zk_str *report);
static bool has_untrusted_emptiness(struct zk_context *ctx,
                                    const struct quorum_peer_config *config);
static void report_untrusted_emptiness(const struct quorum_peer_config *config,
                                       struct zk_str *report);
static int report_verdict(const struct quorum_peer_config *config, int directories,
                          bool is_untrusted, struct zk_str *report);

int config_report(struct zk_context *ctx, const struct quorum_peer_config *config,
                  int64_t (*free_bytes)(const char *path), struct zk_str *report)
{
    bool is_untrusted = has_untrusted_emptiness(ctx, config);
    report_this_server(config, report);
    if (config->distributed) {
        report_ensemble(ctx, config, report);
        report_quorums(config->quorum_verifier, report);
    }
    report_times(config, report);
    int directories = report_directories(ctx, config, free_bytes, report);
    if (is_untrusted && directories == 0)
        report_untrusted_emptiness(config, report);
    report_warnings(config, report);
    return report_verdict(config, directories, is_untrusted, report);
}

/* The last sentence, and the exit code that goes with it. directories: that of the directories. */
static int report_verdict(const struct quorum_peer_config *config, int directories,
                          bool is_untrusted, struct zk_str *report)
{
    if (config->distributed && qv_member(config->quorum_verifier, config->my_id) == NULL) {
        zk_str_printf(report,
                      "A start would end: no line server.%" PRId64
                      " is in the list. Correct myid, or "
                      "add the line.\n",
                      config->my_id);
        return EXIT_CODE_INVALID_INVOCATION;
    }
    if (config->has_mistake) {
        zk_str_append(report, "Correct what the warnings name: nobody can have meant it.\n");
        return EXIT_CODE_INVALID_INVOCATION;
    }
    if (directories != 0) {
        zk_str_append(report, directories == EXIT_CODE_UNABLE_TO_ACCESS_DATADIR
                                  ? "A start would end: the directory cannot be used.\n"
                                  : "A start would end: a file in the directory cannot be used.\n");
        return directories;
    }
    if (!config->distributed && config->admin_address_is_unknown) {
        zk_str_append(report,
                      "A start would end: no admin server can listen at admin.serverAddress.\n");
        return EXIT_CODE_ERROR_STARTING_ADMIN_SERVER;
    }
    if (is_untrusted)
        zk_str_append(report, config->distributed
                                  ? "A start would wait for a leader that has data.\n"
                                  : "A start would serve nobody.\n");
    else
        zk_str_printf(report, "%s is fine%s.\n", config->config_file,
                      config->warnings.count > 0 ? ", but for the warnings" : "");
    return 0;
}

/* ---- this server ---------------------------------------------------------------------------- */

static const char *role_of(const struct quorum_peer_config *config)
{
    const struct quorum_verifier *qv = config->quorum_verifier;
    if (qv_member(qv, config->my_id) == NULL)
        return "in no list: it cannot start";
    if (!qv_is_voter(qv, config->my_id))
        return "an observer: it follows the leader, and has no vote";
    if (qv_get_weight(qv, config->my_id) == 0)
        return "a voter of weight 0: it follows the leader, and can neither decide nor lead";
    return "a voter: it elects, follows or leads";
}

static void report_this_server(const struct quorum_peer_config *config, struct zk_str *report)
{
    if (config->distributed)
        zk_str_printf(report, "This server is server.%" PRId64 " (%s/myid), %s.\n", config->my_id,
                      config->data_dir, role_of(config));
    else
        zk_str_append(report, "This server is alone: it elects nobody, and what it acknowledges is "
                              "on one disk only.\n");
    if (config->has_client_port)
        zk_str_printf(report, "It listens to clients at %s.\n",
                      inet_host_port_text(&config->client_port_address).text);
    else
        zk_str_append(report, "It does not listen to clients: there is no clientPort.\n");
    if (config->distributed && config->quorum_listen_on_all_ips)
        zk_str_append(report, "It listens to other servers at all addresses of this machine.\n");
}

/* ---- the ensemble --------------------------------------------------------------------------- */

/* An address is of this machine if one can listen there, at a port that the system chooses. */
static bool is_local(struct zk_context *ctx, const struct inet_address *address)
{
    struct inet_address any_port = *address;
    struct sock *sock = NULL;
    any_port.port = 0;
    if (address->family == INET_UNRESOLVED || sock_listen(ctx, &any_port, 1, &sock) < 0)
        return false;
    sock_unref(sock);
    return true;
}

static const char *where_it_is(struct zk_context *ctx, const struct inet_address *address)
{
    if (address->family == INET_UNRESOLVED)
        return "its name is not known here now";
    if (inet_address_is_wildcard(address))
        return "any address of the machine that reads it";
    return is_local(ctx, address) ? "this machine" : "another machine";
}

static void report_member(struct zk_context *ctx, const struct quorum_peer_config *config,
                          const struct quorum_server *server, struct zk_str *report)
{
    bool mine = server->id == config->my_id;
    zk_str_printf(report, "  server.%" PRId64 "%s, %s\n", server->id, mine ? " (this one)" : "",
                  server->type == LEARNER_TYPE_OBSERVER ? "an observer" : "a voter");
    for (size_t i = 0; i < server->addr.count; i++)
        zk_str_printf(report, "    quorum port    %s (%s)\n",
                      inet_text(&server->addr.items[i]).text,
                      where_it_is(ctx, &server->addr.items[i]));
    for (size_t i = 0; i < server->election_addr.count; i++)
        zk_str_printf(report, "    election port  %s (%s)\n",
                      inet_text(&server->election_addr.items[i]).text,
                      where_it_is(ctx, &server->election_addr.items[i]));
    bool elsewhere = mine && !config->quorum_listen_on_all_ips;
    for (size_t i = 0; elsewhere && i < server->election_addr.count; i++)
        elsewhere = !is_local(ctx, &server->election_addr.items[i]);
    if (elsewhere)
        zk_str_append(report,
                      "    None of these addresses is of this machine: nobody could reach it. "
                      "If a router stands between, set quorumListenOnAllIPs=true.\n");
}

static void report_ensemble(struct zk_context *ctx, const struct quorum_peer_config *config,
                            struct zk_str *report)
{
    const struct quorum_verifier *qv = config->quorum_verifier;
    zk_str_printf(report, "The ensemble, version 0x%" PRIx64 " of its configuration, from %s:\n",
                  (uint64_t)qv->version,
                  config->dynamic_config_file != NULL ? config->dynamic_config_file
                                                      : config->config_file);
    for (size_t i = 0; i < qv->member_count; i++)
        report_member(ctx, config, &qv->members[i], report);
}

static void report_quorums(const struct quorum_verifier *qv, struct zk_str *report)
{
    size_t voters = qv->voting.count;
    size_t quorum = voters / 2 + 1;
    zk_str_printf(report, "It has %zu voter%s and %zu observer%s.\n", voters,
                  voters == 1 ? "" : "s", qv->observing.count, qv->observing.count == 1 ? "" : "s");
    if (qv->kind == QUORUM_HIERARCHICAL) {
        zk_str_append(report, "A quorum is more than half of the weight in more than half of the "
                              "groups:\n");
        for (size_t i = 0; i < qv->group_count; i++)
            zk_str_printf(report, "  group.%" PRId64 ": %zu server%s, weight %" PRId64 "%s\n",
                          qv->groups[i].id, qv->groups[i].members.count,
                          qv->groups[i].members.count == 1 ? "" : "s", qv->groups[i].weight,
                          qv->groups[i].weight == 0 ? ", which does not count" : "");
        return;
    }
    if (voters > 0)
        zk_str_printf(report, "%zu voter%s are a quorum: %zu may fail%s.\n", quorum,
                      quorum == 1 ? "" : "s", voters - quorum,
                      voters % 2 == 0 ? ", as with one voter less" : "");
    if (qv->kind == QUORUM_ORACLE_MAJ)
        zk_str_printf(report, "If one of two voters is gone, the oracle %s decides.\n",
                      qv->oracle_path);
}

/* ---- times ---------------------------------------------------------------------------------- */

static void report_times(const struct quorum_peer_config *config, struct zk_str *report)
{
    const int64_t tick_ms = config->tick_time_ms;
    zk_str_printf(report, "A tick is %" PRId64 " ms. ", tick_ms);
    if (config->distributed)
        zk_str_printf(report,
                      "A server has %" PRId64 " ms (initLimit, %" PRId32
                      " ticks) to connect and get in step;\n"
                      "one that is silent for %" PRId64 " ms (syncLimit, %" PRId32
                      " ticks) is given up. ",
                      tick_ms * config->init_limit, config->init_limit,
                      tick_ms * config->sync_limit, config->sync_limit);
    zk_str_printf(report, "Sessions last %" PRId32 " to %" PRId32 " ms.\n",
                  config->min_session_timeout_ms, config->max_session_timeout_ms);
}

/* ---- directories ---------------------------------------------------------------------------- */

/* Returns whether a start of a member goes on with these files (quorum_peer_load_database). One
 * that is not there it makes. */
static bool report_epochs(const char *directory, struct zk_str *report)
{
    static const char *const names[] = {CURRENT_EPOCH_FILENAME, ACCEPTED_EPOCH_FILENAME};
    int64_t epochs[] = {INT64_MIN, INT64_MAX};
    bool are_good = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zk_str text = {0};
        char *path = util_path_join(directory, names[i]);
        int r = file_read_at_once(path, EPOCH_FILE_LIMIT, &text);
        bool is_good = true;
        if (r == -ENOENT)
            zk_str_printf(report, "  %s: not there yet\n", names[i]);
        else if (r < 0)
            zk_str_printf(report, "  %s: cannot be read: %s\n", names[i], zk_error_text(r).text);
        else
            is_good = zk_str_parse_first_line(&text, &epochs[i]);
        if (r == 0 && is_good)
            zk_str_printf(report, "  %s: %" PRId64 "\n", names[i], epochs[i]);
        else if (r == 0)
            zk_str_printf(report, "  %s: \"%s\" is not a number\n", names[i], zk_str_text(&text));
        are_good = are_good && is_good && (r == 0 || r == -ENOENT);
        zk_str_done(&text);
        free(path);
    }
    if (epochs[0] <= epochs[1])
        return are_good;
    zk_str_append(report, "  the accepted epoch is below the current one: one of these two files "
                          "was changed or lost\n");
    return false;
}

/* Returns an error if a start could not read the file. */
static int check_readable(const char *path, int64_t *ret_size)
{
    int fd;
    int r = file_regular_size(path, ret_size);
    if (r == 0)
        r = file_open_read(path, &fd);
    if (r == 0)
        file_close(fd);
    return r;
}

/* Returns whether a start can read it; then it may be damaged all the same. */
static bool report_newest(const char *directory, const struct kind_of_file *kind, size_t count,
                          const char *newest, struct zk_str *report)
{
    char *path = util_path_join(directory, newest);
    int64_t size = 0;
    const char *flaw = "";
    int r = check_readable(path, &size);
    if (r < 0)
        flaw = ", which cannot be read";
    else if (kind->check != NULL && kind->check(path) < 0)
        flaw = ", which is damaged or was not written to its end";
    zk_str_printf(report, "  %ss: %zu, the newest is %s (%" PRId64 " bytes)%s\n", kind->what, count,
                  newest, size, flaw);
    free(path);
    return r == 0;
}

/* Returns whether a start may find that file to be whole. */
static bool may_be_whole(const char *directory, const struct kind_of_file *kind, const char *name)
{
    if (kind->check == NULL)
        return true;
    char *path = util_path_join(directory, name);
    int r = kind->check(path);
    free(path);
    return r == 0;
}

/* Tells the newest file of a kind, and how many there are. Returns an error if the directory cannot
 * be listed, and 1 if a start would end for these files. */
static int report_files(const char *directory, const struct kind_of_file *kind,
                        struct zk_str *report)
{
    struct zk_strings names = {0};
    const char *newest = NULL;
    int64_t newest_zxid = INT64_MIN;
    size_t count = 0;
    size_t whole = 0;
    int r = file_list(directory, &names);
    if (r < 0) {
        zk_str_printf(report, "  %ss: %s cannot be listed: %s\n", kind->what, directory,
                      zk_error_text(r).text);
        return r;
    }
    for (size_t i = 0; i < names.count; i++) {
        int64_t zxid;
        if (!kind->is_name(names.items[i], &zxid))
            continue;
        count++;
        if (may_be_whole(directory, kind, names.items[i]))
            whole++;
        if (zxid >= newest_zxid) {
            newest_zxid = zxid;
            newest = names.items[i];
        }
    }
    bool are_good = true;
    if (newest == NULL)
        zk_str_printf(report, "  %ss: none\n", kind->what);
    else
        are_good = report_newest(directory, kind, count, newest, report) && whole > 0;
    if (newest != NULL && whole == 0)
        zk_str_printf(report, "  none of them is whole\n");
    zk_strings_done(&names);
    return are_good ? 0 : 1;
}

static void report_room(const char *path, int64_t (*free_bytes)(const char *path),
                        struct zk_str *report)
{
    int64_t bytes = free_bytes(path);
    if (bytes < 0)
        return;
    zk_str_printf(report, "  free: %" PRId64 " MiB\n", bytes / (1024 * 1024));
    if (bytes < LITTLE_ROOM)
        zk_str_append(report,
                      "  that is little, and a server that cannot write its log or a snapshot ends:"
                      " make room\n");
}

/* The directory is there, and so is what this server has written into it before. Returns an error
 * if a start could not read it, and 1 if a start would end for one of the files. */
static int report_content(const struct quorum_peer_config *config, enum data_directory which,
                          const char *content, struct zk_str *report)
{
    int lock = -1;
    if (file_lock_directory(content, &lock) == -EWOULDBLOCK)
        zk_str_append(report, "  a peer is running on it now\n");
    if (lock >= 0)
        file_close(lock);
    bool are_good = true;
    if (which == DATA_DIR) {
        bool has_good_epochs = report_epochs(content, report);
        are_good = has_good_epochs || !config->distributed; /* a server alone has no epochs */
        if (report_files(content, &SNAPSHOT, report) > 0)   /* the next one meets the same error */
            are_good = false;
    }
    int r = report_files(content, &LOG, report);
    return r == 0 && !are_good ? 1 : r;
}

/* Returns whether a directory can be listed and has no files of the other kind, as a start asks for
 * if snapshots and logs have directories of their own.
 * Java: FileTxnSnapLog.checkLogDir(), FileTxnSnapLog.checkSnapDir() */
static bool report_foreign(const char *content, const char *foreign, struct zk_str *report)
{
    struct zk_strings names = {0};
    size_t length = strlen(foreign);
    int r = file_list(content, &names);
    bool has_some = false;
    for (size_t i = 0; i < names.count && !has_some; i++) {
        has_some = strncmp(names.items[i], foreign, length) == 0 && names.items[i][length] == '.';
        if (has_some)
            zk_str_printf(report,
                          "  %s/%s does not belong there: are dataDir and dataLogDir right?\n",
                          content, names.items[i]);
    }
    zk_strings_done(&names);
    return r == -ENOENT || (r == 0 && !has_some);
}

/* Returns whether something has the name of the directory that is none: a file, a pipe, a link that
 * leads nowhere. */
static bool is_in_the_way(const char *content)
{
    int64_t size;
    int r = file_regular_size(content, &size);
    return r == 0 || r == -EINVAL || (r == -ENOENT && !file_is_gone(content));
}

/* Returns the name of what is in the way of a directory or of one above it, which the caller frees.
 * NULL: nothing is. */
static char *find_in_the_way(const char *content)
{
    char *path = zk_xstrdup(content);
    while (!is_in_the_way(path)) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            free(path);
            return NULL;
        }
        *slash = '\0';
    }
    return path;
}

/* Returns 0 if a start can use the directory or make it, and otherwise the exit code with which it
 * would end. Java: FileTxnSnapLog() */
static int report_directory(struct zk_context *ctx, const struct quorum_peer_config *config,
                            enum data_directory which, int64_t (*free_bytes)(const char *path),
                            struct zk_str *report)
{
    const char *path = which == DATA_DIR ? config->data_dir : config->data_log_dir;
    char *content = util_path_join(path, VERSION_DIRECTORY);
    bool has_content = file_is_directory(content);
    const char *used = has_content ? content : path;
    bool made = zk_settings_get_boolean(ctx, "zookeeper.datadir.autocreate", true);
    char *in_the_way = find_in_the_way(content);
    int r = in_the_way != NULL ? -ENOTDIR : file_directory_writable(used);
    zk_str_printf(report, "%s is %s.\n", which == DATA_DIR ? "dataDir" : "dataLogDir", path);
    report_room(path, free_bytes, report);
    if (r == -ENOENT && made) {
        zk_str_append(report, "  it is not there; a start makes it\n");
        r = 0;
    } else if (in_the_way != NULL) {
        zk_str_printf(report, "  %s is not a directory\n", in_the_way);
    } else if (r < 0) {
        zk_str_printf(report, "  %s cannot be written: %s\n", used, zk_error_text(r).text);
    } else if (has_content) {
        r = report_content(config, which, content, report);
    } else if (made) {
        zk_str_append(report, "  this server has written nothing into it yet\n");
    } else {
        zk_str_printf(report,
                      "  %s is not there, and zookeeper.datadir.autocreate=false: make it\n",
                      content);
        r = -ENOENT;
    }
    free(in_the_way);
    free(content);
    return r < 0 ? EXIT_CODE_UNABLE_TO_ACCESS_DATADIR : r == 0 ? 0 : EXIT_CODE_UNEXPECTED_ERROR;
}

static int report_directories(struct zk_context *ctx, const struct quorum_peer_config *config,
                              int64_t (*free_bytes)(const char *path), struct zk_str *report)
{
    int code = report_directory(ctx, config, DATA_DIR, free_bytes, report);
    if (strcmp(config->data_dir, config->data_log_dir) == 0)
        return code;
    char *data = util_path_join(config->data_dir, VERSION_DIRECTORY);
    char *logs = util_path_join(config->data_log_dir, VERSION_DIRECTORY);
    if (code != EXIT_CODE_UNABLE_TO_ACCESS_DATADIR &&
        !report_foreign(data, LOG_FILE_PREFIX, report))
        code = EXIT_CODE_UNABLE_TO_ACCESS_DATADIR;
    int log_code = report_directory(ctx, config, DATA_LOG_DIR, free_bytes, report);
    if (log_code != EXIT_CODE_UNABLE_TO_ACCESS_DATADIR &&
        !report_foreign(logs, SNAPSHOT_FILE_PREFIX, report))
        log_code = EXIT_CODE_UNABLE_TO_ACCESS_DATADIR;
    free(logs);
    free(data);
    /* A start opens both directories before it reads a file of either. */
    return code == EXIT_CODE_UNABLE_TO_ACCESS_DATADIR || log_code == 0 ? code : log_code;
}

/* ---- a database that is not trusted ---------------------------------------------------------- */

/* Returns whether a directory has a file of this kind. A snapshot of zxid -1, which is that of
 * nothing, does not count: a start does not take it for one. */
static bool has_file(const char *directory, const struct kind_of_file *kind)
{
    struct zk_strings names = {0};
    char *content = util_path_join(directory, VERSION_DIRECTORY);
    bool found = false;
    if (file_list(content, &names) == 0) {
        for (size_t i = 0; i < names.count && !found; i++) {
            int64_t zxid;
            found = kind->is_name(names.items[i], &zxid) && zxid != -1;
        }
        zk_strings_done(&names);
    }
    free(content);
    return found;
}

/* Returns whether a start finds nothing, and must not take that for an empty database.
 * Java: FileTxnSnapLog.restore(), trustEmptyDB */
static bool has_untrusted_emptiness(struct zk_context *ctx, const struct quorum_peer_config *config)
{
    char *initialize = util_path_join(config->data_log_dir, "initialize");
    bool trusted =
        zk_settings_get_boolean(ctx, "zookeeper.db.autocreate", true) || file_exists(initialize);
    free(initialize);
    return !trusted && !has_file(config->data_dir, &SNAPSHOT) &&
           !has_file(config->data_log_dir, &LOG);
}

static void report_untrusted_emptiness(const struct quorum_peer_config *config,
                                       struct zk_str *report)
{
    if (config->distributed)
        zk_str_printf(report,
                      "There is no data, and db.autocreate=false: this server takes no part in an "
                      "election (K-6),\nand learns everything from a leader. For the first start "
                      "of a new ensemble put an empty file\n%s/initialize on each server.\n",
                      config->data_log_dir);
    else
        zk_str_printf(report,
                      "There is no data, and db.autocreate=false: this server would refuse every "
                      "client.\nPut an empty file %s/initialize, or remove db.autocreate=false.\n",
                      config->data_log_dir);
}

/* ---- warnings ------------------------------------------------------------------------------- */

static void report_warnings(const struct quorum_peer_config *config, struct zk_str *report)
{
    const struct zk_strings *warnings = &config->warnings;
    if (warnings->count > 0)
        zk_str_append(report, "Warnings:\n");
    for (size_t i = 0; i < warnings->count; i++)
        zk_str_printf(report, "  %s\n", warnings->items[i]);
}
