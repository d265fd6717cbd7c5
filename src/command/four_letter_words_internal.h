/* Shared by the files of four_letter_words. */
#ifndef COMMAND_FOUR_LETTER_WORDS_INTERNAL_H
#define COMMAND_FOUR_LETTER_WORDS_INTERNAL_H

#include "zk/command/four_letter_words.h"

/* Each appends the whole answer to its word. */

/* ---- four_letter_words_stat.c ---- */
void four_letter_words_append_srvr(const struct four_letter_facts *facts, struct zk_str *str);
void four_letter_words_append_stat(const struct four_letter_facts *facts, struct zk_str *str);
void four_letter_words_append_cons(const struct four_letter_facts *facts, struct zk_str *str);
/* ---- four_letter_words_dump.c ---- */
void four_letter_words_append_dirs(const struct four_letter_facts *facts, struct zk_str *str);
void four_letter_words_append_dump(const struct four_letter_facts *facts, struct zk_str *str);
void four_letter_words_append_hash(const struct four_letter_facts *facts, struct zk_str *str);
/* ---- four_letter_words_watch.c ---- */
void four_letter_words_append_watches(const struct four_letter_facts *facts, bool by_path,
                                      struct zk_str *str);
void four_letter_words_append_wchs(const struct four_letter_facts *facts, struct zk_str *str);
/* ---- four_letter_words_mntr.c ---- */
void four_letter_words_append_mntr(const struct four_letter_facts *facts, struct zk_str *str);

#endif
