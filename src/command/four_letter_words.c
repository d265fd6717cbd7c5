/* Four letters in, a text out. Java: server.command.FourLetterCommands, SrvrCommand (StatCommand),
 * MonitorCommand, ConfCommand, EnvCommand, IsroCommand, RuokCommand, TraceMaskCommand;
 * ZooKeeperServer.dumpMonitorValues(), dumpConf() */
#include "zk/command/four_letter_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/four_letter_words_internal.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"

/* Java: ZooTrace: requests of clients 2, packets 16, sessions 32, warnings 256. Nobody can set
 * another one yet. */
enum { TRACE_MASK = 306 };

/* Java: AbstractFourLetterCommand.ZK_NOT_SERVING */
static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests\n";

/* What a word needs. Who needs no status answers whatever locks the rest of the peer is waiting
 * for. */
enum need {
    NEEDS_NOTHING,
    NEEDS_STATUS,
    NEEDS_SERVING, /* and gets the line above while there is no leader */
};

struct word {
    const char *name;
    enum need need;
    void (*answer)(const struct four_letter_facts *facts, struct zk_context *ctx,
                   struct zk_str *str); /* NULL: Java knows it, this peer does not (D-41) */
};

static void answer_conf(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_envi(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_gtmk(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_isro(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_mntr(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_ruok(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_srvr(const struct four_letter_facts *, struct zk_context *, struct zk_str *);
static void answer_stat(const struct four_letter_facts *, struct zk_context *, struct zk_str *);

/* Java: FourLetterCommands.cmd2String */
static const struct word words[] = {
    {"conf", NEEDS_SERVING, answer_conf}, {"cons", NEEDS_SERVING, NULL},
    {"crst", NEEDS_SERVING, NULL},        {"dirs", NEEDS_SERVING, NULL},
    {"dump", NEEDS_SERVING, NULL},        {"envi", NEEDS_NOTHING, answer_envi},
    {"gtmk", NEEDS_NOTHING, answer_gtmk}, {"hash", NEEDS_SERVING, NULL},
    {"isro", NEEDS_STATUS, answer_isro},  {"mntr", NEEDS_SERVING, answer_mntr},
    {"ruok", NEEDS_NOTHING, answer_ruok}, {"srst", NEEDS_SERVING, NULL},
    {"srvr", NEEDS_SERVING, answer_srvr}, {"stat", NEEDS_SERVING, answer_stat},
    {"stmk", NEEDS_NOTHING, NULL},        {"wchc", NEEDS_SERVING, NULL},
    {"wchp", NEEDS_SERVING, NULL},        {"wchs", NEEDS_SERVING, NULL},
};

/* NULL: no such word. */
static const struct word *find_word(const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (memcmp(words[i].name, name, 4) == 0)
            return &words[i];
    }
    return NULL;
}

bool four_letter_words_is_known(const uint8_t *bytes)
{
    return find_word((const char *)bytes) != NULL;
}

/* Java splits the list once; ours each time, which is rarely. */
bool four_letter_words_is_enabled(const struct zk_context *ctx, const char *word)
{
    if (strcmp(word, "srvr") == 0)
        return true; /* zkServer.sh lives by it */
    const char *list = zk_settings_get(ctx, "zookeeper.4lw.commands.whitelist");
    if (!list)
        return false;
    struct zk_strings pieces;
    zk_split(list, ',', &pieces);
    bool enabled = false;
    for (size_t i = 0; i < pieces.count && !enabled; i++) {
        const char *piece = zk_trim(pieces.items[i]);
        enabled = strcmp(piece, "*") == 0 || strcmp(piece, word) == 0;
    }
    zk_strings_done(&pieces);
    return enabled;
}

/* NULL: outside the whitelist, or as good as. */
static const struct word *find_served_word(const struct zk_context *ctx, const char *name)
{
    const struct word *word = find_word(name);
    return word && word->answer && four_letter_words_is_enabled(ctx, name) ? word : NULL;
}

bool four_letter_words_needs_status(const struct zk_context *ctx, const char *word)
{
    const struct word *found = find_served_word(ctx, word);
    return found && found->need != NEEDS_NOTHING;
}

void four_letter_words_answer(struct zk_context *ctx, const char *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer)
{
    const struct word *found = find_served_word(ctx, word);
    if (!found)
        zk_str_printf(ret_answer, "%s is not executed because it is not in the whitelist.\n", word);
    else if (found->need == NEEDS_SERVING && !facts->status->serving)
        zk_str_append(ret_answer, NOT_SERVING);
    else
        found->answer(facts, ctx, ret_answer);
}

/* ---- the small ones ---- */

/* Java: RuokCommand */
static void answer_ruok(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)facts;
    (void)ctx;
    zk_str_append(str, "imok");
}

/* Java: IsroCommand. There is no read-only mode (D-7). */
static void answer_isro(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)ctx;
    zk_str_append(str, facts->status->serving ? "rw" : "null");
}

/* Java: TraceMaskCommand */
static void answer_gtmk(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)facts;
    (void)ctx;
    zk_str_printf(str, "%d", TRACE_MASK);
}

/* Java: EnvCommand. Java's system properties are our settings; those that nobody has set are left
 * out. */
static void answer_envi(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    static const char *const keys[] = {"host.name", "os.name",   "os.arch", "os.version",
                                       "user.name", "user.home", "user.dir"};
    (void)facts;
    zk_str_append(str, "Environment:\nzookeeper.version=" SERVER_FULL_VERSION "\n");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = zk_settings_get(ctx, keys[i]);
        if (value)
            zk_str_printf(str, "%s=%s\n", keys[i], value);
    }
}

/* ---- srvr and stat ---- */

/* Java: QuorumStats.Provider, ZooKeeperServer.getState() */
const char *server_status_mode(const struct server_status *status)
{
    switch (status->state) {
    case SERVER_STATE_LEADING:
        return "leader";
    case SERVER_STATE_FOLLOWING:
        return "follower";
    case SERVER_STATE_OBSERVING:
        return "observer";
    case SERVER_STATE_LOOKING:
        break;
    }
    return "leaderelection";
}

/* Java: ServerStats.toString() and what StatCommand puts behind it */
static void append_server_stats(const struct four_letter_facts *facts, struct zk_str *str)
{
    const struct server_status *status = facts->status;
    const struct server_stats_values *stats = &facts->stats;

    zk_str_printf(str, "Latency min/avg/max: %" PRId64 "/%s/%" PRId64 "\n",
                  stats->request_latency_ms.min,
                  avg_min_max_counter_get_avg(&stats->request_latency_ms).text,
                  stats->request_latency_ms.max);
    zk_str_printf(str, "Received: %" PRId64 "\n", stats->packets_received);
    zk_str_printf(str, "Sent: %" PRId64 "\n", stats->packets_sent);
    zk_str_printf(str, "Connections: %zu\n", facts->cnxn_count);
    zk_str_append(str, "Outstanding: 0\n"); /* requests: there are none before there are clients */
    zk_str_printf(str, "Zxid: 0x%" PRIx64 "\n", (uint64_t)status->last_processed_zxid);
    zk_str_printf(str, "Mode: %s\n", server_status_mode(status));
    zk_str_printf(str, "Node count: %" PRId64 "\n", status->node_count);
    if (status->state == SERVER_STATE_LEADING)
        zk_str_printf(str, "Proposal sizes last/min/max: %" PRId64 "/%" PRId64 "/%" PRId64 "\n",
                      status->last_proposal_size, status->min_proposal_size,
                      status->max_proposal_size);
}

/* Java: StatCommand for srvr */
static void answer_srvr(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)ctx;
    zk_str_append(str, "Zookeeper version: " SERVER_FULL_VERSION "\n");
    append_server_stats(facts, str);
}

/* Java: StatCommand for stat; ServerCnxn.dumpConnectionInfo(brief) */
static void answer_stat(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)ctx;
    zk_str_append(str, "Zookeeper version: " SERVER_FULL_VERSION "\nClients:\n");
    for (size_t i = 0; i < facts->cnxn_count; i++) {
        const struct cnxn_info *cnxn = &facts->cnxns[i];
        zk_str_printf(str,
                      " %s[%" PRId32 "](queued=%" PRId64 ",recved=%" PRId64 ",sent=%" PRId64 ")\n",
                      cnxn->remote, cnxn->interest_ops, cnxn->queued, cnxn->received, cnxn->sent);
    }
    zk_str_append(str, "\n");
    append_server_stats(facts, str);
}

/* ---- conf ---- */

/* The bytes of the files in a directory. Java: ZooKeeperServer.getDirSize(); ours does not descend,
 * for nothing lies deeper. */
static int64_t directory_size(const char *directory)
{
    struct zk_strings names = {0};
    int64_t sum = 0;
    if (file_list(directory, &names) < 0)
        return 0;
    for (size_t i = 0; i < names.count; i++) {
        struct zk_str path = {0};
        zk_str_printf(&path, "%s/%s", directory, names.items[i]);
        int64_t size = file_is_regular(zk_str_text(&path)) ? file_size(zk_str_text(&path)) : 0;
        sum += size > 0 ? size : 0; /* it may have gone */
        zk_str_done(&path);
    }
    zk_strings_done(&names);
    return sum;
}

/* dataDir, dataDirSize */
static void append_directory(struct zk_str *str, const char *key, const char *directory,
                             const char *size_key)
{
    char *path = file_canonical(directory);
    zk_str_printf(str, "%s=%s\n%s=%" PRId64 "\n", key, path, size_key, directory_size(directory));
    free(path);
}

/* The ports of one's own addresses, "|" between them. Java: QuorumZooKeeperServer.dumpConf() */
static void append_ports(struct zk_str *str, const char *key,
                         const struct multiple_addresses *addresses)
{
    zk_str_printf(str, "%s=", key);
    for (size_t i = 0; i < addresses->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || addresses->items[j].port == addresses->items[i].port;
        if (!seen)
            zk_str_printf(str, "%s%u", i > 0 ? "|" : "", (unsigned)addresses->items[i].port);
    }
    zk_str_append(str, "\n");
}

/* Java: ConfCommand, ZooKeeperServer.dumpConf(), QuorumZooKeeperServer.dumpConf(). No newline
 * at the end. */
static void answer_conf(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)ctx;
    const struct server_status *status = facts->status;
    const struct quorum_peer_config *config = status->config;
    zk_str_printf(str, "clientPort=%u\n", (unsigned)config->client_port_address.port);
    zk_str_append(str, "secureClientPort=-1\n");
    append_directory(str, "dataDir", status->snap_dir, "dataDirSize");
    append_directory(str, "dataLogDir", status->data_dir, "dataLogSize");
    zk_str_printf(str, "tickTime=%" PRId32 "\n", config->tick_time_ms);
    zk_str_printf(str, "maxClientCnxns=%" PRId32 "\n", config->max_client_cnxns);
    zk_str_printf(str, "minSessionTimeout=%" PRId32 "\n", status->min_session_timeout_ms);
    zk_str_printf(str, "maxSessionTimeout=%" PRId32 "\n", status->max_session_timeout_ms);
    zk_str_printf(str, "clientPortListenBacklog=%" PRId32 "\n", config->client_port_listen_backlog);
    zk_str_printf(str, "serverId=%" PRId64 "\n", config->my_id);
    zk_str_printf(str, "initLimit=%" PRId32 "\n", config->init_limit);
    zk_str_printf(str, "syncLimit=%" PRId32 "\n", config->sync_limit);
    zk_str_printf(str, "electionAlg=%" PRId32 "\n", config->election_alg);
    const struct quorum_server *self =
        config->quorum_verifier ? qv_member(config->quorum_verifier, config->my_id) : NULL;
    if (self) {
        append_ports(str, "electionPort", &self->election_addr);
        append_ports(str, "quorumPort", &self->addr);
    }
    zk_str_printf(str, "peerType=%d\n", (int)config->peer_type);
    zk_str_append(str, "membership: \n");
    if (status->membership)
        zk_str_append(str, status->membership);
}

/* ---- mntr ---- */

static void answer_mntr(const struct four_letter_facts *facts, struct zk_context *ctx,
                        struct zk_str *str)
{
    (void)ctx;
    four_letter_words_append_mntr(facts, str);
}
