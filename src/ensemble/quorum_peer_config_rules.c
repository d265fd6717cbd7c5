/* Rules between the keys of zoo.cfg: what must be there, what goes with what, what follows from
 * what. Java: QuorumPeerConfig.parseProperties(), after its loop */
#include <inttypes.h>
#include <string.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

static void set_snap_retain_count(struct config_parser *parser);
static int set_directories(struct config_parser *parser);
static int set_client_port(struct config_parser *parser);
static int check_secure_client_port(struct config_parser *parser);
static int set_session_timeouts(struct config_parser *parser);
static int check_readonly_mode(struct config_parser *parser);
static int check_enforced_schemes(struct config_parser *parser);
static void check_admin_address(struct config_parser *parser);

int config_apply_rules(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    int r = set_directories(parser);
    if (r == 0)
        r = set_client_port(parser);
    if (r == 0)
        r = check_secure_client_port(parser);
    if (r == 0)
        r = config_apply_server_rules(parser);
    if (r < 0)
        return r;
    set_snap_retain_count(parser);

    /* Java: QuorumPeer.setQuorumCnxnThreadsSize() */
    if (config->quorum_cnxn_threads_size < QUORUM_CNXN_THREADS_SIZE_DEFAULT)
        config->quorum_cnxn_threads_size = QUORUM_CNXN_THREADS_SIZE_DEFAULT;
    if (config->reconfig_enabled)
        zk_log(parser->ctx, ZK_LOG_CONFIG_RECONFIG);
    return 0;
}

int config_apply_server_rules(struct config_parser *parser)
{
    int r = set_session_timeouts(parser);
    if (r == 0)
        r = config_check_times(parser);
    if (r == 0)
        r = check_readonly_mode(parser);
    if (r == 0)
        r = check_enforced_schemes(parser);
    if (r == 0)
        check_admin_address(parser);
    return r;
}

/* Java: MIN_SNAP_RETAIN_COUNT */
enum { FEWEST_SNAPSHOTS = 3 };

static void set_snap_retain_count(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    if (config->snap_retain_count >= FEWEST_SNAPSHOTS)
        return;
    zk_log(parser->ctx, ZK_LOG_CONFIG_SNAP_RETAIN_COUNT, config->snap_retain_count,
           (int32_t)FEWEST_SNAPSHOTS);
    config->snap_retain_count = FEWEST_SNAPSHOTS;
}

static int set_directories(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    if (config->data_dir == NULL)
        return config_fail(parser, parser->path, NULL, "add a line dataDir=/path",
                           "dataDir is not set");
    if (config->data_log_dir == NULL)
        config->data_log_dir = zk_xstrdup(config->data_dir);
    return 0;
}

static int set_client_port(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    const char *host = parser->client_port_address;
    int32_t port = parser->client_port;
    if (port == 0) {
        zk_log(parser->ctx, ZK_LOG_CONFIG_NO_CLIENT_PORT);
        if (host != NULL)
            return config_fail(parser, parser->path, config_find(parser, "clientPortAddress"),
                               "add a line clientPort=2181",
                               "clientPortAddress is set but clientPort is not set");
        return 0;
    }
    if (host == NULL) {
        config->client_port_address = inet_address_any((uint16_t)port);
    } else {
        inet_address_resolve(parser->ctx, host, (uint16_t)port, &config->client_port_address);
        if (config->client_port_address.family == INET_UNRESOLVED)
            return config_fail(parser, parser->path, config_find(parser, "clientPortAddress"),
                               "write an address of this machine, or a name that it knows",
                               "%s: Name or service not known", host);
    }
    if (port < 0 || port > UINT16_MAX)
        return config_fail(parser, parser->path, config_find(parser, "clientPort"),
                           "write a port from 1 to 65535", "port out of range:%" PRId32, port);
    config->has_client_port = true;
    zk_log(parser->ctx, ZK_LOG_CONFIG_CLIENT_PORT,
           inet_host_port_text(&config->client_port_address).text);
    return 0;
}

/* A port that opens something is refused where its key is read; a negative one opens nothing and is
 * wrong all the same. */
static int check_secure_client_port(struct config_parser *parser)
{
    if (parser->secure_client_port < 0)
        return config_fail(parser, parser->path, config_find(parser, "secureClientPort"),
                           "remove the line: TLS for clients is not served by zkpeer",
                           "port out of range:%" PRId32, parser->secure_client_port);
    if (parser->secure_client_port_address != NULL)
        return config_fail(parser, parser->path, config_find(parser, "secureClientPortAddress"),
                           "remove the line: TLS for clients is not served by zkpeer",
                           "secureClientPortAddress is set but secureClientPort is not set");
    return 0;
}

/* Java's int multiplication: it wraps. */
static int32_t times(int32_t number, uint32_t factor)
{
    return (int32_t)((uint32_t)number * factor);
}

static int set_session_timeouts(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    if (config->tick_time_ms == 0)
        return config_fail(parser, parser->path, config_find(parser, "tickTime"),
                           "write a number of milliseconds, such as tickTime=2000",
                           "tickTime is not set");
    if (config->min_session_timeout_ms == -1)
        config->min_session_timeout_ms = times(config->tick_time_ms, 2);
    if (config->max_session_timeout_ms == -1)
        config->max_session_timeout_ms = times(config->tick_time_ms, 20);
    if (config->min_session_timeout_ms <= config->max_session_timeout_ms)
        return 0;

    static const char *const CULPRITS[] = {"minSessionTimeout", "maxSessionTimeout", "tickTime"};
    const struct zk_property *culprit = NULL;
    for (size_t i = 0; i < sizeof CULPRITS / sizeof *CULPRITS && culprit == NULL; i++)
        culprit = config_find(parser, CULPRITS[i]);
    return config_fail(parser, parser->path, culprit,
                       "unless set, they are 2 and 20 times tickTime, which must be positive",
                       "minSessionTimeout must not be larger than maxSessionTimeout");
}

/* Java looks at the system property only, and a line of zoo.cfg gets another name than that: it has
 * no effect in Java. A person who writes it wants read-only mode, so it is refused. */
static int check_readonly_mode(struct config_parser *parser)
{
    static const char KEY[] = "readonlymode.enabled";
    if (!zk_settings_get_boolean(parser->ctx, "zookeeper.readonlymode.enabled", false))
        return 0;
    const struct zk_property *line = config_find(parser, KEY);
    return config_fail(parser,
                       line != NULL ? parser->path : "-Dzookeeper.readonlymode.enabled=true", line,
                       "start with -Dreadonlymode.enabled=true",
                       "read-only mode is an option of the command line");
}

/* Returns whether clients can authenticate with this scheme: whether provider_registry_get() has
 * it. */
static bool scheme_is_available(struct zk_context *ctx, const char *scheme)
{
    static const char DIGEST_ENABLED[] = "zookeeper.DigestAuthenticationProvider.enabled";
    return strcmp(scheme, "ip") == 0 ||
           (strcmp(scheme, "digest") == 0 && zk_settings_get_boolean(ctx, DIGEST_ENABLED, true));
}

/* A server that demands a scheme in which nobody can authenticate would turn every client away
 * (D-311).
 * Java: AuthenticationHelper.validateConfiguredProperties() */
static int check_enforced_schemes(struct config_parser *parser)
{
    static const char ENABLED[] = "zookeeper.enforce.auth.enabled";
    static const char SCHEMES[] = "zookeeper.enforce.auth.schemes";
    const char *setting = zk_settings_get(parser->ctx, SCHEMES);
    struct zk_strings schemes = {0};
    int r = 0;
    if (!zk_settings_get_boolean(parser->ctx, ENABLED, false))
        return 0;
    if (setting != NULL)
        zk_split(setting, ',', &schemes);
    if (schemes.count == 0) {
        const struct zk_property origin =
            config_origin(parser, setting != NULL ? SCHEMES : ENABLED);
        r = config_refuse_setting(parser, &origin,
                                  "name one: enforce.auth.schemes=digest, or remove this",
                                  "%s is true, %s must be configured", ENABLED, SCHEMES);
    }
    for (size_t i = 0; r == 0 && i < schemes.count; i++) {
        const struct zk_property origin = config_origin(parser, SCHEMES);
        const char *scheme = zk_trim(schemes.items[i]);
        if (!scheme_is_available(parser->ctx, scheme))
            r = config_refuse_setting(parser, &origin,
                                      "write digest, the only scheme that a client of zkpeer "
                                      "can prove (every client has the other one, ip)",
                                      "Authentication scheme %s is not available", scheme);
    }
    zk_strings_done(&schemes);
    return r;
}

/* No server can listen at a name that nobody knows. What follows from it differs: a member of an
 * ensemble goes on without its admin server, a server alone does not start (D-288).
 * Java: JettyAdminServer.start() */
static void check_admin_address(struct config_parser *parser)
{
    static const char ADDRESS[] = "zookeeper.admin.serverAddress";
    const struct zk_property origin = config_origin(parser, ADDRESS);
    struct inet_address address;
    if (origin.value == NULL ||
        !zk_settings_get_boolean(parser->ctx, "zookeeper.admin.enableServer", true))
        return;
    inet_address_resolve(parser->ctx, origin.value, 0, &address);
    if (address.family != INET_UNRESOLVED)
        return;
    parser->config.admin_address_is_unknown = true;
    config_no_effect(parser, &origin,
                     "this name is not known here now, so no admin server can listen",
                     "write an address of this machine, or a name that it knows");
}
