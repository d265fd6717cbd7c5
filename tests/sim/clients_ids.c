/* Ids of clients, and lists of them. */
#include "clients_ids.h"

#include <stddef.h>
#include <string.h>

enum { ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_CREATE | RIGHT_DELETE | RIGHT_ADMIN };

/* Nothing is written here in a world: threads of the next one read it. */
static const char *const HOSTS[] = {
    "10.0.0.0",  "10.0.0.1",  "10.0.0.2",  "10.0.0.3",  "10.0.0.4",  "10.0.0.5",
    "10.0.0.6",  "10.0.0.7",  "10.0.0.8",  "10.0.0.9",  "10.0.0.10", "10.0.0.11",
    "10.0.0.12", "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16",
};
static int hosts_from; /* the first host of clients */

/* A digest is base64 of SHA-1 of the proof. */
static const struct {
    uint32_t who;
    const char *scheme;
    const char *text;
    const char *proof;
} IDS[] = {
    {ID_SUPER, "digest", "super:BDYfsKZtexvW+zRgsJ2N0pMNlLY=", "super:s"},
    {ID_ALICE, "digest", "alice:AIueg8ag5ALfqeEyKdLnva1Wvi0=", "alice:a"},
    {ID_BOB, "digest", "bob:LcrmCNs/wfVD+i5a5yaz89GyjIM=", "bob:b"},
    {ID_HOST, "ip", NULL, NULL},
    {ID_OTHER_HOST, "ip", NULL, NULL},
    {ID_ANYONE, "world", "anyone", NULL},
    {ID_NOBODY, "digest", "nobody:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", NULL},
    {ID_EACH, "auth", "", NULL},
    {ID_BROKEN, "digest", "broken", NULL},
};

const struct client_acl CLIENT_WISHES[] = {
    {1, {{ALL, ID_ANYONE, false}}},
    {1, {{ALL, ID_ALICE, false}}},
    {2, {{ALL, ID_ALICE, false}, {RIGHT_READ, ID_BOB, false}}},
    {2, {{RIGHT_READ, ID_ANYONE, false}, {ALL, ID_BOB, false}}},
    {2, {{RIGHT_CREATE | RIGHT_DELETE, ID_ANYONE, false}, {ALL, ID_ALICE, false}}},
    {2, {{RIGHT_WRITE, ID_ANYONE, false}, {RIGHT_ADMIN, ID_BOB, false}}},
    {1, {{ALL, ID_HOST, false}}},
    {2, {{RIGHT_READ | RIGHT_ADMIN, ID_OTHER_HOST, false}, {ALL, ID_ALICE, false}}},
    {1, {{ALL, ID_EACH, false}}},
    {2, {{RIGHT_READ, ID_BOB, false}, {ALL, ID_EACH, false}}},
    {3, {{ALL, ID_ALICE, false}, {RIGHT_ADMIN, ID_BOB, false}, {ALL, ID_ALICE, false}}},
    {1, {{ALL, ID_NOBODY, false}}},
    {2, {{ALL, ID_ANYONE, false}, {ALL, ID_BROKEN, false}}},
    {0, {{0, 0, false}}},
};
const int CLIENT_WISH_COUNT = sizeof CLIENT_WISHES / sizeof *CLIENT_WISHES;

void client_ids_begin(int first_host)
{
    hosts_from = first_host;
}

static size_t index_of(uint32_t who)
{
    size_t i = 0;
    while (IDS[i].who != who)
        i++;
    return i;
}

const char *client_id_scheme(uint32_t who)
{
    return IDS[index_of(who)].scheme;
}

static const char *text_at(size_t index)
{
    if (IDS[index].who == ID_HOST)
        return HOSTS[hosts_from];
    return IDS[index].who == ID_OTHER_HOST ? HOSTS[hosts_from + 1] : IDS[index].text;
}

const char *client_id_text(uint32_t who)
{
    return text_at(index_of(who));
}

const char *client_id_proof(uint32_t who)
{
    return IDS[index_of(who)].proof;
}

/* Is it the name with an x in place of the digest? */
static bool is_mask_of(const char *text, const char *id)
{
    const char *colon = strchr(id, ':');
    const size_t length = colon == NULL ? 0 : (size_t)(colon - id) + 1;
    return length > 0 && strncmp(text, id, length) == 0 && strcmp(text + length, "x") == 0;
}

bool client_acl_add(struct client_acl *acl, int32_t rights, const char *scheme, const char *text)
{
    if (acl->count == ACL_ENTRIES_MAX)
        return false;
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        const bool masked = is_mask_of(text, text_at(i));
        if (strcmp(scheme, IDS[i].scheme) != 0 || (!masked && strcmp(text, text_at(i)) != 0))
            continue;
        acl->entries[acl->count++] =
            (struct client_acl_entry){.rights = rights, .who = IDS[i].who, .masked = masked};
        return true;
    }
    return false;
}

static bool same_entry(const struct client_acl_entry *a, const struct client_acl_entry *b)
{
    return a->rights == b->rights && a->who == b->who && a->masked == b->masked;
}

static bool repeats(const struct client_acl *acl, int index)
{
    for (int i = 0; i < index; i++)
        if (same_entry(&acl->entries[i], &acl->entries[index]))
            return true;
    return false;
}

bool client_acl_fix(const struct client_acl *wish, uint32_t ids, struct client_acl *ret_acl)
{
    *ret_acl = (struct client_acl){0};
    for (int i = 0; i < wish->count; i++) {
        const struct client_acl_entry *entry = &wish->entries[i];
        if (repeats(wish, i))
            continue;
        if (entry->who == ID_BROKEN || (entry->who == ID_EACH && (ids & ID_PROVABLE) == 0))
            return false;
        if (entry->who != ID_EACH)
            ret_acl->entries[ret_acl->count++] = *entry;
        for (uint32_t who = 1; entry->who == ID_EACH && who <= ID_PROVABLE; who <<= 1)
            if ((ids & who) != 0)
                ret_acl->entries[ret_acl->count++] =
                    (struct client_acl_entry){.rights = entry->rights, .who = who};
    }
    return ret_acl->count > 0;
}

bool client_acl_equal(const struct client_acl *a, const struct client_acl *b)
{
    bool equal = a->count == b->count;
    for (int i = 0; i < a->count && equal; i++)
        equal = same_entry(&a->entries[i], &b->entries[i]);
    return equal;
}

bool client_acl_allows(const struct client_acl *acl, int32_t rights, uint32_t ids)
{
    if ((ids & (ID_SUPER | ID_UNASKED)) != 0)
        return true;
    for (int i = 0; i < acl->count; i++)
        if ((acl->entries[i].rights & rights) != 0 &&
            (acl->entries[i].who & (ids | ID_ANYONE)) != 0)
            return true;
    return false;
}
