/* The words that people and monitors send to the client port instead of a request: four letters, a
 * text back, the connection closed. Java: server.command.FourLetterCommands and its neighbours.
 *
 * The words stand where a request's length would, so what is not a word is a length (and, here, the
 * end of it). Built: ruok srvr stat mntr conf envi isro gtmk. Words that Java knows and this peer
 * does not are answered like words outside the whitelist. Pure functions: they block on nothing but
 * the sizes of the data directories (conf). */
#ifndef ZK_COMMAND_FOUR_LETTER_WORDS_H
#define ZK_COMMAND_FOUR_LETTER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/server/server_stats.h"
#include "zk/server/server_status.h"

struct zk_context;

/* What srvr, stat, mntr and envi call us. Tools look for digits, dots and a dash. Reproducible: no
 * date of the build. */
#define SERVER_FULL_VERSION "3.8.0-zkpeer-" ZKPEER_VERSION ", built on 2026-11-22 00:00 UTC"

/* A client connection, as stat lists it. */
struct cnxn_info {
    char remote[80]; /* "/127.0.0.1:49572" */
    int32_t interest_ops;
    int64_t queued;
    int64_t received;
    int64_t sent;
};

/* Everything a word may tell. Borrowed. */
struct four_letter_facts {
    const struct server_status *status;
    struct server_stats_values stats;
    const struct cnxn_info *cnxns;
    size_t cnxn_count;
};

/* Java: FourLetterCommands.isKnown(): bytes has 4. */
bool four_letter_words_is_known(const uint8_t *bytes);
/* Java: isEnabled(): is the word in the setting zookeeper.4lw.commands.whitelist (commas and
 * blanks; "*" is all; only srvr if unset)? */
bool four_letter_words_is_enabled(const struct zk_context *ctx, const char *word);

/* Must the status be filled in before the word can be answered? Not for ruok, envi, gtmk and words
 * that are refused. */
bool four_letter_words_needs_status(const struct zk_context *ctx, const char *word);

/* The whole answer to a known word, appended. */
void four_letter_words_answer(struct zk_context *ctx, const char *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer);

#endif
