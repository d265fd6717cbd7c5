/* Who is in the ensemble, and who of them we are. Java: QuorumPeerConfig.setupQuorumPeerConfig() */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "quorum_peer_config_internal.h"
#include "quorum_verifier_internal.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"

/* Long enough for a host of inet_address twice, and a port. */
enum { ADDRESS_TEXT_SIZE = 600 };
/* Only the first line is read; nobody writes a longer file. */
enum { MYID_FILE_LIMIT = 64 * 1024 };

static int fail_in_quorum(struct config_parser *parser, const char *file,
                          const struct zk_properties *properties, const char *words, int line);
static int refuse_standalone(struct config_parser *parser, const char *file);
static int setup_my_id(struct config_parser *parser);
static int setup_client_port(struct config_parser *parser, const char *file);
static void setup_peer_type(struct config_parser *parser);
static int check_validity(struct config_parser *parser);
static int check_port_clash(struct config_parser *parser, const char *file);

int config_setup_quorum(struct config_parser *parser, const char *file,
                        const struct zk_properties *properties, bool config_backward_compatible)
{
    struct quorum_peer_config *config = &parser->config;
    char *words = NULL;
    int line = 0;
    int r = qv_parse_dynamic_config(parser->ctx, properties, config_backward_compatible, true,
                                    config->standalone_enabled, config->oracle_path,
                                    &config->quorum_verifier, &words, &line);
    if (r < 0)
        r = fail_in_quorum(parser, file, properties, words, line);
    free(words);
    if (r == 0)
        r = refuse_standalone(parser, file);
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
    return r;
}

int config_setup_next(struct config_parser *parser, const char *file,
                      const struct zk_properties *properties)
{
    char *words = NULL;
    int line = 0;
    struct qv_source source = {parser->ctx, properties, true, &words, &line};
    /* Without the oracle: Java asks for none here. */
    int r = qv_create(&source, qv_is_hierarchical(properties), NULL,
                      &parser->config.last_seen_quorum_verifier);
    if (r < 0)
        r = fail_in_quorum(parser, file, properties, words, line);
    free(words);
    return r;
}

/* What would be right, by the key of the line at fault. */
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

static int fail_in_quorum(struct config_parser *parser, const char *file,
                          const struct zk_properties *properties, const char *words, int line)
{
    for (size_t i = 0; i < properties->count && line > 0; i++) {
        const struct zk_property *property = &properties->items[i];
        if (property->line == line)
            return config_fail(parser, file, property, advice_for(property->key), "%s", words);
    }
    return config_fail(parser, file, NULL, "add a line server.N=host:port:port per participant",
                       "%s", words);
}

/* Java: isDistributed(); if not, QuorumPeerMain runs ZooKeeperServerMain. */
static int refuse_standalone(struct config_parser *parser, const char *file)
{
    struct quorum_peer_config *config = &parser->config;
    config->distributed = !config->standalone_enabled || config->quorum_verifier->voting.count > 1;
    if (config->distributed)
        return 0;
    bool has_server = config->quorum_verifier->voting.count == 1;
    return config_fail(parser, file, NULL,
                       has_server ? "add a line standaloneEnabled=false for an ensemble of one"
                                  : "add a line server.N=host:port:port for each server",
                       "%s: stand-alone mode is not served by zkpeer",
                       has_server ? "only one server specified" : "no servers specified");
}

/* Java: QuorumPeerConfig.setupMyId(). BufferedReader.readLine() ends a line at \n, \r or both. */
static int setup_my_id(struct config_parser *parser)
{
    struct zk_str path = {0};
    struct zk_str text = {0};
    int r = 0;
    zk_str_printf(&path, "%s/myid", parser->config.data_dir);
    if (!file_is_regular(zk_str_text(&path)))
        goto out;
    r = file_read(zk_str_text(&path), MYID_FILE_LIMIT, &text);
    if (r < 0) {
        char reason[128];
        r = config_fail(parser, zk_str_text(&path), NULL, "make it a file that this user can read",
                        "%s (%s)", zk_str_text(&path), sock_error_text(r, reason, sizeof(reason)));
        goto out;
    }

    size_t length = strcspn(zk_str_text(&text), "\r\n");
    bool has_zero_byte = length < text.length && text.text[length] == '\0';
    const char *first_line = text.length == 0 ? "null" : text.text;
    if (text.length > 0)
        text.text[length] = '\0';
    if (has_zero_byte || !zk_parse_long(first_line, &parser->config.my_id)) {
        r = config_fail(parser, zk_str_text(&path), NULL,
                        "write only the N of this server's line server.N, without blanks",
                        "serverid %s is not a number", first_line);
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
            char ours[ADDRESS_TEXT_SIZE];
            char theirs[ADDRESS_TEXT_SIZE];
            inet_address_text(from_static, ours, sizeof(ours));
            inet_address_text(&me->client_addr, theirs, sizeof(theirs));
            return config_fail(parser, file, NULL,
                               "remove clientPort (and clientPortAddress), or make both agree",
                               "client address for this server (id = %" PRId64
                               ") in static config file is %s is different from client address "
                               "found in dynamic file: %s",
                               config->my_id, ours, theirs);
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
    config->peer_type = by_list;
}

/* Java: QuorumPeerConfig.checkValidity() */
static int check_validity(struct config_parser *parser)
{
    const struct quorum_peer_config *config = &parser->config;
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

/* D-29: two listeners of this server would want one port. */
static int check_port_clash(struct config_parser *parser, const char *file)
{
    const struct quorum_peer_config *config = &parser->config;
    const struct inet_address *client = &config->client_port_address;
    const struct quorum_server *me = qv_member(config->quorum_verifier, config->my_id);
    if (me == NULL || !config->has_client_port)
        return 0;
    for (size_t i = 0; i < me->election_addr.count; i++) {
        const struct inet_address *election = &me->election_addr.items[i];
        bool same_host = config->quorum_listen_on_all_ips || inet_address_is_wildcard(client) ||
                         inet_address_is_wildcard(election) ||
                         multiple_addresses_same_address(client, election);
        if (client->port != election->port || !same_host)
            continue;
        const struct zk_property *line = config_find(parser, "clientPort");
        return config_fail(parser, line != NULL ? parser->path : file, line,
                           "give the election its own port",
                           "client port %u is also the election port of server.%" PRId64,
                           (unsigned)client->port, config->my_id);
    }
    return 0;
}
