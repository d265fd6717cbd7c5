/* Addresses of pages and the commands behind them. Java: server.admin.JettyAdminServer */
#include "zk/command/admin_server.h"

#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/http_server.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"

/* JettyAdminServer's defaults. */
enum { DEFAULT_PORT = 8080, DEFAULT_IDLE_TIMEOUT_MS = 30000 };
static const char DEFAULT_COMMAND_URL[] = "/commands";

struct admin_server {
    struct zk_context *ctx;
    struct server_status_hook hook;
    struct server_cnxns cnxns;
    const char *command_url;
    struct http_server *http;
    struct zk_thread_group *threads; /* of one */
};

static void admin_run(void *arg);
static void answer_page(void *arg, const struct http_request *request,
                        struct http_response *response);

bool admin_server_is_enabled(const struct zk_context *ctx)
{
    bool has_place = zk_settings_get(ctx, "zookeeper.admin.serverPort") != NULL ||
                     zk_settings_get(ctx, "zookeeper.admin.serverAddress") != NULL;
    return zk_settings_get_boolean(ctx, "zookeeper.admin.enableServer", has_place);
}

/* Java: start() */
int admin_server_start(struct zk_context *ctx, struct server_status_hook hook,
                       struct server_cnxns cnxns, struct admin_server **ret_server)
{
    const char *host = zk_settings_get(ctx, "zookeeper.admin.serverAddress");
    const char *url = zk_settings_get(ctx, "zookeeper.admin.commandURL");
    int32_t port = zk_settings_get_integer(ctx, "zookeeper.admin.serverPort", DEFAULT_PORT);
    int32_t idle_ms =
        zk_settings_get_integer(ctx, "zookeeper.admin.idleTimeout", DEFAULT_IDLE_TIMEOUT_MS);
    struct inet_address address;
    if (port < 0 || port > UINT16_MAX) /* a warning has been given */
        port = DEFAULT_PORT;
    inet_address_resolve(ctx, host != NULL ? host : "127.0.0.1", (uint16_t)port, &address);
    struct admin_server *server = zk_xcalloc(1, sizeof *server);
    server->ctx = ctx;
    server->hook = hook;
    server->cnxns = cnxns;
    server->command_url = url != NULL ? url : DEFAULT_COMMAND_URL;
    server->threads = zk_thread_group_new(ctx);
    int r = http_server_new(ctx, &address, idle_ms, answer_page, server, &server->http);
    if (r == 0)
        r = zk_thread_group_start(server->threads, admin_run, server, "AdminServer");
    if (r < 0) {
        zk_log(ctx, ZK_LOG_ADMIN_SERVER_PROBLEM, inet_ip_text(&address).text, port,
               server->command_url, zk_error_text(r).text);
        admin_server_free(server);
        return r;
    }
    zk_log(ctx, ZK_LOG_ADMIN_SERVER_STARTED, inet_ip_text(&address).text,
           http_server_local_address(server->http)->port, server->command_url);
    *ret_server = server;
    return 0;
}

void admin_server_free(struct admin_server *server)
{
    if (server == NULL)
        return;
    if (server->http != NULL)
        http_server_shutdown(server->http);
    zk_thread_group_join(server->threads);
    zk_thread_group_free(server->threads);
    http_server_free(server->http);
    free(server);
}

static void admin_run(void *arg)
{
    struct admin_server *server = arg;
    http_server_run(server->http);
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Java: commandLinks() */
static void append_links(const struct admin_server *server, struct http_response *response)
{
    const struct command *command;
    response->content_type = "text/html";
    for (size_t i = 0; (command = commands_at(i)) != NULL; i++)
        zk_str_printf(&response->body, "<a href=\"%s/%s\">%s</a>\n<br/>\n", server->command_url,
                      command->name, command->name);
}

static const char *argument_of(void *arg, const char *name)
{
    return http_request_argument(arg, name);
}

static void run_command(struct admin_server *server, const char *name,
                        const struct http_request *request, struct http_response *response)
{
    struct server_status status = {0};
    struct four_letter_facts facts = {
        .status = &status, .cnxns = &server->cnxns, .hook = &server->hook};
    struct command_call call = {
        .ctx = server->ctx, .facts = &facts, .argument = argument_of, .arg = (void *)request};
    response->content_type = "application/json";
    server->hook.fill(server->hook.arg, &status);
    commands_run(commands_find(name), name, &call, &response->body);
    server_status_done(&status);
}

/* Java: CommandServlet.doGet() */
static void answer_page(void *arg, const struct http_request *request,
                        struct http_response *response)
{
    struct admin_server *server = arg;
    size_t length = strlen(server->command_url);
    const char *rest = request->path + length;
    if (strncmp(request->path, server->command_url, length) != 0 ||
        (*rest != '\0' && *rest != '/')) {
        response->status = HTTP_NOT_FOUND;
        response->content_type = "text/plain";
        zk_str_printf(&response->body, "There is nothing here; look at %s\n", server->command_url);
        return;
    }
    if (*rest == '\0' || rest[1] == '\0')
        append_links(server, response);
    else
        run_command(server, rest + 1, request, response);
}
