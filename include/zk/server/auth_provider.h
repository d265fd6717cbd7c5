/* The schemes by which a client can show who it is, and an ACL can name it. Java:
 * server.auth.ProviderRegistry, IPAuthenticationProvider, DigestAuthenticationProvider
 *
 * "world" and "auth" are no providers: ACL lists know them by themselves (acl_checks.h). Those that
 * Java loads by the name of a class (sasl, x509) are not built. Pure functions but for what
 * settings say; any thread. */
#ifndef ZK_SERVER_AUTH_PROVIDER_H
#define ZK_SERVER_AUTH_PROVIDER_H

#include <stdbool.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"

struct server_cnxn;
struct zk_context;

/* Java: ServerAuthenticationProvider */
struct server_authentication_provider {
    const char *scheme;
    /* Its ids are proved, so that "auth" in a list stands for them. Java: isAuthenticated() */
    bool is_authenticated;
    /* Java: isValid(). Whether an ACL may have such an id. */
    bool (*is_valid)(const struct ustring *id);
    /* Java: matches(). Whether a client with this id is meant by an entry of a list. */
    bool (*matches)(const struct ustring *id, const struct ustring *acl_expr);
    /* An entry means the client that has the very same id, and no other. */
    bool matches_equals_only;
    /* Java: getUserName(). What whoAmI shows of an id; a part of it, and lives as long as it. */
    struct ustring (*get_user_name)(const struct ustring *id);
    /* Java: handleAuthentication(). Gives the connection the ids that auth proves, which came in an
     * auth packet; auth NULL is Java's null. Returns OK, or AUTHFAILED: the client is refused. The
     * pointer is NULL if nothing is to be done, because every connection has such an id from the
     * beginning, as it has its address. */
    enum keeper_code (*handle_authentication)(struct zk_context *ctx, struct server_cnxn *cnxn,
                                              const struct buf *auth);
};

/* Java: ProviderRegistry.getServerProvider(). NULL: there is no such scheme. */
const struct server_authentication_provider *provider_registry_get(struct zk_context *ctx,
                                                                   const struct ustring *scheme);

#endif
