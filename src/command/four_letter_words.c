/* Four letters in, a text out. Java: server.command.FourLetterCommands, ConfCommand, EnvCommand,
 * IsroCommand, RuokCommand, TraceMaskCommand, SetTraceMaskCommand, StatResetCommand,
 * CnxnStatResetCommand; ZooKeeperServer.dumpConf(). The other words are in the files beside it. */
#include "zk/command/four_letter_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/command_facts.h"
#include "command/four_letter_words_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_stats.h"
#include "zk/server/zoo_trace.h"

/* Java: AbstractFourLetterCommand.ZK_NOT_SERVING */
static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests";

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
    WORD_TELNET_CLOSE,
    WORD_WCHC,
    WORD_WCHP,
    WORD_WCHS,
    WORDS,
};

/* What a word needs to be answered. */
enum need {
    NEEDS_NOTHING,
    NEEDS_STATUS,
    NEEDS_SERVING, /* a server that serves; without one the answer is NOT_SERVING */
};

static const struct {
    const char *name;
    enum need need;
} KNOWN[WORDS] = {
    [WORD_CONF] = {"conf", NEEDS_SERVING}, [WORD_CONS] = {"cons", NEEDS_SERVING},
    [WORD_CRST] = {"crst", NEEDS_SERVING}, [WORD_DIRS] = {"dirs", NEEDS_SERVING},
    [WORD_DUMP] = {"dump", NEEDS_SERVING}, [WORD_ENVI] = {"envi", NEEDS_NOTHING},
    [WORD_GTMK] = {"gtmk", NEEDS_NOTHING}, [WORD_HASH] = {"hash", NEEDS_SERVING},
    [WORD_ISRO] = {"isro", NEEDS_STATUS},  [WORD_MNTR] = {"mntr", NEEDS_SERVING},
    [WORD_RUOK] = {"ruok", NEEDS_NOTHING}, [WORD_SRST] = {"srst", NEEDS_SERVING},
    [WORD_SRVR] = {"srvr", NEEDS_SERVING}, [WORD_STAT] = {"stat", NEEDS_SERVING},
    [WORD_STMK] = {"stmk", NEEDS_NOTHING}, [WORD_TELNET_CLOSE] = {"telnet close", NEEDS_NOTHING},
    [WORD_WCHC] = {"wchc", NEEDS_SERVING}, [WORD_WCHP] = {"wchp", NEEDS_SERVING},
    [WORD_WCHS] = {"wchs", NEEDS_SERVING},
};

/* What telnet sends when its user presses Ctrl-C. Java: telnetCloseCmd */
static const uint8_t TELNET_CLOSE[FOUR_LETTERS] = {0xff, 0xf4, 0xff, 0xfd};

struct four_letter_words {
    struct zk_context *ctx;
    struct four_letter_word words[WORDS];
};

static bool is_in_whitelist(const struct zk_strings *whitelist, const char *name);
static void append_envi(struct zk_context *ctx, struct zk_str *str);
static void set_trace_mask(const struct four_letter_facts *facts, struct zk_str *str);
static void reset_server_stats(const struct four_letter_facts *facts, struct zk_str *str);
static void append_conf(const struct server_status *status, struct zk_str *str);
static void append_not_serving(enum word_id id, struct zk_str *str);

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
        word->needs_status = word->is_enabled && KNOWN[i].need != NEEDS_NOTHING;
    }
    zk_strings_done(&whitelist);
    /* Clients that are at a read-only server ask the others with isro. */
    if (zk_settings_get_boolean(ctx, "readonlymode.enabled", false)) {
        words->words[WORD_ISRO].is_enabled = true;
        words->words[WORD_ISRO].needs_status = true;
    }
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
        const uint8_t *name = (const uint8_t *)words->words[i].name;
        if (memcmp(i == WORD_TELNET_CLOSE ? TELNET_CLOSE : name, bytes, FOUR_LETTERS) == 0)
            return &words->words[i];
    }
    return NULL;
}

/* Java: IsroCommand */
static const char *isro_of(const struct server_status *status)
{
    if (!status->serving)
        return "null";
    return status->is_read_only ? "ro" : "rw";
}

/* Java: CommandExecutor.execute() */
void four_letter_words_answer(const struct four_letter_words *words,
                              const struct four_letter_word *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer)
{
    /* LONG: one Java method */
    enum word_id id = (enum word_id)(word - words->words);
    if (!word->is_enabled) {
        zk_str_printf(ret_answer, "%s is not executed because it is not in the whitelist.\n",
                      word->name);
        return;
    }
    if (KNOWN[id].need == NEEDS_SERVING && !facts->status->serving) {
        append_not_serving(id, ret_answer);
        return;
    }
    switch (id) {
    case WORD_CONF:
        append_conf(facts->status, ret_answer);
        return;
    case WORD_CONS:
        four_letter_words_append_cons(facts, ret_answer);
        return;
    case WORD_CRST:
        facts->cnxns->reset_stats(facts->cnxns->arg);
        zk_str_append(ret_answer, "Connection stats reset.\n");
        return;
    case WORD_DIRS:
        four_letter_words_append_dirs(facts, ret_answer);
        return;
    case WORD_DUMP:
        four_letter_words_append_dump(facts, ret_answer);
        return;
    case WORD_ENVI:
        append_envi(words->ctx, ret_answer);
        return;
    case WORD_GTMK:
        zk_str_append_long(ret_answer, zoo_trace_get_text_trace_level(facts->hook->zoo_trace));
        return;
    case WORD_HASH:
        four_letter_words_append_hash(facts, ret_answer);
        return;
    case WORD_ISRO:
        zk_str_append(ret_answer, isro_of(facts->status));
        return;
    case WORD_MNTR:
        four_letter_words_append_mntr(facts, ret_answer);
        return;
    case WORD_RUOK:
        zk_str_append(ret_answer, "imok");
        return;
    case WORD_SRST:
        reset_server_stats(facts, ret_answer);
        return;
    case WORD_SRVR:
        four_letter_words_append_srvr(facts, ret_answer);
        return;
    case WORD_STAT:
        four_letter_words_append_stat(facts, ret_answer);
        return;
    case WORD_STMK:
        set_trace_mask(facts, ret_answer);
        return;
    case WORD_TELNET_CLOSE: /* Java: NopCommand */
        return;
    case WORD_WCHC:
        four_letter_words_append_watches(facts, false, ret_answer);
        return;
    case WORD_WCHP:
        four_letter_words_append_watches(facts, true, ret_answer);
        return;
    case WORD_WCHS:
        four_letter_words_append_wchs(facts, ret_answer);
        return;
    case WORDS:
        return;
    }
}

/* Java: StatResetCommand */
static void reset_server_stats(const struct four_letter_facts *facts, struct zk_str *str)
{
    server_stats_reset(facts->cnxns->stats);
    facts->hook->reset(facts->hook->arg);
    zk_str_append(str, "Server stats reset.\n");
}

/* A mask that has not arrived with the word is not waited for; Java closes the connection without
 * an answer then, too. Java: SetTraceMaskCommand */
static void set_trace_mask(const struct four_letter_facts *facts, struct zk_str *str)
{
    enum { MASK_LENGTH = 8 };

    if (facts->argument_length < MASK_LENGTH)
        return;
    uint64_t mask = 0;
    for (size_t i = 0; i < MASK_LENGTH; i++)
        mask = mask << 8 | facts->argument[i];
    zoo_trace_set_text_trace_level(facts->hook->zoo_trace, (int64_t)mask);
    zk_str_append_long(str, (int64_t)mask);
}

/* Java's DigestCommand, which answers hash, prints no line end there. */
static void append_not_serving(enum word_id id, struct zk_str *str)
{
    zk_str_printf(str, "%s%s", NOT_SERVING, id == WORD_HASH ? "" : "\n");
}

/* Java's system properties are our settings; those that nobody has set are left out, and so is what
 * only a JVM has (D-313). Java: EnvCommand */
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

/* ---- conf ----------------------------------------------------------------------------------- */

/* Appends two lines, such as dataDir and dataDirSize. measured is the other directory, because Java
 * takes the size of the one for that of the other (K-180). */
static void append_directory(struct zk_str *str, const char *key, const char *directory,
                             const char *size_key, const char *measured)
{
    char *path = file_canonical(directory);
    zk_str_printf(str, "%s=%s\n%s=%" PRId64 "\n", key, path, size_key,
                  command_directory_size(measured));
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

/* Java: ConfCommand, ZooKeeperServer.dumpConf(), QuorumZooKeeperServer.dumpConf(). The answer of a
 * member of an ensemble ends as membership ends, without a newline. */
static void append_conf(const struct server_status *status, struct zk_str *str)
{
    const struct quorum_peer_config *config = status->config;
    zk_str_printf(str, "clientPort=%u\n", (unsigned)config->client_port_address.port);
    zk_str_append(str, "secureClientPort=-1\n");
    append_directory(str, "dataDir", status->snap_dir, "dataDirSize", status->data_dir);
    append_directory(str, "dataLogDir", status->data_dir, "dataLogSize", status->snap_dir);
    zk_str_printf(str, "tickTime=%" PRId32 "\n", config->tick_time_ms);
    zk_str_printf(str, "maxClientCnxns=%" PRId32 "\n", config->max_client_cnxns);
    zk_str_printf(str, "minSessionTimeout=%" PRId32 "\n", config->min_session_timeout_ms);
    zk_str_printf(str, "maxSessionTimeout=%" PRId32 "\n", config->max_session_timeout_ms);
    zk_str_printf(str, "clientPortListenBacklog=%" PRId32 "\n", config->client_port_listen_backlog);
    zk_str_printf(str, "serverId=%" PRId64 "\n", status->is_alone ? 0 : config->my_id);
    if (status->is_alone)
        return;
    zk_str_printf(str, "initLimit=%" PRId32 "\n", config->init_limit);
    zk_str_printf(str, "syncLimit=%" PRId32 "\n", config->sync_limit);
    zk_str_printf(str, "electionAlg=%" PRId32 "\n", config->election_alg);
    const struct quorum_server *self = qv_member(config->quorum_verifier, config->my_id);
    if (self != NULL) {
        append_ports(str, "electionPort", &self->election_addr);
        append_ports(str, "quorumPort", &self->addr);
    }
    zk_str_printf(str, "peerType=%d\n", (int)config->peer_type);
    if (status->is_read_only)
        return;
    zk_str_append(str, "membership: \n");
    zk_str_append(str, status->membership);
}
