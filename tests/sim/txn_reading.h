/* The bytes of a transaction, read without anything of the product. What cannot be read ends the
 * world. Texts and buffers are the same on the wire. */
#ifndef SIM_TXN_READING_H
#define SIM_TXN_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients_ids.h"
#include "history.h"

struct txn_reading {
    const uint8_t *bytes; /* the transaction's */
    size_t length;
    size_t at;
};

/* From behind the header on. */
struct txn_reading txn_reading_of(const struct history_txn *txn);

/* length: 1, 4 or 8. */
int64_t txn_read_number(struct txn_reading *in, int length);
int32_t txn_read_int(struct txn_reading *in);
/* size 1: the text is passed over. */
void txn_read_text(struct txn_reading *in, char *ret_text, size_t size);
/* A list that clients have asked for. */
void txn_read_acls(struct txn_reading *in, struct client_acl *ret_acl);

/* The type of the next operation of a multi; *ret_part: its record. */
int32_t txn_next_part(struct txn_reading *in, struct txn_reading *ret_part);
/* If one operation of a multi has failed, none is done. in stands at the multi's count. */
bool txn_multi_has_failed(struct txn_reading in);
/* Did it change nothing, because it could not be done? */
bool txn_is_error(const struct history_txn *txn);

#endif
