/* Who clients are, and the lists that say who may do what: ids are bits, so that a connection has a
 * set of them. Written down here once more, by the rules of ZooKeeper's provider of digests and
 * addresses; nothing of the product is used. No function blocks. */
#ifndef SIM_CLIENTS_IDS_H
#define SIM_CLIENTS_IDS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ID_SUPER = 1, /* in the order in which a connection has them, which is that of their hashes */
    ID_ALICE = 2,
    ID_BOB = 4,
    ID_PROVABLE = ID_SUPER | ID_ALICE | ID_BOB,
    ID_HOST = 8,        /* the address of the first host of clients */
    ID_OTHER_HOST = 16, /* of the second */
    ID_ANYONE = 32,
    ID_NOBODY = 64,   /* an id that no client can prove */
    ID_EACH = 128,    /* of a wish: each that the connection has proved */
    ID_BROKEN = 256,  /* of a wish: no id at all */
    ID_UNASKED = 512, /* of a connection: no list is asked (skipACL) */
};

enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_CREATE = 4, RIGHT_DELETE = 8, RIGHT_ADMIN = 16 };

enum { ACL_ENTRIES_MAX = 4, ACL_OPEN = 0, CLIENT_ID_SIZE = 48 };

struct client_acl {
    int count;
    struct client_acl_entry {
        int32_t rights;
        uint32_t who;
        bool masked; /* of an answer: without its digest */
    } entries[ACL_ENTRIES_MAX];
};

/* The hosts of this world. */
void client_ids_begin(int first_host);

/* How an id is written in a list. The text is as long as the world. */
const char *client_id_scheme(uint32_t who);
const char *client_id_text(uint32_t who);
/* What proves it: the name and the password. */
const char *client_id_proof(uint32_t who);

/* Adds an entry as it stands in an answer or a log; false: no such id, or no room. */
bool client_acl_add(struct client_acl *acl, int32_t rights, const char *scheme, const char *text);

/* The lists that clients ask for, by their numbers: ACL_OPEN is anybody's, the last two are no
 * lists. */
extern const struct client_acl CLIENT_WISHES[];
extern const int CLIENT_WISH_COUNT;

/* What becomes of a wish of a connection with these ids; false: no valid list. Repeated entries
 * are left out, and ID_EACH becomes an entry for each id that is proved. */
bool client_acl_fix(const struct client_acl *wish, uint32_t ids, struct client_acl *ret_acl);

bool client_acl_equal(const struct client_acl *a, const struct client_acl *b);

/* May a connection with these ids do one of these things? */
bool client_acl_allows(const struct client_acl *acl, int32_t rights, uint32_t ids);

#endif
