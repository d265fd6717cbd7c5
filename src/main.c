/* zkpeer: one peer of a ZooKeeper ensemble, started with the very files that Java's QuorumPeerMain
 * is started with.
 *
 * The only file outside the archive, and the only one that knows stdio, options, signals and the
 * process's environment. Java: QuorumPeerMain */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "zk/ensemble/quorum_peer_config.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"

enum {
    LEAVE_WITHIN_MS =
        /* after SIGTERM: a look-up of a name cannot be cancelled, so it is not waited for longer */
    1000,
};

static const char USAGE[] =
    "Usage: zkpeer [OPTION]... ZOO_CFG\n"
    "Run one peer of a ZooKeeper ensemble: elect a leader with the others, then follow it or "
    "lead.\n"
    "\n"
    "  --check-config      read the configuration, say what it means, and leave\n"
    "  --trace FILE        append what happens, one JSON object a line (scripts/trace/FORMAT.md)\n"
    "  --log-level LEVEL   trace, debug, info (default), warn, error or off\n"
    "  -Dkey=value         what Java calls a system property, for example "
    "-Dzookeeper.cnxTimeout=2000\n"
    "  --version           print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "The log goes to standard error. Exit codes: 0 stopped by SIGTERM or SIGINT, 1 unexpected "
    "error, 2 wrong\n"
    "configuration or options, 3 data directory, 10 snapshot not written, 12 and 13 the leader "
    "broke the protocol,\n"
    "14 no election port, 20 the leader sent a client's write, which this release cannot store.\n"
    "\n"
    "To see three of them at work: scripts/demo.sh\n";

struct arguments {
    const char *config_file;
    const char *trace_file; /* NULL: none */
    bool check_config;
    struct zk_context_options context;
    const char *properties[64]; /* "key=value", of -D */
    size_t property_count;
};

/* One line that says what is wrong and where the way out stands. */
static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "zkpeer: %s%s (try zkpeer --help)\n", what, value);
    return EXIT_CODE_INVALID_INVOCATION;
}

/* What getopt has answered ':' or '?' to: the letter in optopt, or the word before optind. */
static int option_error(int answer, char **argv)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *name = optopt > ' ' ? letter : argv[optind - 1];
    if (answer == ':')
        return usage_error("a value must follow ", name);
    return usage_error("I do not know ", name);
}

/* -1: go on; otherwise the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *args)
{
    enum { HELP = 1, VERSION, CHECK_CONFIG, TRACE, LOG_LEVEL };
    static const struct option options[] = {
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {"check-config", no_argument, NULL, CHECK_CONFIG},
        {"trace", required_argument, NULL, TRACE},
        {"log-level", required_argument, NULL, LOG_LEVEL},
        {NULL, 0, NULL, 0},
    };
    int option;
    /* the colon: getopt is silent, for usage_error() speaks */
    while ((option = getopt_long(argc, argv, ":D:h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
        case HELP:
            fputs(USAGE, stdout);
            return EXIT_CODE_EXECUTION_FINISHED;
        case VERSION:
            puts("zkpeer " ZKPEER_VERSION ", speaks the quorum protocols of ZooKeeper 3.8.0");
            return EXIT_CODE_EXECUTION_FINISHED;
        case CHECK_CONFIG:
            args->check_config = true;
            break;
        case TRACE:
            args->trace_file = optarg;
            break;
        case LOG_LEVEL:
            if (!zk_log_level_parse(optarg, &args->context.log_level))
                return usage_error("no such log level: ", optarg);
            break;
        case 'D':
            if (strchr(optarg, '=') == NULL)
                return usage_error("-D needs key=value, not: ", optarg);
            if (args->property_count == sizeof args->properties / sizeof *args->properties)
                return usage_error("too many -D options: ", optarg);
            args->properties[args->property_count++] = optarg;
            break;
        default:
            return option_error(option, argv);
        }
    }
    if (optind + 1 != argc)
        return usage_error(optind == argc ? "which zoo.cfg?"
                                          : "one configuration file, please; this is too many: ",
                           optind == argc ? "" : argv[optind + 1]);
    args->config_file = argv[optind];
    return -1;
}

/* What local time is ahead of universal time, now. */
static int64_t zone_offset_ms(void)
{
    time_t now = time(NULL);
    struct tm local;
    return localtime_r(&now, &local) == NULL ? 0 : (int64_t)local.tm_gmtoff * 1000;
}

static void set_properties(struct zk_context *ctx, const struct arguments *args)
{
    for (size_t i = 0; i < args->property_count; i++) {
        char key[256];
        const char *equals = strchr(args->properties[i], '=');
        snprintf(key, sizeof key, "%.*s", (int)(equals - args->properties[i]), args->properties[i]);
        zk_settings_set(ctx, key, equals + 1);
    }
}

static void print_config(const struct quorum_peer_config *config)
{
    printf("%s is fine: myid %" PRId64
           ", tickTime %d ms, initLimit %d, syncLimit %d, dataDir %s\n%s\n",
           config->config_file, config->my_id, config->tick_time_ms, config->init_limit,
           config->sync_limit, config->data_dir, qv_to_string(config->quorum_verifier));
}

/* ---- signals -------------------------------------------------------------------------------- */

struct signal_dispatcher {
    struct zk_context *ctx;
    struct quorum_peer_run *run;
    pthread_mutex_t mutex;
    pthread_cond_t ended_changed;
    bool ended; /* guarded by mutex: main has seen the peer end */
};

static bool wait_until_ended(struct signal_dispatcher *dispatcher, int64_t ms)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    int64_t ns = deadline.tv_nsec + ms % 1000 * 1000000;
    deadline.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    deadline.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&dispatcher->mutex);
    int r = 0;
    while (!dispatcher->ended && r != ETIMEDOUT)
        r = pthread_cond_timedwait(&dispatcher->ended_changed, &dispatcher->mutex, &deadline);
    bool ended = dispatcher->ended;
    pthread_mutex_unlock(&dispatcher->mutex);
    return ended;
}

static void block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

/* The thread that waits for SIGTERM and SIGINT; all others have them blocked. main ends it with one
 * of its own. */
static void dispatch_signals(void *arg)
{
    struct signal_dispatcher *dispatcher = arg;
    sigset_t signals;
    int signal_number = 0;
    block_signals(&signals);
    sigwait(&signals, &signal_number);
    if (wait_until_ended(dispatcher, 0))
        return;
    zk_log(dispatcher->ctx, ZK_LOG_SIGNAL, signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    quorum_peer_run_shutdown(dispatcher->run);
    if (!wait_until_ended(dispatcher, LEAVE_WITHIN_MS))
        _exit(EXIT_CODE_EXECUTION_FINISHED);
}

/* ---- the process ---------------------------------------------------------------------------- */

/* Run until the peer ends, by itself or by a signal. The exit code. */
static int run_peer(struct zk_context *ctx, const struct quorum_peer_config *config)
{
    struct quorum_peer_run *run = quorum_peer_run_new(ctx, config);
    struct signal_dispatcher dispatcher = {
        .ctx = ctx,
        .run = run,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .ended_changed = PTHREAD_COND_INITIALIZER,
    };
    struct zk_thread_group *signal_thread = zk_thread_group_new(ctx);
    sigset_t signals;
    block_signals(&signals);
    int code = quorum_peer_run_start(run);
    if (code == 0 && zk_thread_group_start(signal_thread, dispatch_signals, &dispatcher,
                                           "Signal Dispatcher") < 0) {
        zk_log(ctx, ZK_LOG_NO_THREAD_FOR_ELECTION);
        quorum_peer_run_shutdown(run);
        code = EXIT_CODE_UNEXPECTED_ERROR;
    }
    int end_code = quorum_peer_run_wait(run);
    if (code == 0)
        code = end_code;
    else
        zk_log(ctx, ZK_LOG_UNEXPECTED_EXITING);

    pthread_mutex_lock(&dispatcher.mutex);
    dispatcher.ended = true;
    pthread_cond_broadcast(&dispatcher.ended_changed);
    pthread_mutex_unlock(&dispatcher.mutex);
    kill(getpid(), SIGTERM); /* to ourselves, blocked everywhere but in the dispatcher's sigwait */
    zk_thread_group_free(signal_thread);
    quorum_peer_run_free(run);
    return code;
}

static int read_config(struct zk_context *ctx, const struct arguments *args,
                       struct quorum_peer_config **ret_config)
{
    char *error = NULL;
    int r = quorum_peer_config_parse(ctx, args->config_file, ret_config, &error);
    if (r == 0)
        return EXIT_CODE_EXECUTION_FINISHED;
    zk_log(ctx, ZK_LOG_CONFIG_INVALID_EXITING);
    fprintf(stderr, "zkpeer: %s\n", error == NULL ? "the configuration cannot be read" : error);
    free(error);
    return EXIT_CODE_INVALID_INVOCATION;
}

/* Java: QuorumPeerMain.main() */
int main(int argc, char **argv)
{
    struct arguments args = {.context = zk_context_options_default()};
    int code = parse_arguments(argc, argv, &args);
    if (code >= 0)
        return code;
    /* many short threads, each with little to allocate: one heap stays small */
    mallopt(M_ARENA_MAX, 1);
    args.context.zone_offset_ms = zone_offset_ms();
    if (args.trace_file != NULL) {
        args.context.trace_fd =
            open(args.trace_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (args.context.trace_fd < 0)
            return usage_error("the trace cannot be written: ",
                               strerror_r(errno, (char[128]){0}, 128));
    }

    struct zk_context *ctx = zk_context_new(&args.context);
    struct quorum_peer_config *config = NULL;
    set_properties(ctx, &args);
    code = read_config(ctx, &args, &config);
    if (code == 0 && args.check_config) {
        print_config(config);
    } else if (code == 0) {
        zk_trace_boot(ctx, ZKPEER_VERSION);
        code = run_peer(ctx, config);
        zk_trace_exit(ctx, code, code == 0 ? "stopped" : "the log says why");
    }
    quorum_peer_config_free(config);
    zk_context_free(ctx);
    return code;
}
