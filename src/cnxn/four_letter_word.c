/* Words on the client port. A word is the first four bytes of a connection; its answer is all that
 * the connection is for. Java: NIOServerCnxn.checkFourLetterWord()
 *
 * Words that ask nobody are answered where they are read. The others may wait for a lock or for the
 * disk, and must not keep the selector's other connections waiting: WordThread answers them, one
 * after the other. Neither thread waits for a caller that does not read its answer: like all
 * answers, it stands in the connection's channel. */
#include <stdlib.h>
#include <string.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/command/four_letter_words.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"

enum { WRITER_BYTES = 8192 }; /* what Java's BufferedWriter holds; it counts characters */

/* A word that waits for its answer. */
struct word_item {
    struct nio_server_cnxn *cnxn; /* a reference */
    const struct four_letter_word *word;
    size_t argument_length;
    uint8_t argument[WORD_ARGUMENT_MAX]; /* what came behind the word */
};

static void answer_word(const struct word_item *item);
static void append_in_parts(struct channel *channel, const struct zk_str *text);

/* Java: NIOServerCnxn.checkFourLetterWord() */
bool check_four_letter_word(struct nio_server_cnxn *cnxn, const uint8_t *bytes, size_t length)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    const struct four_letter_word *word = four_letter_words_find(factory->words, bytes);
    if (word == NULL)
        return false;
    /* No more is read from this connection. Java cancels its key. */
    cnxn->base.ops->disable_recv(&cnxn->base);
    server_cnxn_packets_received(&cnxn->base, 1);
    server_stats_add_packets_received(factory->stats, 1);
    if (cnxn->metrics != NULL)
        server_metrics_count_many(cnxn->metrics, SERVER_METRICS_BYTES_RECEIVED_COUNT, FOUR_LETTERS);
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

void word_thread_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    void *item;
    while (bq_poll(factory->word_queue, INT64_MAX, &item) == 0) {
        answer_word(item);
        word_item_free(item);
    }
}

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
    append_in_parts(cnxn->channel, &text);
    channel_append_close(cnxn->channel);
    zk_str_done(&text);
    server_status_done(&status);
}

/* Java's BufferedWriter hands on what fills it, and each such part counts as a packet sent. */
static void append_in_parts(struct channel *channel, const struct zk_str *text)
{
    const char *bytes = zk_str_text(text);
    for (size_t at = 0; at < text->length;) {
        size_t left = text->length - at;
        const struct channel_piece piece = {.bytes = bytes + at,
                                            .length = left < WRITER_BYTES ? left : WRITER_BYTES};
        channel_append(channel, &piece, 1);
        at += piece.length;
    }
}

void word_item_free(void *item)
{
    struct word_item *word_item = item;
    server_cnxn_unref(&word_item->cnxn->base);
    free(word_item);
}
