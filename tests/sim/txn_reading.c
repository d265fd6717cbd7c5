/* A transaction as history.c has found it in the logs: 32 bytes of header, and a record. */
#include "txn_reading.h"

#include <string.h>

#include "world.h"
#include "zk/jute/op_code.h"

enum { TXN_HEADER = 32 };

struct txn_reading txn_reading_of(const struct history_txn *txn)
{
    return (struct txn_reading){txn->bytes, txn->length, TXN_HEADER};
}

static void must_have(const struct txn_reading *in, int64_t length)
{
    if (length < 0 || in->at + (size_t)length > in->length)
        world_fail("I14: a transaction is cut short");
}

int64_t txn_read_number(struct txn_reading *in, int length)
{
    uint64_t number = 0;
    must_have(in, length);
    for (int i = 0; i < length; i++)
        number = number << 8 | in->bytes[in->at++];
    return length == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
}

int32_t txn_read_int(struct txn_reading *in)
{
    return (int32_t)txn_read_number(in, 4);
}

void txn_read_text(struct txn_reading *in, char *ret_text, size_t size)
{
    int32_t length = txn_read_int(in);
    if (length < 0)
        length = 0;
    must_have(in, length);
    if ((size_t)length < size) {
        memcpy(ret_text, in->bytes + in->at, (size_t)length);
        ret_text[length] = '\0';
    } else if (size > 1) {
        world_fail("I14: a text of %d bytes, which nobody has sent", length);
    }
    in->at += (size_t)length;
}

void txn_read_acls(struct txn_reading *in, struct client_acl *ret_acl)
{
    char scheme[CLIENT_ID_SIZE];
    char text[CLIENT_ID_SIZE];
    *ret_acl = (struct client_acl){0};
    for (int32_t acls = txn_read_int(in); acls > 0; acls--) {
        int32_t rights = txn_read_int(in);
        txn_read_text(in, scheme, sizeof scheme);
        txn_read_text(in, text, sizeof text);
        if (!client_acl_add(ret_acl, rights, scheme, text))
            world_fail("I22: a node gets a list with %s:%s, for which nobody has asked", scheme,
                       text);
    }
}

int32_t txn_next_part(struct txn_reading *in, struct txn_reading *ret_part)
{
    int32_t type = txn_read_int(in);
    int32_t length = txn_read_int(in);
    must_have(in, length);
    *ret_part = (struct txn_reading){in->bytes + in->at, (size_t)length, 0};
    in->at += (size_t)length;
    return type;
}

bool txn_multi_has_failed(struct txn_reading in)
{
    struct txn_reading part;
    bool failed = false;
    for (int32_t left = txn_read_int(&in); left > 0; left--)
        failed = txn_next_part(&in, &part) == OP_CODE_ERROR || failed;
    return failed;
}

bool txn_is_error(const struct history_txn *txn)
{
    if (txn->type != OP_CODE_MULTI)
        return txn->type == OP_CODE_ERROR;
    return txn_multi_has_failed(txn_reading_of(txn));
}
