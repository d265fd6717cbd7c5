/* ACL lists made and asked. Java: PrepRequestProcessor.fixupACL(), ZooKeeperServer.checkACL(),
 * IPAuthenticationProvider, DigestAuthenticationProvider */
#include "zk/server/acl_checks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/str.h"
#include "zk/base/utf8.h"
#include "zk/jute/record.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

static bool is_text(const struct ustring *string, const char *text)
{
    return string->text != NULL && string->length == strlen(text) &&
           memcmp(string->text, text, string->length) == 0;
}

/* ---- providers ------------------------------------------------------------------------------- */

/* Java: ServerAuthenticationProvider */
struct server_authentication_provider {
    const char *scheme;
    bool is_authenticated; /* its ids are proved, so that "auth" stands for them */
    bool (*is_valid)(const struct ustring *id);
    bool (*matches)(const struct ustring *id, const struct ustring *acl_expr);
};

enum { V4_BYTES = 4, V4_BITS = 32 };

/* Java: v4addr2Bytes(). Each part is what Integer.parseInt() takes, so "+1" is a part. */
static bool v4addr_to_bits(const char *text, size_t length, uint32_t *ret_bits)
{
    uint32_t bits = 0;
    size_t parts = 0;
    for (const char *end = text + length;; parts++) {
        const char *dot = memchr(text, '.', (size_t)(end - text));
        size_t part_length = (size_t)((dot != NULL ? dot : end) - text);
        char part[16];
        int32_t value;
        if (parts == V4_BYTES || part_length >= sizeof part)
            return false;
        memcpy(part, text, part_length);
        part[part_length] = '\0';
        if (strlen(part) != part_length || !zk_parse_int(part, &value) || value < 0 || value > 255)
            return false;
        bits = bits << 8 | (uint32_t)value;
        if (dot == NULL)
            break;
        text = dot + 1;
    }
    *ret_bits = bits;
    return parts + 1 == V4_BYTES;
}

/* "10.1.0.0/16": an address, and how many of its bits count. */
static bool parse_ip_acl(const struct ustring *expr, uint32_t *ret_bits, uint32_t *ret_mask)
{
    const char *slash = memchr(expr->text, '/', expr->length);
    size_t address_length = slash != NULL ? (size_t)(slash - expr->text) : expr->length;
    int32_t count = V4_BITS;
    if (!v4addr_to_bits(expr->text, address_length, ret_bits))
        return false;
    /* The text behind the slash ends with a zero byte; one in its middle makes it no number. */
    if (slash != NULL && (strlen(slash) != expr->length - address_length ||
                          !zk_parse_int(slash + 1, &count) || count < 0 || count > V4_BITS))
        return false;
    *ret_mask = count == 0 ? 0 : UINT32_MAX << (V4_BITS - count);
    return true;
}

/* Java: IPAuthenticationProvider.isValid(). Version 6 is valid only from 3.9.4 on. */
static bool ip_is_valid(const struct ustring *id)
{
    uint32_t bits;
    uint32_t mask;
    return parse_ip_acl(id, &bits, &mask);
}

/* Java: IPAuthenticationProvider.matches() */
static bool ip_matches(const struct ustring *id, const struct ustring *acl_expr)
{
    uint32_t wanted;
    uint32_t mask;
    uint32_t remote;
    return parse_ip_acl(acl_expr, &wanted, &mask) &&
           v4addr_to_bits(id->text, id->length, &remote) && (remote & mask) == (wanted & mask);
}

/* Java: DigestAuthenticationProvider.isValid(): split(":") has two parts. Empty parts at the end
 * vanish, others count: ":b" has two, "a:" and "a:b:" have one and two. */
static bool digest_is_valid(const struct ustring *id)
{
    size_t length = id->length;
    while (length > 0 && id->text[length - 1] == ':')
        length--;
    const char *colon = memchr(id->text, ':', length);
    if (colon == NULL)
        return false;
    size_t rest = length - (size_t)(colon + 1 - id->text);
    return memchr(colon + 1, ':', rest) == NULL;
}

/* Java: DigestAuthenticationProvider.matches() */
static bool digest_matches(const struct ustring *id, const struct ustring *acl_expr)
{
    return ustring_equal(id, acl_expr);
}

static const struct server_authentication_provider ip_provider = {
    .scheme = "ip",
    .is_valid = ip_is_valid,
    .matches = ip_matches,
};

static const struct server_authentication_provider digest_provider = {
    .scheme = "digest",
    .is_authenticated = true,
    .is_valid = digest_is_valid,
    .matches = digest_matches,
};

/* Java: ProviderRegistry.getServerProvider(). NULL: there is no such scheme. Those that Java loads
 * by the name of a class are not built. */
static const struct server_authentication_provider *get_server_provider(
    struct zk_context *ctx, const struct ustring *scheme)
{
    if (is_text(scheme, ip_provider.scheme))
        return &ip_provider;
    if (is_text(scheme, digest_provider.scheme) &&
        zk_settings_get_boolean(ctx, "zookeeper.DigestAuthenticationProvider.enabled", true))
        return &digest_provider;
    return NULL;
}

/* ---- fixupACL -------------------------------------------------------------------------------- */

/* An entry that repeats an earlier one. Java: removeDuplicates() */
static bool is_duplicate(const struct zk_acl_list *acls, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (jute_equal(&zk_acl_record, &acls->items[i], &acls->items[index]))
            return true;
    return false;
}

static void add_fixed_entry(struct zk_acl_list *list, int32_t perms, const struct zk_id *id)
{
    struct zk_acl *acl = jute_list_add(&zk_acl_record, list);
    acl->perms = perms;
    jute_copy(&zk_id_record, &acl->id, id);
}

/* "auth": the client's proved ids, in the order in which its connection has them. */
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
            get_server_provider(ctx, &cid->scheme);
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

/* One entry of a client's list: what it becomes is appended to list. */
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

    const struct server_authentication_provider *provider = get_server_provider(ctx, &id->scheme);
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

/* Java: fixupACL() */
enum keeper_code fixup_acl(struct zk_context *ctx, const struct zk_id_list *auth_info,
                           const struct zk_acl_list *acls, struct zk_acl_list *ret_list)
{
    struct zk_acl_list list = {.present = true};
    enum keeper_code code = acls->count > 0 ? KEEPER_CODE_OK : KEEPER_CODE_INVALIDACL;
    for (size_t i = 0; code == KEEPER_CODE_OK && i < acls->count; i++)
        if (!is_duplicate(acls, i))
            code = fixup_entry(ctx, auth_info, &acls->items[i], &list);
    if (code == KEEPER_CODE_OK)
        *ret_list = list;
    else
        jute_done(&zk_acl_list_record, &list);
    return code;
}

/* ---- checkACL -------------------------------------------------------------------------------- */

/* Whether one of the ids is the one that the entry is for. */
static enum keeper_code check_entry(struct zk_context *ctx, const struct zk_id *wanted,
                                    const struct zk_id_list *ids)
{
    if (is_text(&wanted->scheme, "world") && is_text(&wanted->id, "anyone"))
        return KEEPER_CODE_OK;
    const struct server_authentication_provider *provider =
        get_server_provider(ctx, &wanted->scheme);
    for (size_t i = 0; provider != NULL && i < ids->count; i++) {
        const struct zk_id *id = &ids->items[i];
        if (!ustring_equal(&id->scheme, &wanted->scheme))
            continue;
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
    for (size_t i = 0; acl != NULL && code == KEEPER_CODE_NOAUTH && i < acl->count; i++)
        if ((acl->items[i].perms & perm) != 0)
            code = check_entry(ctx, &acl->items[i].id, ids);
    return code;
}
