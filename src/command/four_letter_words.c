/* Four letters in, a text out. Java: server.command.FourLetterCommands, SrvrCommand (StatCommand),
 * MonitorCommand, ConfCommand, EnvCommand, IsroCommand, RuokCommand, TraceMaskCommand;
 * ZooKeeperServer.dumpMonitorValues(), dumpConf() */
#include "zk/command/four_letter_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/four_letter_words_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"

/* Java: ZooTrace: requests of clients 2, packets 16, sessions 32, warnings 256. It cannot be
 * changed before stmk is built. */
enum { TRACE_MASK = 306 };

/* Java: AbstractFourLetterCommand.ZK_NOT_SERVING */
static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests\n";

/* Java: FourLetterCommands.cmd2String */
enum word_id {
    WORD_CONF,
    WORD_CONS,
    WORD_CRST,
    WORD_DIRS,
    WORD_DUMP,
    WORD_ENVI,
    WORD_GTMK,
    WORD_HASH,
    WORD_ISRO,
    WORD_MNTR,
    WORD_RUOK,
    WORD_SRST,
    WORD_SRVR,
    WORD_STAT,
    WORD_STMK,
    WORD_WCHC,
    WORD_WCHP,
    WORD_WCHS,
    WORDS,
};

/* What a word needs to be answered. */
enum need {
    NEEDS_NOTHING,
    NEEDS_STATUS,
    NEEDS_SERVING, /* a leader; without one the answer is NOT_SERVING */
    NOT_BUILT,     /* Java knows it, this peer does not (D-41) */
};

static const struct {
    const char *name;
    enum need need;
} KNOWN[WORDS] = {
    [WORD_CONF] = {"conf", NEEDS_SERVING}, [WORD_CONS] = {"cons", NOT_BUILT},
    [WORD_CRST] = {"crst", NOT_BUILT},     [WORD_DIRS] = {"dirs", NOT_BUILT},
    [WORD_DUMP] = {"dump", NOT_BUILT},     [WORD_ENVI] = {"envi", NEEDS_NOTHING},
    [WORD_GTMK] = {"gtmk", NEEDS_NOTHING}, [WORD_HASH] = {"hash", NOT_BUILT},
    [WORD_ISRO] = {"isro", NEEDS_STATUS},  [WORD_MNTR] = {"mntr", NEEDS_SERVING},
    [WORD_RUOK] = {"ruok", NEEDS_NOTHING}, [WORD_SRST] = {"srst", NOT_BUILT},
    [WORD_SRVR] = {"srvr", NEEDS_SERVING}, [WORD_STAT] = {"stat", NEEDS_SERVING},
    [WORD_STMK] = {"stmk", NOT_BUILT},     [WORD_WCHC] = {"wchc", NOT_BUILT},
    [WORD_WCHP] = {"wchp", NOT_BUILT},     [WORD_WCHS] = {"wchs", NOT_BUILT},
};

struct four_letter_words {
    struct zk_context *ctx;
    struct four_letter_word words[WORDS];
};

static bool is_in_whitelist(const struct zk_strings *whitelist, const char *name);
static void append_envi(struct zk_context *ctx, struct zk_str *str);
static void append_srvr(const struct four_letter_facts *facts, struct zk_str *str);
static void append_stat(const struct four_letter_facts *facts, struct zk_str *str);
static void append_conf(const struct server_status *status, struct zk_str *str);
static void append_not_built(const char *name, struct zk_str *str);

struct four_letter_words *four_letter_words_new(struct zk_context *ctx)
{
    struct four_letter_words *words = zk_xcalloc(1, sizeof *words);
    const char *setting = zk_settings_get(ctx, "zookeeper.4lw.commands.whitelist");
    struct zk_strings whitelist;
    zk_split(setting == NULL ? "" : setting, ',', &whitelist);
    words->ctx = ctx;
    for (size_t i = 0; i < WORDS; i++) {
        struct four_letter_word *word = &words->words[i];
        word->name = KNOWN[i].name;
        /* zkServer.sh asks with srvr, so that is always allowed. */
        word->is_enabled = i == WORD_SRVR || is_in_whitelist(&whitelist, word->name);
        word->needs_status =
            word->is_enabled && KNOWN[i].need != NEEDS_NOTHING && KNOWN[i].need != NOT_BUILT;
    }
    zk_strings_done(&whitelist);
    return words;
}

void four_letter_words_free(struct four_letter_words *words)
{
    free(words);
}

static bool is_in_whitelist(const struct zk_strings *whitelist, const char *name)
{
    for (size_t i = 0; i < whitelist->count; i++) {
        const char *piece = zk_trim(whitelist->items[i]);
        if (strcmp(piece, "*") == 0 || strcmp(piece, name) == 0)
            return true;
    }
    return false;
}

const struct four_letter_word *four_letter_words_find(const struct four_letter_words *words,
                                                      const uint8_t *bytes)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (memcmp(words->words[i].name, bytes, FOUR_LETTERS) == 0)
            return &words->words[i];
    }
    return NULL;
}

/* Java: CommandExecutor.execute() */
void four_letter_words_answer(const struct four_letter_words *words,
                              const struct four_letter_word *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer)
{
    enum word_id id = (enum word_id)(word - words->words);
    if (!word->is_enabled) {
        zk_str_printf(ret_answer, "%s is not executed because it is not in the whitelist.\n",
                      word->name);
        return;
    }
    if (KNOWN[id].need == NEEDS_SERVING && !facts->status->serving) {
        zk_str_append(ret_answer, NOT_SERVING);
        return;
    }
    switch (id) {
    case WORD_CONF:
        append_conf(facts->status, ret_answer);
        return;
    case WORD_ENVI:
        append_envi(words->ctx, ret_answer);
        return;
    case WORD_GTMK:
        zk_str_printf(ret_answer, "%d", TRACE_MASK);
        return;
    case WORD_ISRO: /* there is no read-only mode (D-7) */
        zk_str_append(ret_answer, facts->status->serving ? "rw" : "null");
        return;
    case WORD_MNTR:
        four_letter_words_append_mntr(facts, ret_answer);
        return;
    case WORD_RUOK:
        zk_str_append(ret_answer, "imok");
        return;
    case WORD_SRVR:
        append_srvr(facts, ret_answer);
        return;
    case WORD_STAT:
        append_stat(facts, ret_answer);
        return;
    case WORD_CONS:
    case WORD_CRST:
    case WORD_DIRS:
    case WORD_DUMP:
    case WORD_HASH:
    case WORD_SRST:
    case WORD_STMK:
    case WORD_WCHC:
    case WORD_WCHP:
    case WORD_WCHS:
    case WORDS:
        append_not_built(word->name, ret_answer);
        return;
    }
}

static void append_not_built(const char *name, struct zk_str *str)
{
    zk_str_printf(str, "%s is not built yet: zkpeer answers", name);
    for (size_t i = 0; i < WORDS; i++) {
        if (KNOWN[i].need != NOT_BUILT)
            zk_str_printf(str, " %s", KNOWN[i].name);
    }
    zk_str_append(str, ". Ask a Java server for the others.\n");
}

/* Java's system properties are our settings; those that nobody has set are left out.
 * Java: EnvCommand */
static void append_envi(struct zk_context *ctx, struct zk_str *str)
{
    static const char *const keys[] = {"host.name", "os.name",   "os.arch", "os.version",
                                       "user.name", "user.home", "user.dir"};
    zk_str_append(str, "Environment:\nzookeeper.version=" SERVER_FULL_VERSION "\n");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = zk_settings_get(ctx, keys[i]);
        if (value != NULL)
            zk_str_printf(str, "%s=%s\n", keys[i], value);
    }
}

/* ---- srvr and stat -------------------------------------------------------------------------- */

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
    zk_str_printf(str, "Outstanding: %" PRId64 "\n", status->outstanding_requests);
    zk_str_printf(str, "Zxid: 0x%" PRIx64 "\n", (uint64_t)status->last_processed_zxid);
    zk_str_printf(str, "Mode: %s\n", status->server_state);
    zk_str_printf(str, "Node count: %" PRId64 "\n", status->node_count);
    if (status->state == SERVER_STATE_LEADING)
        zk_str_printf(str, "Proposal sizes last/min/max: %" PRId64 "/%" PRId64 "/%" PRId64 "\n",
                      status->leader.last_proposal_size, status->leader.min_proposal_size,
                      status->leader.max_proposal_size);
}

/* Java: StatCommand for srvr */
static void append_srvr(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "Zookeeper version: " SERVER_FULL_VERSION "\n");
    append_server_stats(facts, str);
}

/* Java: StatCommand for stat; ServerCnxn.dumpConnectionInfo(brief) */
static void append_stat(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "Zookeeper version: " SERVER_FULL_VERSION "\nClients:\n");
    for (size_t i = 0; i < facts->cnxn_count; i++) {
        const struct cnxn_info *cnxn = &facts->cnxns[i];
        zk_str_printf(
            str, " %s[%" PRId32 "](queued=%" PRId64 ",recved=%" PRId64 ",sent=%" PRId64 ")\n",
            cnxn->remote.text, cnxn->interest_ops, cnxn->queued, cnxn->received, cnxn->sent);
    }
    zk_str_append(str, "\n");
    append_server_stats(facts, str);
}

/* ---- conf ----------------------------------------------------------------------------------- */

/* Returns the bytes of the files in a directory. It does not descend as Java's does, because no
 * files lie deeper. Java: ZooKeeperServer.getDirSize() */
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
        sum += size > 0 ? size : 0; /* the file may be gone since it was listed */
        zk_str_done(&path);
    }
    zk_strings_done(&names);
    return sum;
}

/* Appends two lines, such as dataDir and dataDirSize. */
static void append_directory(struct zk_str *str, const char *key, const char *directory,
                             const char *size_key)
{
    char *path = file_canonical(directory);
    zk_str_printf(str, "%s=%s\n%s=%" PRId64 "\n", key, path, size_key, directory_size(directory));
    free(path);
}

/* Appends the ports of our own addresses, each once, with "|" between them.
 * Java: QuorumZooKeeperServer.dumpConf() */
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
static void append_conf(const struct server_status *status, struct zk_str *str)
{
    const struct quorum_peer_config *config = status->config;
    zk_str_printf(str, "clientPort=%u\n", (unsigned)config->client_port_address.port);
    zk_str_append(str, "secureClientPort=-1\n");
    append_directory(str, "dataDir", status->snap_dir, "dataDirSize");
    append_directory(str, "dataLogDir", status->data_dir, "dataLogSize");
    zk_str_printf(str, "tickTime=%" PRId32 "\n", config->tick_time_ms);
    zk_str_printf(str, "maxClientCnxns=%" PRId32 "\n", config->max_client_cnxns);
    zk_str_printf(str, "minSessionTimeout=%" PRId32 "\n", config->min_session_timeout_ms);
    zk_str_printf(str, "maxSessionTimeout=%" PRId32 "\n", config->max_session_timeout_ms);
    zk_str_printf(str, "clientPortListenBacklog=%" PRId32 "\n", config->client_port_listen_backlog);
    zk_str_printf(str, "serverId=%" PRId64 "\n", config->my_id);
    zk_str_printf(str, "initLimit=%" PRId32 "\n", config->init_limit);
    zk_str_printf(str, "syncLimit=%" PRId32 "\n", config->sync_limit);
    zk_str_printf(str, "electionAlg=%" PRId32 "\n", config->election_alg);
    const struct quorum_server *self = qv_member(config->quorum_verifier, config->my_id);
    if (self != NULL) {
        append_ports(str, "electionPort", &self->election_addr);
        append_ports(str, "quorumPort", &self->addr);
    }
    zk_str_printf(str, "peerType=%d\n", (int)config->peer_type);
    zk_str_append(str, "membership: \n");
    zk_str_append(str, status->membership);
}
