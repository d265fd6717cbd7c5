/* Shared by the files of four_letter_words. */
#ifndef COMMAND_FOUR_LETTER_WORDS_INTERNAL_H
#define COMMAND_FOUR_LETTER_WORDS_INTERNAL_H

#include "zk/command/four_letter_words.h"

/* Append the whole answer to mntr. */
void four_letter_words_append_mntr(const struct four_letter_facts *facts, struct zk_str *str);

#endif
