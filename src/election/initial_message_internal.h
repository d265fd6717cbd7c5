/* What initial_message.c does with bytes that are there already; tests and fuzzers need no socket
 * for it. */
#ifndef ELECTION_INITIAL_MESSAGE_INTERNAL_H
#define ELECTION_INITIAL_MESSAGE_INTERNAL_H

#include "zk/election/initial_message.h"

/* As initial_message_read, from the text of the addresses alone, which stands behind the sid. */
ZK_NODISCARD int initial_message_parse_addresses(const char *text, size_t length,
                                                 struct multiple_addresses *ret_addr,
                                                 struct zk_str *ret_error);

#endif
