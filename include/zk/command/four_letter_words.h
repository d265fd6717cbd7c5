/* The words that people and monitors send to the client port instead of a request: four letters go
 * there, a text comes back, and the connection is closed.
 * Java: server.command.FourLetterCommands and its neighbours
 *
 * A word stands where a request's length would, so any other four bytes are such a length. The
 * words conf envi gtmk isro mntr ruok srvr stat are built; the others that Java knows are answered
 * with a line that says that they are not (D-41). Any thread may call these functions; none takes a
 * lock, and only conf blocks, on the disk, because it measures directories. */
#ifndef ZK_COMMAND_FOUR_LETTER_WORDS_H
#define ZK_COMMAND_FOUR_LETTER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/io/inet.h"
#include "zk/server/server_stats.h"
#include "zk/server/server_status.h"

struct zk_context;

/* The version in srvr, stat, mntr and envi. Tools look for digits, dots and a dash, and for a date;
 * the date is not that of the build, so that builds are reproducible. */
#define SERVER_FULL_VERSION "3.8.0-zkpeer-" ZKPEER_VERSION ", built on 2026-11-22 00:00 UTC"

enum { FOUR_LETTERS = 4 };

/* A client connection, as stat lists it. */
struct cnxn_info {
    struct inet_text remote; /* "/127.0.0.1:49572" */
    int32_t interest_ops;
    int64_t queued;
    int64_t received;
    int64_t sent;
};

/* Everything that a word may tell. All pointers stay the caller's. */
struct four_letter_facts {
    const struct server_status *status;
    struct server_stats_values stats;
    const struct cnxn_info *cnxns;
    size_t cnxn_count;
};

/* The words, and which of them the setting zookeeper.4lw.commands.whitelist allows (commas and
 * blanks; "*" is all; srvr always). The setting is read once, as in Java. ctx outlives it. */
struct four_letter_words;
struct four_letter_words *four_letter_words_new(struct zk_context *ctx);
void four_letter_words_free(struct four_letter_words *words); /* NULL is fine */

/* One word, as Java knows it. */
struct four_letter_word {
    const char *name;
    bool is_enabled; /* Java: FourLetterCommands.isEnabled() */
    /* Whether the status must be filled in before the word can be answered. ruok, envi, gtmk and
     * the words that are refused do without: they answer whatever lock the rest of the peer waits
     * for. */
    bool needs_status;
};

/* Returns the word that the FOUR_LETTERS bytes are, which lives as long as words, or NULL.
 * Java: isKnown() */
const struct four_letter_word *four_letter_words_find(const struct four_letter_words *words,
                                                      const uint8_t *bytes);

/* Append the whole answer to word, or the line that refuses it. */
void four_letter_words_answer(const struct four_letter_words *words,
                              const struct four_letter_word *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer);

#endif
