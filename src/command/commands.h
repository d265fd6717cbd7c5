/* The commands of the admin server, without HTTP. Java: server.admin.Commands
 *
 * A command runs on the thread that calls commands_run, which is the admin server's and holds no
 * lock. It takes the locks of what it asks, one after the other, each for a moment; dirs, stats,
 * server_stats and last_snapshot also block on the disk, because they look at directories. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/base/json.h"
#include "zk/command/four_letter_words.h"

struct zk_context;

/* One call of one command. */
struct command_call {
    struct zk_context *ctx;
    const struct four_letter_facts *facts;
    /* An argument behind the "?" of the address; NULL: it is not there. */
    const char *(*argument)(void *arg, const char *name);
    void *arg;
    struct json_writer *json;
    /* Set by a command that fails; its answer is then this text and the command's name. */
    struct zk_str error;
};

struct command {
    const char *name;
    const char *aliases[2]; /* NULL: there is none */
    /* While nothing serves, the answer is an error. */
    bool is_server_required;
    void (*run)(struct command_call *call);
};

/* The commands in alphabetical order; NULL behind the last. Java: getPrimaryNames() */
const struct command *commands_at(size_t index);
/* Finds a command by its name or an alias; NULL: there is none. Java: getCommand() */
const struct command *commands_find(const char *name);

/* Appends the whole answer, as JSON. name is what was asked for. command NULL: there is no such
 * command, and the answer says so. Java: runCommand() */
void commands_run(const struct command *command, const char *name, struct command_call *call,
                  struct zk_str *ret_answer);

/* What struct command's run points at, one function a command. Each writes the fields of its answer
 * into call->json, in Java's order. */

/* ---- commands_server.c ---- */
void command_run_configuration(struct command_call *call);
void command_run_last_snapshot(struct command_call *call);
void command_run_leader(struct command_call *call);
void command_run_observer_connection_stat_reset(struct command_call *call);
void command_run_observers(struct command_call *call);
void command_run_voting_view(struct command_call *call);
void command_run_zabstate(struct command_call *call);
/* ---- commands_stats.c ---- */
void command_run_connections(struct command_call *call);
void command_run_dump(struct command_call *call);
void command_run_hash(struct command_call *call);
void command_run_monitor(struct command_call *call);
void command_run_server_stats(struct command_call *call);
void command_run_stats(struct command_call *call);
/* ---- commands_watch.c ---- */
void command_run_watch_summary(struct command_call *call);
void command_run_watches(struct command_call *call);
void command_run_watches_by_path(struct command_call *call);

#endif
