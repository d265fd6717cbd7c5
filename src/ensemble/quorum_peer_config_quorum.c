/* Which servers are in the ensemble, and which of them we are.
 * Java: QuorumPeerConfig.setupQuorumPeerConfig() */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "ensemble/quorum_verifier_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/file.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

/* Only the first line is read; nobody writes a longer file. */
enum { MYID_FILE_LIMIT = 64 * 1024 };

static int fail_in_quorum(struct config_parser *parser, const char *file,
                          const struct zk_properties *properties, const char *words, int line);
static bool is_distributed(const struct quorum_peer_config *config);
static int check_shared_ports(struct config_parser *parser, const char *file,
                              const struct zk_properties *properties);
static int check_ids(struct config_parser *parser, const char *file,
                     const struct zk_properties *properties);
static int setup_my_id(struct config_parser *parser);
static int setup_client_port(struct config_parser *parser, const char *file);
static void setup_peer_type(struct config_parser *parser);
static int check_validity(struct config_parser *parser);
static int check_port_clash(struct config_parser *parser, const char *file);
static void warn_of_oracle(struct config_parser *parser, const char *file,
                           const struct zk_properties *properties);

int config_setup_quorum(struct config_parser *parser, const char *file,
                        const struct zk_properties *properties, bool config_backward_compatible)
{
    struct quorum_peer_config *config = &parser->config;
    char *words = NULL;
    int line = 0;
    const struct qv_options options = {.config_backward_compatible = config_backward_compatible,
                                       .from_file = true,
                                       .standalone_enabled = config->standalone_enabled,
                                       .oracle_path = config->oracle_path};
    int r = qv_parse_dynamic_config(parser->ctx, properties, &options, &config->quorum_verifier,
                                    &words, &line);
    if (r < 0)
        r = fail_in_quorum(parser, file, properties, words, line);
    free(words);
    if (r == 0)
        config->distributed = is_distributed(config);
    if (r == 0)
        r = config_check_cnx_timeout(parser);
    if (r == 0)
        r = check_shared_ports(parser, file, properties);
    if (r == 0)
        r = check_ids(parser, file, properties);
    if (r == 0)
        r = setup_my_id(parser);
    if (r == 0)
        r = setup_client_port(parser, file);
    if (r < 0)
        return r;
    setup_peer_type(parser);
    r = check_validity(parser);
    if (r == 0)
        r = check_port_clash(parser, file);
    if (r == 0)
        warn_of_oracle(parser, file, properties);
    return r;
}

int config_setup_next(struct config_parser *parser, const char *file,
                      const struct zk_properties *properties)
{
    char *words = NULL;
    int line = 0;
    struct qv_source source = {parser->ctx, properties, true, &words, &line};
    /* Java makes this verifier without an oracle. */
    int r = qv_create(&source, qv_is_hierarchical(properties), NULL,
                      &parser->config.last_seen_quorum_verifier);
    if (r < 0)
        r = fail_in_quorum(parser, file, properties, words, line);
    free(words);
    return r;
}

/* Returns what would be right, by the key of the line at fault. */
static const char *advice_for(const char *key)
{
    if (strncmp(key, "server.", 7) == 0)
        return "write server.N=host:quorumPort:electionPort[:participant|observer]"
               "[;[host:]clientPort], ports from 0 to 65535, and put each participant into one "
               "group if there are groups; several addresses need "
               "-Dzookeeper.multiAddress.enabled=true";
    if (strncmp(key, "group", 5) == 0)
        return "write group.G=N:N:N, each participant in one group, no blanks";
    if (strncmp(key, "weight", 6) == 0)
        return "write weight.N=number, no blanks";
    if (strcmp(key, "version") == 0)
        return "write the version in hex, or remove the line";
    return "keep only server., group. and weight. lines in this file";
}

/* Java reads the lines in the order of its hash table, and names whichever bad one comes first
 * there. A person reads from top to bottom: this finds the first bad line about a server, and
 * says what is wrong with it. Returns false if none of them is bad by itself. */
static bool first_bad_server(struct config_parser *parser, const struct zk_properties *properties,
                             const struct zk_property **ret_property, char **ret_words)
{
    const struct zk_property **items = config_by_line(properties);
    bool found = false;
    for (size_t i = 0; i < properties->count && !found; i++) {
        struct quorum_server server;
        int64_t sid = 0;
        int line = 0;
        struct qv_source source = {parser->ctx, properties, false, ret_words, &line};
        if (strncmp(zk_trim_start(items[i]->key), "server.", 7) != 0)
            continue;
        int r = qv_parse_key_id(&source, items[i], &sid);
        if (r == 0)
            r = quorum_server_parse(parser->ctx, sid, items[i]->value, false, &server, ret_words);
        if (r == 0)
            quorum_server_done(&server);
        found = r < 0;
        *ret_property = items[i];
    }
    free(items);
    return found;
}

/* Blanks behind a value cannot be seen, and Java does not overlook them there. */
static size_t count_last_blanks(const char *value)
{
    size_t length = strlen(value);
    size_t text = length;
    while (text > 0 && (value[text - 1] == ' ' || value[text - 1] == '\t'))
        text--;
    return length - text;
}

static int fail_at_line(struct config_parser *parser, const char *file,
                        const struct zk_property *property, const char *words)
{
    size_t blanks = count_last_blanks(property->value);
    struct zk_str advice = {0};
    if (blanks > 0)
        zk_str_printf(&advice, "remove the %zu blank%s at the end of the line", blanks,
                      blanks == 1 ? "" : "s");
    else
        zk_str_append(&advice, advice_for(property->key));
    int r = config_fail(parser, file, property, zk_str_text(&advice), "%s", words);
    zk_str_done(&advice);
    return r;
}

static int fail_in_quorum(struct config_parser *parser, const char *file,
                          const struct zk_properties *properties, const char *words, int line)
{
    const struct zk_property *first = NULL;
    char *first_words = NULL;
    if (line > 0 && first_bad_server(parser, properties, &first, &first_words)) {
        int r = fail_at_line(parser, file, first, first_words);
        free(first_words);
        return r;
    }
    for (size_t i = 0; i < properties->count && line > 0; i++) {
        const struct zk_property *property = &properties->items[i];
        if (property->line == line)
            return fail_at_line(parser, file, property, words);
    }
    return config_fail(parser, file, NULL, "add a line server.N=host:port:port per participant",
                       "%s", words);
}

/* Java: QuorumPeerConfig.isDistributed(). If not, one server serves alone, and elects nobody. */
static bool is_distributed(const struct quorum_peer_config *config)
{
    return !config->standalone_enabled || config->quorum_verifier->voting.count > 1;
}

/* Java: QuorumPeerConfig.setupMyId(), which nobody calls where there is no zoo.cfg */
static int setup_my_id(struct config_parser *parser)
{
    if (parser->has_no_file)
        return 0;
    struct zk_str path = {0};
    struct zk_str text = {0};
    int r = 0;
    zk_str_printf(&path, "%s/myid", parser->config.data_dir);
    if (!file_is_regular(zk_str_text(&path)))
        goto out;
    r = file_read(zk_str_text(&path), MYID_FILE_LIMIT, &text);
    if (r < 0) {
        r = config_fail(parser, zk_str_text(&path), NULL, "make it a file that this user can read",
                        "%s (%s)", zk_str_text(&path), zk_error_text(r).text);
        goto out;
    }

    const bool is_empty = text.length == 0;
    if (!zk_str_parse_first_line(&text, &parser->config.my_id)) {
        r = config_fail(parser, zk_str_text(&path), NULL,
                        "write only the N of this server's line server.N, without blanks",
                        "serverid %s is not a number", is_empty ? "null" : zk_str_text(&text));
        goto out;
    }
    zk_context_set_myid(parser->ctx, parser->config.my_id);
out:
    zk_str_done(&path);
    zk_str_done(&text);
    return r;
}

/* Java: QuorumPeerConfig.setupClientPort() */
static int setup_client_port(struct config_parser *parser, const char *file)
{
    struct quorum_peer_config *config = &parser->config;
    const struct inet_address *from_static = &config->client_port_address;
    if (config->my_id == -1)
        return 0;
    const struct quorum_server *me = qv_member(config->quorum_verifier, config->my_id);
    if (me == NULL)
        return 0;

    if (!me->has_client_addr) {
        if (!config->has_client_port)
            return 0;
        struct quorum_verifier *changed =
            qv_with_static_client_addr(config->quorum_verifier, config->my_id, from_static);
        qv_unref(config->quorum_verifier);
        config->quorum_verifier = changed;
        return 0;
    }
    if (config->has_client_port) {
        bool agrees = inet_address_is_wildcard(from_static)
                          ? from_static->port == me->client_addr.port
                          : inet_address_equal(from_static, &me->client_addr);
        if (!agrees) {
            return config_fail(
                parser, file, NULL, "remove clientPort (and clientPortAddress), or make both agree",
                "client address for this server (id = %" PRId64
                ") in static config file is %s is different from client address "
                "found in dynamic file: %s",
                config->my_id, inet_text(from_static).text, inet_text(&me->client_addr).text);
        }
    }
    config->client_port_address = me->client_addr;
    config->has_client_port = true;
    return 0;
}

/* Java: QuorumPeerConfig.setupPeerType() */
static void setup_peer_type(struct config_parser *parser)
{
    struct quorum_peer_config *config = &parser->config;
    enum learner_type by_list = long_set_has(&config->quorum_verifier->observing, config->my_id)
                                    ? LEARNER_TYPE_OBSERVER
                                    : LEARNER_TYPE_PARTICIPANT;
    if (by_list == config->peer_type)
        return;
    zk_log(parser->ctx, ZK_LOG_CONFIG_PEER_TYPE, learner_type_upper_name(by_list),
           learner_type_upper_name(config->peer_type));
    config_add_warning(parser, "peerType says %s, the list of servers says %s: the list counts",
                       learner_type_upper_name(config->peer_type),
                       learner_type_upper_name(by_list));
    config->peer_type = by_list;
}

/* Java: QuorumPeerConfig.checkValidity() */
static int check_validity(struct config_parser *parser)
{
    const struct quorum_peer_config *config = &parser->config;
    if (!config->distributed)
        return 0;
    if (config->init_limit == 0)
        return config_fail(parser, parser->path, config_find(parser, "initLimit"),
                           "write a number of ticks, such as initLimit=10", "initLimit is not set");
    if (config->sync_limit == 0)
        return config_fail(parser, parser->path, config_find(parser, "syncLimit"),
                           "write a number of ticks, such as syncLimit=5", "syncLimit is not set");
    if (config->my_id != -1)
        return 0;
    struct zk_str path = {0};
    zk_str_printf(&path, "%s/myid", config->data_dir);
    int r =
        config_fail(parser, zk_str_text(&path), NULL,
                    "write the N of this server's line server.N into it", "myid file is missing");
    zk_str_done(&path);
    return r;
}

/* An oracle breaks the tie of two voters and of no others. Where there are more it is a danger: who
 * looks for a leader asks it whether to believe one that says it leads (F3). Beside it nobody looks
 * at groups and weights. All this as in Java. */
static void warn_of_oracle(struct config_parser *parser, const char *file,
                           const struct zk_properties *properties)
{
    const struct quorum_peer_config *config = &parser->config;
    const struct zk_property *line = config_find(parser, "oraclePath");
    if (config->oracle_path == NULL || line == NULL)
        return;
    if (!config->distributed)
        config_no_effect(parser, line, "a server alone asks nobody", "remove it");
    else if (config->quorum_verifier->voting.count != 2)
        config_add_warning(parser,
                           "%s:%d: oraclePath is for two voters, and here are %zu: it breaks no "
                           "tie, and until it says 1 a server follows any that says it leads; "
                           "remove it",
                           parser->path, line->line, config->quorum_verifier->voting.count);
    const struct zk_property *first = NULL;
    for (size_t i = 0; i < properties->count; i++) {
        const struct zk_property *property = &properties->items[i];
        if ((strncmp(property->key, "group", 5) == 0 || strncmp(property->key, "weight", 6) == 0) &&
            (first == NULL || property->line < first->line))
            first = property;
    }
    if (first != NULL)
        config_add_warning(parser,
                           "%s:%d: groups and weights have no effect: beside oraclePath nobody "
                           "looks at them; remove it, or them",
                           file, first->line);
}

static const struct zk_property *line_of_server(const struct zk_properties *properties, int64_t sid)
{
    const struct zk_property *line = NULL;
    for (size_t i = 0; i < properties->count; i++) {
        const char *key = zk_trim_start(properties->items[i].key);
        int64_t id;
        if (strncmp(key, "server.", 7) == 0 && zk_parse_long(key + 7, &id) && id == sid)
            line = &properties->items[i];
    }
    return line;
}

/* A session's id begins with the last byte of its server's id. Where nodes may have a TTL, an owner
 * that begins like that of such a node is taken for one: the ephemeral nodes of those sessions
 * would stay for ever (D-316). */
static int check_ids(struct config_parser *parser, const char *file,
                     const struct zk_properties *properties)
{
    const struct quorum_verifier *qv = parser->config.quorum_verifier;
    bool emulate = zk_settings_get_boolean(parser->ctx, "zookeeper.emulate353TTLNodes", false);
    uint8_t first_wrong = emulate ? 0x80 : 0xff;
    if (!parser->config.distributed ||
        !zk_settings_get_boolean(parser->ctx, "zookeeper.extendedTypesEnabled", false))
        return 0;
    for (size_t i = 0; i < qv->member_count; i++) {
        int64_t sid = qv->members[i].id;
        if ((uint8_t)sid >= first_wrong)
            return config_fail(parser, file, line_of_server(properties, sid),
                               emulate ? "give the server an id below 128"
                                       : "give the server an id below 255",
                               "with extendedTypesEnabled=true%s the sessions of server.%" PRId64
                               " would have ids like the owners of nodes with a TTL",
                               emulate ? " and emulate353TTLNodes=true" : "", sid);
    }
    return 0;
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* One port that one server listens at. */
struct listening_port {
    int64_t sid;
    const char *what;
    const struct inet_address *address;
};

/* Hosts are compared as they are written (literals in their canonical form): what two names happen
 * to mean today proves nothing. */
static bool is_same_port(const struct inet_address *a, const struct inet_address *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

/* The client ports are left out: several servers may announce one address, that of a load
 * balancer. */
static size_t list_ports(const struct quorum_server *server, struct listening_port *ret_ports)
{
    size_t count = 0;
    for (size_t i = 0; i < server->addr.count; i++)
        ret_ports[count++] =
            (struct listening_port){server->id, "quorum port", &server->addr.items[i]};
    for (size_t i = 0; i < server->election_addr.count; i++)
        ret_ports[count++] =
            (struct listening_port){server->id, "election port", &server->election_addr.items[i]};
    return count;
}

static int fail_for_port(struct config_parser *parser, const char *file,
                         const struct zk_properties *properties, const struct listening_port *port,
                         const struct listening_port *other)
{
    return config_fail(parser, file, line_of_server(properties, port->sid),
                       "give each server a host or ports of its own",
                       "the %s of server.%" PRId64 " is also the %s of server.%" PRId64, port->what,
                       port->sid, other->what, other->sid);
}

/* Of two servers with one port only one can bind it, and a call that is meant for the other reaches
 * it, too: in Java it then logs calls "from a server with our own ID" for ever (D-110). */
static int check_shared_ports(struct config_parser *parser, const char *file,
                              const struct zk_properties *properties)
{
    const struct quorum_verifier *qv = parser->config.quorum_verifier;
    size_t room = 0;
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; i < qv->member_count; i++)
        room += qv->members[i].addr.count + qv->members[i].election_addr.count;
    struct listening_port *ports = zk_xcalloc(room + 1, sizeof *ports);
    for (size_t i = 0; i < qv->member_count; i++)
        count += list_ports(&qv->members[i], ports + count);
    for (size_t i = 0; i < count && r == 0; i++) {
        for (size_t k = 0; k < i && r == 0; k++) {
            if (ports[k].sid != ports[i].sid && is_same_port(ports[k].address, ports[i].address))
                r = fail_for_port(parser, file, properties, &ports[i], &ports[k]);
        }
    }
    free(ports);
    return r;
}

static bool is_on_host_of(const struct config_parser *parser, const struct inet_address *client,
                          const struct inet_address *other)
{
    return client->port == other->port &&
           (parser->config.quorum_listen_on_all_ips || inet_address_is_wildcard(client) ||
            inet_address_is_wildcard(other) || multiple_addresses_same_address(client, other));
}

static const char *clashing_port(const struct config_parser *parser, const struct quorum_server *me)
{
    const struct inet_address *client = &parser->config.client_port_address;
    for (size_t i = 0; i < me->addr.count; i++) {
        if (is_on_host_of(parser, client, &me->addr.items[i]))
            return "quorum";
    }
    for (size_t i = 0; i < me->election_addr.count; i++) {
        if (is_on_host_of(parser, client, &me->election_addr.items[i]))
            return "election";
    }
    return NULL;
}

/* Two listeners of this server would want one port: in Java the later bind fails (D-29). A server
 * alone listens to clients only. */
static int check_port_clash(struct config_parser *parser, const char *file)
{
    const struct quorum_peer_config *config = &parser->config;
    const struct quorum_server *me =
        config->distributed ? qv_member(config->quorum_verifier, config->my_id) : NULL;
    const char *other = me == NULL || !config->has_client_port ? NULL : clashing_port(parser, me);
    if (other == NULL)
        return 0;
    const struct zk_property *line = config_find(parser, "clientPort");
    return config_fail(parser, line != NULL ? parser->path : file, line,
                       "give each of the three its own port",
                       "client port %u is also the %s port of server.%" PRId64,
                       (unsigned)config->client_port_address.port, other, config->my_id);
}
