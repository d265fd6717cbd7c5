/* How a client's ACL list becomes that of a node, and what such a list allows. Java:
 * PrepRequestProcessor.fixupACL(), ZooKeeperServer.checkACL() */
#include "zk/server/acl_checks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/utf8.h"
#include "zk/jute/archive.h"
#include "zk/jute/record.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/auth_provider.h"

static bool is_text(const struct ustring *string, const char *text)
{
    return string->text != NULL && string->length == strlen(text) &&
           memcmp(string->text, text, string->length) == 0;
}

/* ---- fixupACL -------------------------------------------------------------------------------- */

/* For an order of any kind in which equal entries stand side by side. */
static int compare_ustrings(const struct ustring *a, const struct ustring *b)
{
    if (a->text == NULL || b->text == NULL)
        return (a->text != NULL) - (b->text != NULL);
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return memcmp(a->text, b->text, a->length);
}

/* For qsort(). Equal entries keep the order of the list. */
static int compare_acls(const void *a, const void *b)
{
    const struct zk_acl *left = *(const struct zk_acl *const *)a;
    const struct zk_acl *right = *(const struct zk_acl *const *)b;
    if (left->perms != right->perms)
        return left->perms < right->perms ? -1 : 1;
    int order = compare_ustrings(&left->id.scheme, &right->id.scheme);
    if (order == 0)
        order = compare_ustrings(&left->id.id, &right->id.id);
    return order != 0 ? order : (left > right) - (left < right);
}

/* Returns for each entry whether it repeats an earlier one, in an array that the caller frees. They
 * are sorted for that, because a request has room for 49,000: to compare each with all before it
 * would hold up PrepRequestProcessor, and with it every write, for seconds. Java:
 * removeDuplicates() */
static bool *find_duplicates(const struct zk_acl_list *acls)
{
    bool *duplicate = zk_xcalloc(acls->count, sizeof *duplicate);
    const struct zk_acl **sorted = zk_xcalloc(acls->count, sizeof(struct zk_acl *));
    for (size_t i = 0; i < acls->count; i++)
        sorted[i] = &acls->items[i];
    qsort(sorted, acls->count, sizeof *sorted, compare_acls);
    for (size_t i = 1; i < acls->count; i++)
        duplicate[sorted[i] - acls->items] = jute_equal(&zk_acl_record, sorted[i - 1], sorted[i]);
    free(sorted);
    return duplicate;
}

static void add_fixed_entry(struct zk_acl_list *list, int32_t perms, const struct zk_id *id)
{
    struct zk_acl *acl = jute_list_add(&zk_acl_record, list);
    acl->perms = perms;
    jute_copy(&zk_id_record, &acl->id, id);
}

/* Appends what "auth" stands for: the client's proved ids, in the order in which its connection has
 * them. */
static enum keeper_code expand_auth(struct zk_context *ctx, const struct zk_id_list *auth_info,
                                    int32_t perms, struct zk_acl_list *list)
{
    bool auth_id_valid = false;
    if (!auth_info->present)
        return KEEPER_CODE_MARSHALLINGERROR;
    for (size_t i = 0; i < auth_info->count; i++) {
        const struct zk_id *cid = &auth_info->items[i];
        if (cid->scheme.text == NULL)
            return KEEPER_CODE_MARSHALLINGERROR;
        const struct server_authentication_provider *provider =
            provider_registry_get(ctx, &cid->scheme);
        if (provider == NULL) {
            zk_log(ctx, ZK_LOG_MISSING_AUTH_PROVIDER, cid->scheme.text);
        } else if (provider->is_authenticated) {
            auth_id_valid = true;
            add_fixed_entry(list, perms, cid);
        }
    }
    return auth_id_valid ? KEEPER_CODE_OK : KEEPER_CODE_INVALIDACL;
}

static bool is_utf8(const struct ustring *string)
{
    size_t used;
    for (size_t at = 0; at < string->length; at += used)
        if (zk_utf8_decode(string->text + at, string->length - at, &used) < 0)
            return false;
    return true;
}

/* Appends to list what one entry of a client's list becomes. */
static enum keeper_code fixup_entry(struct zk_context *ctx, const struct zk_id_list *auth_info,
                                    const struct zk_acl *acl, struct zk_acl_list *list)
{
    const struct zk_id *id = &acl->id;
    if (id->scheme.text == NULL)
        return KEEPER_CODE_INVALIDACL;
    if (is_text(&id->scheme, "world") && id->id.text == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    if (is_text(&id->scheme, "world") && is_text(&id->id, "anyone")) {
        add_fixed_entry(list, acl->perms, id);
        return KEEPER_CODE_OK;
    }
    if (is_text(&id->scheme, "auth"))
        return expand_auth(ctx, auth_info, acl->perms, list);

    const struct server_authentication_provider *provider = provider_registry_get(ctx, &id->scheme);
    if (provider == NULL)
        return KEEPER_CODE_INVALIDACL;
    if (id->id.text == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    /* Java would write U+FFFD for what is no UTF-8, and then log other bytes than came (D-156). */
    if (!provider->is_valid(&id->id) || !is_utf8(&id->id))
        return KEEPER_CODE_INVALIDACL;
    add_fixed_entry(list, acl->perms, id);
    return KEEPER_CODE_OK;
}

/* Returns how many bytes an entry with this id has in a record. */
static size_t bytes_of(const struct zk_id *id)
{
    return 3 * sizeof(int32_t) + id->scheme.length + id->id.length;
}

/* Java: fixupACL(). An "auth" becomes as many entries as the client has ids, and a request has room
 * for thousands of them: a list that no transaction could hold is not made (D-163). */
enum keeper_code fixup_acl(struct zk_context *ctx, const struct zk_id_list *auth_info,
                           const struct zk_acl_list *acls, struct zk_acl_list *ret_list)
{
    struct zk_acl_list list = {.present = true};
    if (zk_acl_list_is_open_unsafe(acls)) { /* known to be valid, and never freed */
        *ret_list = *acls;
        return KEEPER_CODE_OK;
    }
    enum keeper_code code = acls->count > 0 ? KEEPER_CODE_OK : KEEPER_CODE_INVALIDACL;
    const size_t most_bytes = (size_t)jute_max_length(ctx);
    size_t bytes = 0;
    size_t measured = 0;
    bool *duplicate = code == KEEPER_CODE_OK ? find_duplicates(acls) : NULL;
    for (size_t i = 0; code == KEEPER_CODE_OK && i < acls->count; i++) {
        if (!duplicate[i])
            code = fixup_entry(ctx, auth_info, &acls->items[i], &list);
        while (measured < list.count)
            bytes += bytes_of(&list.items[measured++].id);
        if (bytes > most_bytes)
            code = KEEPER_CODE_INVALIDACL;
    }
    free(duplicate);
    if (code == KEEPER_CODE_OK)
        *ret_list = list;
    else
        jute_done(&zk_acl_list_record, &list);
    return code;
}

/* Returns how many bytes one "auth" becomes. */
static int64_t bytes_of_expanded_auth(struct zk_context *ctx, const struct zk_id_list *auth_info)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < auth_info->count; i++) {
        const struct zk_id *cid = &auth_info->items[i];
        const struct server_authentication_provider *provider =
            cid->scheme.text == NULL ? NULL : provider_registry_get(ctx, &cid->scheme);
        if (provider != NULL && provider->is_authenticated)
            bytes += (int64_t)bytes_of(cid);
    }
    return bytes;
}

int64_t acl_growth(struct zk_context *ctx, const struct zk_id_list *auth_info,
                   const struct zk_acl_list *acls)
{
    if (acls->count == 0 || auth_info->count == 0)
        return 0;
    const int64_t expanded = bytes_of_expanded_auth(ctx, auth_info);
    int64_t growth = 0;
    bool *duplicate = find_duplicates(acls);
    for (size_t i = 0; i < acls->count; i++) {
        const struct zk_id *id = &acls->items[i].id;
        if (duplicate[i])
            growth -= (int64_t)bytes_of(id);
        else if (is_text(&id->scheme, "auth"))
            growth += expanded - (int64_t)bytes_of(id);
    }
    free(duplicate);
    return growth;
}

/* ---- checkACL -------------------------------------------------------------------------------- */

/* A client may have 1,800 ids, and name a node whose list has 49,000 entries: to compare each with
 * each takes half a second, in which the tree or PrepRequestProcessor waits. If both are many, the
 * ids are sorted first, for each check anew: 500 ids take 60 us, and few clients have as many as
 * 32. */
enum { SORTED_FROM = 32 };

static int compare_auth_ids(const void *a, const void *b)
{
    const struct zk_id *left = *(const struct zk_id *const *)a;
    const struct zk_id *right = *(const struct zk_id *const *)b;
    int order = compare_ustrings(&left->scheme, &right->scheme);
    return order != 0 ? order : compare_ustrings(&left->id, &right->id);
}

/* Returns the ids in order, in an array that the caller frees. NULL: it is not worth it, or one of
 * them is null, which must be met in its turn. */
static const struct zk_id **sort_ids(const struct zk_id_list *ids, const struct zk_acl_list *acl)
{
    if (ids->count < SORTED_FROM || acl == NULL || acl->count < SORTED_FROM)
        return NULL;
    for (size_t i = 0; i < ids->count; i++)
        if (ids->items[i].id.text == NULL)
            return NULL;
    const struct zk_id **sorted = zk_xcalloc(ids->count, sizeof(struct zk_id *));
    for (size_t i = 0; i < ids->count; i++)
        sorted[i] = &ids->items[i];
    qsort(sorted, ids->count, sizeof *sorted, compare_auth_ids);
    return sorted;
}

/* Returns where the ids of a scheme begin among the sorted ones. */
static size_t first_of_scheme(const struct zk_id **sorted, size_t count,
                              const struct ustring *scheme)
{
    size_t low = 0;
    for (size_t high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (compare_ustrings(&sorted[middle]->scheme, scheme) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Returns OK if the entry means one of the ids, otherwise NOAUTH. */
static enum keeper_code check_entry(struct zk_context *ctx, const struct zk_id *wanted,
                                    const struct zk_id_list *ids, const struct zk_id **sorted)
{
    if (is_text(&wanted->scheme, "world") && is_text(&wanted->id, "anyone"))
        return KEEPER_CODE_OK;
    const struct server_authentication_provider *provider =
        provider_registry_get(ctx, &wanted->scheme);
    if (provider == NULL)
        return KEEPER_CODE_NOAUTH;
    if (sorted != NULL && provider->matches_equals_only) {
        bool found = bsearch(&wanted, sorted, ids->count, sizeof *sorted, compare_auth_ids) != NULL;
        return found ? KEEPER_CODE_OK : KEEPER_CODE_NOAUTH;
    }
    size_t first = sorted != NULL ? first_of_scheme(sorted, ids->count, &wanted->scheme) : 0;
    for (size_t i = first; i < ids->count; i++) {
        const struct zk_id *id = sorted != NULL ? sorted[i] : &ids->items[i];
        if (!ustring_equal(&id->scheme, &wanted->scheme)) {
            if (sorted != NULL)
                break; /* those of a scheme stand side by side */
            continue;
        }
        if (id->id.text == NULL)
            return KEEPER_CODE_MARSHALLINGERROR;
        if (provider->matches(&id->id, &wanted->id))
            return KEEPER_CODE_OK;
    }
    return KEEPER_CODE_NOAUTH;
}

/* Java: ZooKeeperServer.skipACL */
static bool is_skip_acl(const struct zk_context *ctx)
{
    const char *value = zk_settings_get(ctx, "zookeeper.skipACL");
    return value != NULL && strcmp(value, "yes") == 0;
}

/* Java: ZooKeeperServer.checkACL() */
enum keeper_code check_acl(struct zk_context *ctx, const struct zk_acl_list *acl, int32_t perm,
                           const struct zk_id_list *ids)
{
    if ((acl != NULL && acl->count == 0) || is_skip_acl(ctx))
        return KEEPER_CODE_OK;
    if (!ids->present)
        return KEEPER_CODE_MARSHALLINGERROR;
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->items[i].scheme.text == NULL)
            return KEEPER_CODE_MARSHALLINGERROR;
        if (is_text(&ids->items[i].scheme, "super"))
            return KEEPER_CODE_OK;
    }
    enum keeper_code code = KEEPER_CODE_NOAUTH;
    const struct zk_id **sorted = sort_ids(ids, acl);
    for (size_t i = 0; acl != NULL && code == KEEPER_CODE_NOAUTH && i < acl->count; i++)
        if ((acl->items[i].perms & perm) != 0)
            code = check_entry(ctx, &acl->items[i].id, ids, sorted);
    free(sorted);
    return code;
}
