/* The table of commands, and the commands that take a few lines. Java: server.admin.Commands,
 * JsonOutputter
 *
 * Each answer is an object whose last members are the command's name and its error. Members stand
 * in Java's order, except where that is the order of Java's reflection, which changes from start to
 * start; there they stand as Java's source has them. */
#include "command/commands.h"

#include <stdlib.h>
#include <string.h>

#include "command/command_facts.h"
#include "zk/base/str.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_stats.h"
#include "zk/server/zoo_trace.h"

static void run_connection_stat_reset(struct command_call *call);
static void run_dirs(struct command_call *call);
static void run_environment(struct command_call *call);
static void run_get_trace_mask(struct command_call *call);
static void run_initial_configuration(struct command_call *call);
static void run_is_read_only(struct command_call *call);
static void run_nothing(struct command_call *call);
static void run_set_trace_mask(struct command_call *call);
static void run_stat_reset(struct command_call *call);
static void run_system_properties(struct command_call *call);

static const struct command COMMANDS[] = {
    {"configuration", {"conf", "config"}, true, command_run_configuration},
    {"connection_stat_reset", {"crst"}, true, run_connection_stat_reset},
    {"connections", {"cons"}, true, command_run_connections},
    {"dirs", {NULL}, true, run_dirs},
    {"dump", {NULL}, true, command_run_dump},
    {"environment", {"env", "envi"}, false, run_environment},
    {"get_trace_mask", {"gtmk"}, false, run_get_trace_mask},
    {"hash", {NULL}, true, command_run_hash},
    {"initial_configuration", {"icfg"}, true, run_initial_configuration},
    {"is_read_only", {"isro"}, true, run_is_read_only},
    {"last_snapshot", {"lsnp"}, true, command_run_last_snapshot},
    {"leader", {"lead"}, true, command_run_leader},
    /* In Java this one throws if it is asked while nothing serves (D-282). */
    {"monitor", {"mntr"}, true, command_run_monitor},
    {"observer_connection_stat_reset", {"orst"}, true, command_run_observer_connection_stat_reset},
    {"observers", {"obsr"}, true, command_run_observers},
    {"ruok", {NULL}, true, run_nothing},
    {"server_stats", {"srvr"}, true, command_run_server_stats},
    {"set_trace_mask", {"stmk"}, false, run_set_trace_mask},
    {"stat_reset", {"srst"}, true, run_stat_reset},
    {"stats", {"stat"}, true, command_run_stats},
    {"system_properties", {"sysp"}, false, run_system_properties},
    {"voting_view", {NULL}, true, command_run_voting_view},
    {"watch_summary", {"wchs"}, true, command_run_watch_summary},
    {"watches", {"wchc"}, true, command_run_watches},
    {"watches_by_path", {"wchp"}, true, command_run_watches_by_path},
    {"zabstate", {NULL}, false, command_run_zabstate},
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

const struct command *commands_at(size_t index)
{
    return index < COMMAND_COUNT ? &COMMANDS[index] : NULL;
}

const struct command *commands_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &COMMANDS[i];
        if (strcmp(command->name, name) == 0)
            return command;
        for (size_t j = 0; j < 2; j++) {
            if (command->aliases[j] != NULL && strcmp(command->aliases[j], name) == 0)
                return command;
        }
    }
    return NULL;
}

/* An error that the command itself reports stands before the command's name, as in Java's map. */
void commands_run(const struct command *command, const char *name, struct command_call *call,
                  struct zk_str *ret_answer)
{
    struct json_writer json = {.str = ret_answer};
    call->json = &json;
    json_object_begin(&json, NULL);
    struct zk_str error = {0};
    if (command == NULL)
        zk_str_printf(&error, "Unknown command: %s", name);
    else if (command->is_server_required && !call->facts->status->serving)
        zk_str_append(&error, "This ZooKeeper instance is not currently serving requests");
    else
        command->run(call);
    if (call->error.length > 0) {
        json_text(&json, "error", zk_str_text(&call->error));
        json_text(&json, "command", command->name);
    } else {
        bool has_run = error.length == 0;
        json_text(&json, "command", has_run ? command->name : name);
        json_text(&json, "error", has_run ? NULL : zk_str_text(&error));
    }
    json_object_end(&json);
    zk_str_done(&error);
    zk_str_done(&call->error);
}

/* ---- the short ones -------------------------------------------------------------------------- */

/* Java: CnxnStatResetCommand */
static void run_connection_stat_reset(struct command_call *call)
{
    call->facts->cnxns->reset_stats(call->facts->cnxns->arg);
}

/* Java: DirsCommand. As there, the sizes are the wrong way round (K-180). */
static void run_dirs(struct command_call *call)
{
    json_long(call->json, "datadir_size", command_directory_size(call->facts->status->data_dir));
    json_long(call->json, "logdir_size", command_directory_size(call->facts->status->snap_dir));
}

/* Answers like the word envi, without what only a JVM has (D-313). Java: EnvCommand */
static void run_environment(struct command_call *call)
{
    static const char *const keys[] = {"host.name", "os.name",   "os.arch", "os.version",
                                       "user.name", "user.home", "user.dir"};
    json_text(call->json, "zookeeper.version", SERVER_FULL_VERSION);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = zk_settings_get(call->ctx, keys[i]);
        if (value != NULL)
            json_text(call->json, keys[i], value);
    }
}

/* Java: GetTraceMaskCommand */
static void run_get_trace_mask(struct command_call *call)
{
    json_long(call->json, "tracemask",
              zoo_trace_get_text_trace_level(call->facts->hook->zoo_trace));
}

/* Only a server alone is given the text of its file; in Java nothing hands it to a member.
 * Java: InitialConfigurationCommand */
static void run_initial_configuration(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    json_text(call->json, "initial_configuration",
              status->is_alone ? status->config->initial_config : NULL);
}

/* Java: IsroCommand */
static void run_is_read_only(struct command_call *call)
{
    json_bool(call->json, "read_only", strcmp(call->facts->status->server_state, "read-only") == 0);
}

/* Java: RuokCommand, which only says that the server serves */
static void run_nothing(struct command_call *call)
{
    (void)call;
}

/* Java: SetTraceMaskCommand */
static void run_set_trace_mask(struct command_call *call)
{
    const char *text = call->argument(call->arg, "traceMask");
    if (text == NULL) {
        zk_str_append(&call->error, "setTraceMask requires long traceMask argument");
        return;
    }
    int64_t mask;
    if (!zk_parse_long(text, &mask)) {
        zk_str_printf(&call->error, "setTraceMask requires long traceMask argument, got %s", text);
        return;
    }
    zoo_trace_set_text_trace_level(call->facts->hook->zoo_trace, mask);
    json_long(call->json, "tracemask", mask);
}

/* Java: StatResetCommand */
static void run_stat_reset(struct command_call *call)
{
    server_stats_reset(call->facts->cnxns->stats);
    call->facts->hook->reset(call->facts->hook->arg);
}

/* Our settings are what Java's system properties are. Java: SystemPropertiesCommand */
static void run_system_properties(struct command_call *call)
{
    struct zk_strings keys = {0};
    const char *key;
    const char *value;
    for (size_t i = 0; zk_settings_at(call->ctx, i, &key, &value); i++)
        zk_strings_add(&keys, key);
    /* An insertion sort: there are a few dozen. */
    for (size_t i = 1; i < keys.count; i++) {
        char *moved = keys.items[i];
        size_t j = i;
        for (; j > 0 && strcmp(keys.items[j - 1], moved) > 0; j--)
            keys.items[j] = keys.items[j - 1];
        keys.items[j] = moved;
    }
    for (size_t i = 0; i < keys.count; i++)
        json_text(call->json, keys.items[i], zk_settings_get(call->ctx, keys.items[i]));
    zk_strings_done(&keys);
}
