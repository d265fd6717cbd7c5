/* Words on the client port. A word is the first four bytes of a connection; its answer is all that
 * the connection is for. Java: NIOServerCnxn.checkFourLetterWord()
 *
 * Words that ask nobody are answered where they are read. The others may wait for a lock or for the
 * disk, and must not keep the selector's other connections waiting: WordThread answers them, one
 * after the other. Nobody waits for a caller that does not read its answer: it goes the way of all
 * answers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/command/four_letter_words.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_stats.h"

/* A word that waits for its answer. */
struct word_item {
    struct nio_server_cnxn *cnxn; /* a reference */
    const struct four_letter_word *word;
    size_t argument_length;
    uint8_t argument[WORD_ARGUMENT_MAX]; /* what came behind the word */
};

void word_item_free(void *item)
{
    struct word_item *word_item = item;
    server_cnxn_unref(&word_item->cnxn->base);
    free(word_item);
}

/* ---- the connections, for those who report about them ---------------------------------------- */

/* What the selector watches the connection for, or will in a moment: it is not read while it is
 * throttled. */
static int32_t shown_interest_ops(struct nio_server_cnxn *cnxn)
{
    int32_t ops = channel_interest_ops(cnxn->channel);
    return zk_atomic_long_get(&cnxn->throttled) != 0 ? ops & ~OP_READ : ops;
}

/* Java: ServerCnxn.getConnectionInfo() */
static void fill_info(struct nio_server_cnxn *cnxn, struct server_cnxn_info *info)
{
    struct server_cnxn_stats_values values;
    server_cnxn_get_stats(&cnxn->base, &values);
    zk_text_copy(info->remote.text, sizeof info->remote.text, cnxn->remote_text);
    info->interest_ops = shown_interest_ops(cnxn);
    info->outstanding_requests = values.outstanding;
    info->packets_received = values.packets_received;
    info->packets_sent = values.packets_sent;
    info->session_id = cnxn->base.session_id;
    /* Java's text of a null. */
    zk_text_copy(info->last_operation, sizeof info->last_operation,
                 values.last_op != NULL ? values.last_op : "null");
    info->established_ms = values.established_ms;
    info->session_timeout_ms = cnxn->base.session_timeout_ms;
    info->last_cxid = values.last_cxid;
    info->last_zxid = values.last_zxid;
    info->last_response_time_ms = values.last_response_time_ms;
    info->last_latency_ms = values.last_latency_ms;
    info->min_latency_ms = values.count > 0 ? values.min_latency_ms : 0;
    info->avg_latency_ms = values.count > 0 ? values.total_latency_ms / values.count : 0;
    info->max_latency_ms = values.max_latency_ms;
}

/* Java: ServerCnxnFactory.getNumAliveConnections() */
static size_t count_cnxns(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    size_t count = (size_t)factory->cnxn_count;
    zk_mutex_unlock(&factory->mu);
    return count;
}

/* Java: NIOServerCnxnFactory.getAllConnectionInfo() */
static size_t list_cnxns(void *arg, struct server_cnxn_info **ret_infos)
{
    struct server_cnxn_factory *factory = arg;
    size_t count = 0;
    zk_mutex_lock(&factory->mu);
    struct server_cnxn_info *infos = zk_xcalloc((size_t)factory->cnxn_count + 1, sizeof *infos);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        fill_info(cnxn, &infos[count++]);
    zk_mutex_unlock(&factory->mu);
    *ret_infos = infos;
    return count;
}

/* Java: NIOServerCnxnFactory.resetAllConnectionStats() */
static void reset_cnxn_stats(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        server_cnxn_reset_stats(&cnxn->base);
    zk_mutex_unlock(&factory->mu);
}

static void append_expiring_cnxn(const struct expiry_item *item, struct zk_str *str)
{
    const struct nio_server_cnxn *cnxn =
        (const struct nio_server_cnxn *)(const void *)((const char *)item -
                                                       offsetof(struct nio_server_cnxn, expiry));
    zk_str_printf(str, "ip: %s sessionId: 0x%" PRIx64, cnxn->remote_text,
                  (uint64_t)cnxn->base.session_id);
}

/* Both locks, because the tables' one guards the ids of sessions.
 * Java: NIOServerCnxnFactory.dumpConnections() */
static void dump_cnxns(void *arg, struct zk_str *str)
{
    struct server_cnxn_factory *factory = arg;
    zk_str_append(str, "Connections ");
    zk_mutex_lock(&factory->mu);
    zk_mutex_lock(&factory->expiry_mu);
    expiry_queue_dump(&factory->cnxn_expiry_queue, append_expiring_cnxn, str);
    zk_mutex_unlock(&factory->expiry_mu);
    zk_mutex_unlock(&factory->mu);
}

struct server_cnxns server_cnxn_factory_cnxns(struct server_cnxn_factory *factory)
{
    return (struct server_cnxns){
        .count = count_cnxns,
        .list = list_cnxns,
        .reset_stats = reset_cnxn_stats,
        .dump = dump_cnxns,
        .arg = factory,
        .stats = factory->stats,
    };
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Java: CommandExecutor.execute() */
static void answer_word(const struct word_item *item)
{
    struct nio_server_cnxn *cnxn = item->cnxn;
    struct server_cnxn_factory *factory = cnxn->factory;
    struct server_status status = {0};
    if (item->word->needs_status)
        factory->hook.fill(factory->hook.arg, &status);
    struct server_cnxns cnxns = server_cnxn_factory_cnxns(factory);
    struct four_letter_facts facts = {
        .status = &status,
        .cnxns = &cnxns,
        .hook = &factory->hook,
        .argument = item->argument,
        .argument_length = item->argument_length,
    };
    struct zk_str text = {0};
    four_letter_words_answer(factory->words, item->word, &facts, &text);
    const struct channel_piece piece = {.bytes = zk_str_text(&text), .length = text.length};
    channel_append(cnxn->channel, &piece, 1);
    channel_append_close(cnxn->channel);
    zk_str_done(&text);
    server_status_done(&status);
}

void word_thread_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    void *item;
    while (bq_poll(factory->word_queue, INT64_MAX, &item) == 0) {
        answer_word(item);
        word_item_free(item);
    }
}

/* Java: NIOServerCnxn.checkFourLetterWord() */
bool check_four_letter_word(struct nio_server_cnxn *cnxn, const uint8_t *bytes, size_t length)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    const struct four_letter_word *word = four_letter_words_find(factory->words, bytes);
    if (word == NULL)
        return false;
    /* Nothing more is read. Java cancels the key. */
    cnxn->base.ops->disable_recv(&cnxn->base);
    server_cnxn_packets_received(&cnxn->base, 1);
    server_stats_add_packets_received(factory->stats, 1);
    if (word->is_enabled)
        zk_log(factory->ctx, ZK_LOG_PROCESSING_COMMAND, word->name, cnxn->remote_text);
    else
        zk_log(factory->ctx, ZK_LOG_NOT_IN_WHITELIST, word->name);
    struct word_item *item = zk_xcalloc(1, sizeof *item);
    server_cnxn_ref(&cnxn->base);
    item->cnxn = cnxn;
    item->word = word;
    item->argument_length = length - FOUR_LETTERS;
    if (item->argument_length > sizeof item->argument)
        item->argument_length = sizeof item->argument;
    memcpy(item->argument, bytes + FOUR_LETTERS, item->argument_length);
    if (word->needs_status) {
        bq_put(factory->word_queue, item);
    } else {
        answer_word(item);
        word_item_free(item);
    }
    return true;
}
