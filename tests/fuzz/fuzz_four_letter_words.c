/* Four bytes on the client port, and the whitelist that decides whether they are answered. The
 * input is the four bytes, one byte that chooses what the peer is, and the whitelist. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/command/four_letter_words.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_stats.h"
#include "zk/server/zk_database.h"
#include "zk/server/zoo_trace.h"
#include "zk/server/zookeeper_server.h"

enum {
    WORD = 4,
    SERVING = 16, /* a bit of the choice; the two lowest are the state */
};

static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests\n";

/* Java: FourLetterCommands.cmd2String, less what 3.8.0 does not know */
static const char KNOWN[] = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat "
                            "stmk wchc wchp wchs \xff\xf4\xff\xfd";
static const char ALWAYS_ANSWERED[] = "ruok envi gtmk isro stmk hash teln";
static const char MAY_SAY_NOTHING[] = "stmk hash teln";

static bool is_one_of(const char *words, const char *word)
{
    for (const char *at = words; strlen(at) >= WORD; at++) {
        if ((at == words || at[-1] == ' ') && memcmp(at, word, WORD) == 0)
            return true;
    }
    return false;
}

/* The rule in plain words: an element between commas, without the blanks around it, is the word or
 * a star. */
static bool is_listed(const char *whitelist, const char *word)
{
    for (const char *at = whitelist;; at++) {
        const char *end = strchr(at, ',');
        const char *stop = end ? end : at + strlen(at);
        while (at < stop && (unsigned char)*at <= ' ')
            at++;
        while (stop > at && (unsigned char)stop[-1] <= ' ')
            stop--;
        size_t length = (size_t)(stop - at);
        if ((length == 1 && *at == '*') ||
            (length == strlen(word) && memcmp(at, word, length) == 0))
            return true;
        if (!end)
            return false;
        at = end;
    }
}

static void check_answer(const char *word, bool enabled, bool serving, const struct zk_str *answer)
{
    zk_assert(answer->length > 0 || (enabled && is_one_of(MAY_SAY_NOTHING, word)));
    zk_assert(strlen(zk_str_text(answer)) == answer->length);
    bool refused =
        strstr(zk_str_text(answer), "is not executed because it is not in the whitelist");
    zk_assert(enabled == !refused);
    if (!refused && !serving && !is_one_of(ALWAYS_ANSWERED, word))
        zk_assert(strcmp(answer->text, NOT_SERVING) == 0);
}

/* ---- one connection, and a hook ---- */

static size_t one_cnxn(void *arg)
{
    (void)arg;
    return 1;
}

static size_t list_cnxn(void *arg, struct server_cnxn_info **ret_infos)
{
    (void)arg;
    *ret_infos = zk_xcalloc(1, sizeof **ret_infos);
    (*ret_infos)->remote = (struct inet_text){"/127.0.0.1:50000"};
    (*ret_infos)->session_id = 5;
    return 1;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static void dump_nothing(void *arg, struct zk_str *str)
{
    (void)arg;
    zk_str_append(str, "\n");
}

static void ask(struct zk_context *ctx, const struct four_letter_words *words,
                const struct four_letter_word *word, uint8_t choice, const uint8_t *rest,
                size_t rest_length)
{
    static const char members[] = "server.1=127.0.0.1:2888:3888";
    struct quorum_peer_config config = {.my_id = 1};
    struct server_status_peer peer = {.sid = 2, .connected = true};
    char *error = NULL;
    if (qv_from_string(ctx, members, sizeof members - 1, &(struct qv_options){0},
                       &config.quorum_verifier, &error) < 0)
        abort();
    struct server_status status = {
        .serving = (choice & SERVING) != 0,
        .server_state = "leader",
        .state = (enum server_state)(choice % 4),
        .config = &config,
        .snap_dir = "/nonexistent",
        .data_dir = "/nonexistent",
        .membership = members,
        .peers = &peer,
        .peer_count = 1,
    };
    static const struct zookeeper_server_methods methods = {.state = "leader"};
    struct zk_database *database = zk_database_new(ctx, NULL);
    struct server_stats *stats = server_stats_new(ctx);
    struct zoo_trace zoo_trace;
    zoo_trace_init(&zoo_trace);
    status.zk = zookeeper_server_new(ctx, &methods, NULL, database, NULL);
    struct server_cnxns cnxns = {
        .count = one_cnxn,
        .list = list_cnxn,
        .reset_stats = do_nothing,
        .dump = dump_nothing,
        .stats = stats,
    };
    struct server_status_hook hook = {.reset = do_nothing, .zoo_trace = &zoo_trace};
    struct four_letter_facts facts = {
        .status = &status,
        .cnxns = &cnxns,
        .hook = &hook,
        .argument = rest,
        .argument_length = rest_length,
    };
    struct zk_str answer = {0};
    if (status.serving && status.state == SERVER_STATE_LOOKING)
        status.state = SERVER_STATE_LEADING; /* a peer that looks does not serve */
    four_letter_words_answer(words, word, &facts, &answer);
    check_answer(word->name, word->is_enabled, status.serving, &answer);
    zk_str_done(&answer);
    zookeeper_server_unref(status.zk);
    zk_database_free(database);
    server_stats_free(stats);
    qv_unref(config.quorum_verifier);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < WORD + 1)
        return 0;
    char text[WORD + 1] = {0};
    memcpy(text, bytes, WORD);
    struct zk_context *ctx = fuzz_context();
    char *whitelist = fuzz_text(bytes + WORD + 1, length - WORD - 1);
    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", whitelist);
    struct four_letter_words *words = four_letter_words_new(ctx);

    const struct four_letter_word *word = four_letter_words_find(words, bytes);

    zk_assert((word != NULL) == (strlen(text) == WORD && is_one_of(KNOWN, text)));
    if (word != NULL) {
        const char *name = word->name; /* "telnet close" is no word of four letters */
        zk_assert(word->is_enabled == (strcmp(name, "srvr") == 0 || is_listed(whitelist, name)));
        zk_assert(word->is_enabled || !word->needs_status);
        ask(ctx, words, word, bytes[WORD], bytes + WORD + 1, length - WORD - 1);
    }
    four_letter_words_free(words);
    free(whitelist);
    zk_context_free(ctx);
    return 0;
}
