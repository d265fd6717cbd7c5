/* The words that people and monitors send to the client port instead of a request: four letters go
 * there, a text comes back, and the connection is closed.
 * Java: server.command.FourLetterCommands and its neighbours
 *
 * A word stands where a request's length would, so any other four bytes are such a length.
 * Any thread that holds no lock may call these functions; they take locks for a moment, to look at
 * connections, sessions and nodes. conf and dirs block on the disk, because they measure
 * directories. */
#ifndef ZK_COMMAND_FOUR_LETTER_WORDS_H
#define ZK_COMMAND_FOUR_LETTER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_status.h"

struct zk_context;

/* The version in srvr, stat, mntr and envi. Tools look for digits, dots and a dash, and for a date;
 * the date is not that of the build, so that builds are reproducible. */
#define SERVER_FULL_VERSION "3.8.0-zkpeer-" ZKPEER_VERSION ", built on 2026-11-22 00:00 UTC"

enum { FOUR_LETTERS = 4 };

/* What a word finds its answer in. All pointers stay the caller's. */
struct four_letter_facts {
    const struct server_status *status; /* zeroed, unless the word needs it */
    const struct server_cnxns *cnxns;
    const struct server_status_hook *hook; /* for the words that set something */
    /* What came behind the word. stmk finds its mask there, 8 bytes. */
    const uint8_t *argument;
    size_t argument_length;
};

/* The words, and which of them the setting zookeeper.4lw.commands.whitelist allows: it names words
 * between commas, or all by "*"; srvr is always allowed. The setting is read once, as in Java. ctx
 * outlives the words; the caller frees them. */
struct four_letter_words;
struct four_letter_words *four_letter_words_new(struct zk_context *ctx);
void four_letter_words_free(struct four_letter_words *words); /* NULL is fine */

/* One of Java's words. */
struct four_letter_word {
    const char *name;
    bool is_enabled; /* Java: FourLetterCommands.isEnabled() */
    /* Whether the status must be filled in before the word can be answered. ruok, envi, gtmk, stmk
     * and the words that are refused do without: they answer whatever lock the rest of the peer
     * waits for. */
    bool needs_status;
};

/* Returns the word that the FOUR_LETTERS bytes are, which lives as long as words, or NULL.
 * Java: isKnown() */
const struct four_letter_word *four_letter_words_find(const struct four_letter_words *words,
                                                      const uint8_t *bytes);

/* Appends the whole answer to word, or the line that refuses it. */
void four_letter_words_answer(const struct four_letter_words *words,
                              const struct four_letter_word *word,
                              const struct four_letter_facts *facts, struct zk_str *ret_answer);

#endif
