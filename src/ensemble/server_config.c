/* A server alone may be started without a file: by its port and its data directory.
 * Java: server.ServerConfig.parse(String[]) */
#include <inttypes.h>
#include <stdlib.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/base/alloc.h"

static const char USAGE[] =
    "write configfile, or port datadir [ticktime] [maxcnxns], each number in digits";

/* Fails with Java's words for an argument; argument NULL: about all of them. */
static int fail_argument(struct config_parser *parser, const char *words, const char *argument)
{
    return config_fail(parser, "command line", NULL, USAGE, "%s%s%s", words,
                       argument == NULL ? "" : argument, argument == NULL ? "" : "\"");
}

/* Java: Integer.parseInt() */
static int parse_argument(struct config_parser *parser, const char *argument, int32_t *ret_value)
{
    if (zk_parse_int(argument, ret_value))
        return 0;
    return fail_argument(parser, "For input string: \"", argument);
}

static int parse_port_argument(struct config_parser *parser, const char *argument)
{
    struct quorum_peer_config *config = &parser->config;
    int32_t port = 0;
    int r = parse_argument(parser, argument, &port);
    if (r < 0)
        return r;
    if (port < 0 || port > UINT16_MAX)
        return config_fail(parser, "command line", NULL, "write a port from 0 to 65535",
                           "port out of range:%" PRId32, port);
    config->client_port_address = inet_address_any((uint16_t)port);
    config->has_client_port = true;
    return 0;
}

/* Sets up an ensemble without servers: the parser has no properties, because it has read no
 * file. */
static int setup_no_servers(struct config_parser *parser)
{
    return config_setup_quorum(parser, parser->path, &parser->properties, true);
}

/* Java: ServerConfig.parse(String[] args) */
int server_config_parse_arguments(struct zk_context *ctx, size_t count, char *const *args,
                                  struct quorum_peer_config **ret_config, char **ret_error)
{
    struct config_parser parser = {
        .ctx = ctx, .path = "command line", .has_no_file = true, .ret_error = ret_error};
    struct quorum_peer_config *config = &parser.config;
    config_set_defaults(&parser);
    config->max_client_cnxns = 0; /* no limit: Java's default of 60 is that of a file */
    int r = config_check_command_line(&parser);
    if (r == 0 && (count < 2 || count > 4))
        r = config_fail(&parser, "command line", NULL, USAGE, "Invalid number of arguments: %zu",
                        count);
    if (r == 0)
        r = parse_port_argument(&parser, args[0]);
    if (r == 0 && args[1][0] == '\0')
        r = config_fail(&parser, "command line", NULL, "write the path of a directory",
                        "dataDir is not set");
    if (r == 0) {
        config->data_dir = zk_xstrdup(args[1]);
        config->data_log_dir = zk_xstrdup(args[1]);
    }
    if (r == 0 && count >= 3)
        r = parse_argument(&parser, args[2], &config->tick_time_ms);
    if (r == 0 && count == 4)
        r = parse_argument(&parser, args[3], &config->max_client_cnxns);
    if (r == 0)
        r = config_apply_server_rules(&parser);
    if (r == 0)
        r = setup_no_servers(&parser);
    return config_finish(&parser, r, ret_config);
}
