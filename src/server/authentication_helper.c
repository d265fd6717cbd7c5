/* Clients that must say who they are. Java: server.AuthenticationHelper */
#include "server/authentication_helper.h"

#include <stdlib.h>
#include <string.h>

#include "zk/jute/auth_info.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_cnxn.h"

static bool has_scheme(const struct authentication_helper *helper, const struct zk_id *id);

/* Java: initConfigurations(). The configuration has been checked before, as
 * validateConfiguredProperties() does it (D-311). */
void authentication_helper_init(struct authentication_helper *helper, struct zk_context *ctx)
{
    struct zk_strings schemes = {0};
    *helper = (struct authentication_helper){.enforce_auth_enabled = zk_settings_get_boolean(
                                                 ctx, "zookeeper.enforce.auth.enabled", false)};
    const char *setting = zk_settings_get(ctx, "zookeeper.enforce.auth.schemes");
    if (!helper->enforce_auth_enabled)
        return;
    if (setting != NULL)
        zk_split(setting, ',', &schemes);
    for (size_t i = 0; i < schemes.count; i++)
        zk_strings_add(&helper->enforce_auth_schemes, zk_trim(schemes.items[i]));
    zk_strings_done(&schemes);
}

void authentication_helper_done(struct authentication_helper *helper)
{
    zk_strings_done(&helper->enforce_auth_schemes);
}

/* Java: isCnxnAuthenticated() */
static bool is_cnxn_authenticated(const struct authentication_helper *helper,
                                  struct server_cnxn *cnxn)
{
    bool authenticated = false;
    struct shared_ids *ids = server_cnxn_get_auth_info(cnxn);
    for (size_t i = 0; ids != NULL && i < ids->list.count && !authenticated; i++)
        authenticated = has_scheme(helper, &ids->list.items[i]);
    shared_ids_unref(ids);
    return authenticated;
}

static bool has_scheme(const struct authentication_helper *helper, const struct zk_id *id)
{
    for (size_t i = 0; i < helper->enforce_auth_schemes.count; i++)
        if (id->scheme.text != NULL &&
            strcmp(helper->enforce_auth_schemes.items[i], id->scheme.text) == 0)
            return true;
    return false;
}

bool authentication_helper_enforce(const struct authentication_helper *helper,
                                   struct zk_context *ctx, struct server_cnxn *cnxn, int32_t xid)
{
    if (!helper->enforce_auth_enabled || is_cnxn_authenticated(helper, cnxn))
        return true;
    struct reply_header header = {.xid = xid, .err = KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH};
    zk_log(ctx, ZK_LOG_CLIENT_NOT_AUTHENTICATED, cnxn->remote_address);
    cnxn->ops->send_response(cnxn, &header, NULL);
    cnxn->ops->send_close_session(cnxn);
    if (cnxn->ops->disable_recv != NULL)
        cnxn->ops->disable_recv(cnxn);
    return false;
}
