/* One member of the ensemble: its line in the configuration, read and written. The order of the
 * checks is Java's, because it decides which of several faults a person is told about.
 * Java: QuorumPeer.QuorumServer */
#include "zk/ensemble/quorum_server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ensemble/config_error.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/settings.h"

/* Java has no limit. Ours bounds the work that one line from the wire can cause (D-42). */
enum { QUORUM_SERVER_ADDRESS_LIMIT = 256 };

/* The line multiAddress.enabled of zoo.cfg does not set it: K-19. */
static const char SETTING_MULTI_ADDRESS[] = "zookeeper.multiAddress.enabled";

static const char WRONG_FORMAT[] =
    " does not have the form server_config or server_config;client_config"
    " where server_config is the pipe separated list of host:port:port or host:port:port:type"
    " and client_config is port or host:port";

/* What all steps of one parse share. */
struct line_parser {
    struct zk_context *ctx;
    const char *value; /* the whole text after "server.N=" */
    bool resolve;
    struct quorum_server *server;
    bool has_type; /* Java's newType != null */
    char **ret_error;
};

static int parse_client(struct line_parser *parser, const char *text);
static int parse_addresses(struct line_parser *parser, const struct zk_strings *client_parts);
static int parse_piece(struct line_parser *parser, const char *piece, size_t client_part_count);
static int parse_parts(struct line_parser *parser, const struct zk_strings *parts);
static int parse_port(struct line_parser *parser, const char *host, const char *text,
                      uint16_t *ret_port);
static void look_up(struct line_parser *parser, const char *host, uint16_t port,
                    struct inet_address *ret_address);
static int parse_type(struct line_parser *parser, const char *text);
static int split_host_and_port(const char *text, struct zk_strings *ret_parts, char **ret_error);

/* Java: QuorumServer.initializeWithAddressString() */
int quorum_server_parse(struct zk_context *ctx, int64_t sid, const char *value, bool resolve,
                        struct quorum_server *ret_server, char **ret_error)
{
    struct quorum_server server = {.id = sid, .type = LEARNER_TYPE_PARTICIPANT};
    struct line_parser parser = {
        .ctx = ctx,
        .value = value,
        .resolve = resolve,
        .server = &server,
        .ret_error = ret_error,
    };
    struct zk_strings parts = {0};
    zk_split(value, ';', &parts);

    int r;
    if (parts.count == 0) /* nothing but semicolons: D-33 */
        r = config_error(ret_error, "%s%s", value, WRONG_FORMAT);
    else
        r = parse_addresses(&parser, &parts);

    zk_strings_done(&parts);
    if (r < 0)
        quorum_server_done(&server);
    else
        *ret_server = server;
    return r;
}

static int parse_addresses(struct line_parser *parser, const struct zk_strings *client_parts)
{
    struct quorum_server *server = parser->server;
    struct zk_strings pieces = {0};
    int r = 0;
    if (client_parts->count == 2)
        r = parse_client(parser, client_parts->items[1]);
    if (r < 0)
        goto out;

    zk_split(client_parts->items[0], '|', &pieces);
    if (pieces.count > 1 && !zk_settings_get_boolean(parser->ctx, SETTING_MULTI_ADDRESS, false)) {
        r = config_error(parser->ret_error,
                         "Multiple address feature is disabled, but multiple addresses were "
                         "specified for sid %" PRId64,
                         server->id);
        goto out;
    }
    if (pieces.count > QUORUM_SERVER_ADDRESS_LIMIT) {
        r = config_error(parser->ret_error, "more than %d addresses for sid %" PRId64,
                         QUORUM_SERVER_ADDRESS_LIMIT, server->id);
        goto out;
    }
    for (size_t i = 0; i < pieces.count; i++) {
        r = parse_piece(parser, pieces.items[i], client_parts->count);
        if (r < 0)
            goto out;
    }
    /* Java takes these and fails later, when it dials or prints (D-30). */
    if (server->addr.count == 0 || server->election_addr.count < server->addr.count)
        r = config_error(parser->ret_error, "%s%s", parser->value, WRONG_FORMAT);
out:
    zk_strings_done(&pieces);
    return r;
}

/* Reads the part after ';', which is port or host:port. */
static int parse_client(struct line_parser *parser, const char *text)
{
    struct zk_strings parts = {0};
    int r = split_host_and_port(text, &parts, parser->ret_error);
    if (r < 0)
        return r;
    if (parts.count == 0 || parts.count > 2) {
        r = config_error(parser->ret_error, "%s%s", parser->value, WRONG_FORMAT);
        goto out;
    }
    const char *host = parts.count == 2 ? parts.items[0] : "0.0.0.0";
    const char *port_text = parts.items[parts.count - 1];
    uint16_t port = 0;
    /* "null": Java prints its host name field, which nobody has filled yet. */
    r = parse_port(parser, "null", port_text, &port);
    if (r < 0)
        goto out;
    look_up(parser, host, port, &parser->server->client_addr);
    parser->server->has_client_addr = true;
out:
    zk_strings_done(&parts);
    return r;
}

/* Reads one of the pieces between '|', which is host:port:port or host:port:port:type. */
static int parse_piece(struct line_parser *parser, const char *piece, size_t client_part_count)
{
    struct zk_strings parts = {0};
    int r = split_host_and_port(piece, &parts, parser->ret_error);
    if (r < 0)
        return r;
    if (client_part_count > 2 || parts.count < 3 || parts.count > 4)
        r = config_error(parser->ret_error, "%s%s", parser->value, WRONG_FORMAT);
    else
        r = parse_parts(parser, &parts);
    zk_strings_done(&parts);
    return r;
}

static int parse_parts(struct line_parser *parser, const struct zk_strings *parts)
{
    struct quorum_server *server = parser->server;
    const char *host = parts->items[0];
    struct inet_address address;
    uint16_t port = 0;
    uint16_t election_port = 0;
    int r = parse_port(parser, host, parts->items[1], &port);
    if (r < 0)
        return r;
    r = parse_port(parser, host, parts->items[2], &election_port);
    if (r < 0)
        return r;
    look_up(parser, host, port, &address); /* once: in Java the cache answers for the second port */
    multiple_addresses_add(&server->addr, &address);
    address.port = election_port;
    multiple_addresses_add(&server->election_addr, &address);

    if (port == election_port)
        return config_error(parser->ret_error,
                            "Client and election port must be different! Please update the "
                            "configuration file on server.%" PRId64,
                            server->id);
    if (parts->count == 4)
        return parse_type(parser, parts->items[3]);
    return 0;
}

/* host is only for the words of an error. */
static int parse_port(struct line_parser *parser, const char *host, const char *text,
                      uint16_t *ret_port)
{
    int32_t port;
    if (!zk_parse_int(text, &port))
        return config_error(parser->ret_error, "Address unresolved: %s:%s", host, text);
    if (port < 0 || port > UINT16_MAX)
        return config_error(parser->ret_error, "port out of range:%" PRId32, port);
    *ret_port = (uint16_t)port;
    return 0;
}

/* Java: new InetSocketAddress(host, port) */
static void look_up(struct line_parser *parser, const char *host, uint16_t port,
                    struct inet_address *ret_address)
{
    if (parser->resolve)
        inet_address_resolve(parser->ctx, host, port, ret_address);
    else
        inet_address_literal(host, port, ret_address);
}

/* Java: QuorumServer.getType() */
static int parse_type(struct line_parser *parser, const char *text)
{
    struct quorum_server *server = parser->server;
    char *copy = zk_xstrdup(text);
    const char *word = zk_trim(copy);
    bool is_observer = strcasecmp(word, "observer") == 0;
    bool is_participant = strcasecmp(word, "participant") == 0;
    free(copy);
    if (!is_observer && !is_participant)
        return config_error(parser->ret_error, "Unrecognised peertype: %s", text);

    enum learner_type type = is_observer ? LEARNER_TYPE_OBSERVER : LEARNER_TYPE_PARTICIPANT;
    /* The first of the two words is always PARTICIPANT: Java prints a field that it fills last. */
    if (parser->has_type && type != server->type)
        return config_error(
            parser->ret_error, "Multiple addresses should have similar roles: %s vs %s",
            learner_type_upper_name(LEARNER_TYPE_PARTICIPANT), learner_type_upper_name(type));
    parser->has_type = true;
    server->type = type;
    return 0;
}

static int split_host_and_port(const char *text, struct zk_strings *ret_parts, char **ret_error)
{
    const char *what = NULL;
    int r = zk_host_and_port(text, ret_parts, &what);
    if (r < 0)
        return config_error(ret_error, "%s%s", text, what);
    return 0;
}

void quorum_server_copy(struct quorum_server *server, const struct quorum_server *from)
{
    *server = *from;
    multiple_addresses_copy(&server->addr, &from->addr);
    multiple_addresses_copy(&server->election_addr, &from->election_addr);
}

void quorum_server_done(struct quorum_server *server)
{
    multiple_addresses_done(&server->addr);
    multiple_addresses_done(&server->election_addr);
}

/* Java: QuorumServer.delimitedHostString(), and the port */
void quorum_server_append_address(const struct inet_address *address, struct zk_str *str)
{
    const struct inet_text host = inet_host_text(address);
    if (strchr(host.text, ':') != NULL)
        zk_str_printf(str, "[%s]", host.text);
    else
        zk_str_append(str, host.text);
    zk_str_append(str, ":");
    zk_str_append_long(str, address->port);
}

/* Java iterates its map and then sorts by host; its sort is stable, so where hosts are equal the
 * order of the map still decides. */
static void order_by_host(const struct multiple_addresses *addresses, size_t *ret_order)
{
    zk_assert(addresses->count <= QUORUM_SERVER_ADDRESS_LIMIT);
    multiple_addresses_java_order(addresses, ret_order);
    for (size_t i = 1; i < addresses->count; i++) {
        for (size_t j = i; j > 0; j--) {
            if (strcmp(inet_host_text(&addresses->items[ret_order[j - 1]]).text,
                       inet_host_text(&addresses->items[ret_order[j]]).text) <= 0)
                break;
            size_t moved = ret_order[j];
            ret_order[j] = ret_order[j - 1];
            ret_order[j - 1] = moved;
        }
    }
}

/* Java: QuorumServer.toString() */
void quorum_server_append(const struct quorum_server *server, struct zk_str *str)
{
    /* Sorted apart and zipped by index: equal hosts may get each other's ports (K-15). */
    size_t order[QUORUM_SERVER_ADDRESS_LIMIT];
    size_t election_order[QUORUM_SERVER_ADDRESS_LIMIT];
    order_by_host(&server->addr, order);
    order_by_host(&server->election_addr, election_order);
    for (size_t i = 0; i < server->addr.count && i < server->election_addr.count; i++) {
        const struct inet_address *addr = &server->addr.items[order[i]];
        if (i > 0)
            zk_str_append(str, "|");
        quorum_server_append_address(addr, str);
        zk_str_append(str, ":");
        zk_str_append_long(str, server->election_addr.items[election_order[i]].port);
    }
    zk_str_append(str, ":");
    zk_str_append(str, learner_type_name(server->type));
    if (server->has_client_addr && !server->is_client_addr_from_static) {
        zk_str_append(str, ";");
        quorum_server_append_address(&server->client_addr, str);
    }
}

/* Java: QuorumServer.equals() */
bool quorum_server_equal(const struct quorum_server *a, const struct quorum_server *b)
{
    if (a->id != b->id || a->type != b->type)
        return false;
    if (!multiple_addresses_equal(&a->addr, &b->addr) ||
        !multiple_addresses_equal(&a->election_addr, &b->election_addr))
        return false;
    if (a->has_client_addr != b->has_client_addr)
        return false;
    return !a->has_client_addr || multiple_addresses_same_address(&a->client_addr, &b->client_addr);
}
