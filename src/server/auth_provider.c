/* What each scheme takes for an id, and how a client proves one. Java:
 * server.auth.ProviderRegistry, IPAuthenticationProvider, DigestAuthenticationProvider */
#include "zk/server/auth_provider.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/sha.h"
#include "zk/base/str.h"
#include "zk/base/utf8.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_cnxn.h"

/* Gives the connection an id. Returns AUTHFAILED: it has too many (D-200). */
static enum keeper_code add_id(struct server_cnxn *cnxn, const char *scheme, const char *id)
{
    return server_cnxn_add_auth_info(cnxn, scheme, id) < 0 ? KEEPER_CODE_AUTHFAILED
                                                           : KEEPER_CODE_OK;
}

/* ---- ip -------------------------------------------------------------------------------------- */

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

/* Reads "10.1.0.0/16": an address, and how many of its bits count. */
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

/* Java: AuthenticationProvider.getUserName() */
static struct ustring whole_id(const struct ustring *id)
{
    return *id;
}

/* ---- digest ---------------------------------------------------------------------------------- */

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

/* Java: DigestAuthenticationProvider.getUserName() */
static struct ustring digest_get_user_name(const struct ustring *id)
{
    const char *colon = memchr(id->text, ':', id->length);
    return (struct ustring){.text = id->text,
                            .length = colon != NULL ? (size_t)(colon - id->text) : id->length};
}

/* Java: new String(bytes): what is no UTF-8 becomes U+FFFD. */
static void decode_text(const struct buf *auth, struct zk_str *ret_text)
{
    size_t used;
    for (size_t at = 0; at < auth->length; at += used) {
        const char *next = (const char *)auth->bytes + at;
        bool is_good = zk_utf8_decode(next, auth->length - at, &used) >= 0;
        zk_str_append_bytes(ret_text, is_good ? next : "\xef\xbf\xbd", is_good ? used : 3);
    }
}

/* Appends the hash of a text in base64. False: the setting names an algorithm that is not built. */
static bool append_hash(const char *algorithm, const struct zk_str *text, struct zk_str *digest)
{
    uint8_t hash[ZK_SHA256_BYTES];
    char base64[ZK_BASE64_MAX];
    size_t length = ZK_SHA1_BYTES;
    switch (zk_hash_named(algorithm)) {
    case ZK_HASH_SHA1:
        zk_sha1(zk_str_text(text), text->length, hash);
        break;
    case ZK_HASH_SHA256:
        zk_sha256(zk_str_text(text), text->length, hash);
        length = ZK_SHA256_BYTES;
        break;
    case ZK_HASH_UNKNOWN: /* a peer with such a setting does not start (D-28) */
        return false;
    }
    zk_base64_encode(hash, length, base64);
    zk_str_append(digest, base64);
    return true;
}

/* "user:password" becomes "user:" and the hash of the whole; a text without a colon is a user
 * without a password. Java: generateDigest() */
static bool generate_digest(struct zk_context *ctx, const struct zk_str *id_password,
                            struct zk_str *ret_digest)
{
    const char *algorithm =
        zk_settings_get(ctx, "zookeeper.DigestAuthenticationProvider.digestAlg");
    const char *text = zk_str_text(id_password);
    const char *colon = memchr(text, ':', id_password->length);
    zk_str_append_bytes(ret_digest, text,
                        colon != NULL ? (size_t)(colon - text) : id_password->length);
    zk_str_append(ret_digest, ":");
    return append_hash(algorithm != NULL ? algorithm : "SHA1", id_password, ret_digest);
}

/* Whoever has the digest of the superuser is the superuser besides. Java:
 * DigestAuthenticationProvider.handleAuthentication() */
static enum keeper_code digest_handle_authentication(struct zk_context *ctx,
                                                     struct server_cnxn *cnxn,
                                                     const struct buf *auth)
{
    const char *super_digest =
        zk_settings_get(ctx, "zookeeper.DigestAuthenticationProvider.superDigest");
    struct zk_str id = {0};
    struct zk_str digest = {0};
    if (auth == NULL)
        return KEEPER_CODE_AUTHFAILED;
    decode_text(auth, &id);
    enum keeper_code code =
        generate_digest(ctx, &id, &digest) ? KEEPER_CODE_OK : KEEPER_CODE_AUTHFAILED;
    /* Ids end with a zero byte. A user whose name has one would become another (D-310). */
    if (strlen(zk_str_text(&digest)) != digest.length)
        code = KEEPER_CODE_AUTHFAILED;
    if (code == KEEPER_CODE_OK && super_digest != NULL &&
        strcmp(zk_str_text(&digest), super_digest) == 0)
        code = add_id(cnxn, "super", "");
    if (code == KEEPER_CODE_OK)
        code = add_id(cnxn, "digest", zk_str_text(&digest));
    zk_str_done(&digest);
    zk_str_done(&id);
    return code;
}

/* ---- the registry ---------------------------------------------------------------------------- */

static const struct server_authentication_provider ip_provider = {
    .scheme = "ip",
    .is_valid = ip_is_valid,
    .matches = ip_matches,
    .get_user_name = whole_id,
};

static const struct server_authentication_provider digest_provider = {
    .scheme = "digest",
    .is_authenticated = true,
    .is_valid = digest_is_valid,
    .matches = digest_matches,
    .matches_equals_only = true,
    .get_user_name = digest_get_user_name,
    .handle_authentication = digest_handle_authentication,
};

static bool is_scheme(const struct server_authentication_provider *provider,
                      const struct ustring *scheme)
{
    return scheme->text != NULL && scheme->length == strlen(provider->scheme) &&
           memcmp(scheme->text, provider->scheme, scheme->length) == 0;
}

/* Java: ProviderRegistry.getServerProvider() */
const struct server_authentication_provider *provider_registry_get(struct zk_context *ctx,
                                                                   const struct ustring *scheme)
{
    if (is_scheme(&ip_provider, scheme))
        return &ip_provider;
    if (is_scheme(&digest_provider, scheme) &&
        zk_settings_get_boolean(ctx, "zookeeper.DigestAuthenticationProvider.enabled", true))
        return &digest_provider;
    return NULL;
}
