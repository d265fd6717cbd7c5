/* zkpeer: one peer of a ZooKeeper ensemble, started with the very files that Java's QuorumPeerMain
 * is started with.
 *
 * This file and zkdump.c are not in the archive that holds all floors: only these two read
 * options and print, and only this one knows signals and the process's environment.
 * Java: QuorumPeerMain */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "refused_option.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/str.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/peer/config_report.h"
#include "zk/peer/quorum_peer_main.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/thread_dump.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"

enum {
    /* So long after SIGTERM, SIGINT or SIGHUP the process ends at the latest. The look-up of a name
     * and the reading of a large snapshot cannot be cancelled, and the log may be a pipe that
     * nobody reads. */
    LEAVE_WITHIN_S = 1,
    /* Each has a lock. A request passes four threads or so, which are to have heaps of their own;
     * many more would take memory for nothing. */
    HEAPS_MAX = 8,
};

static const char USAGE[] =
    "Usage: zkpeer [OPTION]... ZOO_CFG\n"
    "       zkpeer [OPTION]... PORT DATADIR [TICKTIME] [MAXCNXNS]\n"
    "Run one peer of a ZooKeeper ensemble: elect a leader with the others, then follow it or "
    "lead.\n"
    "With a ZOO_CFG that names no other server, or with a port and a data directory: serve alone.\n"
    "\n"
    "  --check-config      read the configuration, say what it means, and leave\n"
    "  --trace FILE        append what happens, one JSON object a line (scripts/trace/FORMAT.md)\n"
    "  --log-level LEVEL   trace, debug, info (default), warn, error or off\n"
    "  -Dkey=value         what Java calls a system property, for example "
    "-Dzookeeper.cnxTimeout=2000\n"
    "  --version           print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "The log goes to standard error. SIGQUIT (kill -3) adds a dump of all threads, queues and locks to "
    "it.\n"
    "Exit codes: 0 stopped by SIGTERM, SIGINT or SIGHUP, 1 unexpected error, 2 wrong\n"
    "configuration or options, 3 data directory, 4 unknown admin.serverAddress (a server alone),\n"
    "10 snapshot not written, 12 and 13 the leader broke the protocol, 14 no election port.\n"
    "\n"
    "To see three of them at work: scripts/demo.sh\n"
    "A server alone, for a test:    zkpeer 2181 /tmp/zookeeper\n";

struct arguments {
    /* "configfile", or "port datadir [ticktime] [maxcnxns]" of a server alone. */
    char **words;
    size_t word_count;
    const char *trace_file; /* NULL: none */
    bool check_config;
    struct zk_context_options context;
    const char *properties[64]; /* "key=value", or "key" alone, of -D */
    size_t property_count;
};

/* Prints one line that says what is wrong and what to try. */
static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "zkpeer: %s%s (try zkpeer --help)\n", what, value);
    return EXIT_CODE_INVALID_INVOCATION;
}

/* answer is getopt's, ':' or '?'. */
static int option_error(int answer, int argc, char **argv)
{
    char letter[3];
    const char *name = refused_option(argc, argv, letter);
    if (answer == ':')
        return usage_error("a value must follow ", name);
    if (optopt == 'X') /* -Xmx2g: whoever comes from Java has it in the settings of the service */
        return usage_error("an option of a JVM, which zkpeer has not, is to be left out: ", name);
    return usage_error("I do not know ", name);
}

/* Returns -1 to go on, otherwise the exit code. */
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
    /* The colon makes getopt silent: usage_error() speaks. */
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
            if (args->property_count == sizeof args->properties / sizeof *args->properties)
                return usage_error("too many -D options: ", optarg);
            args->properties[args->property_count++] = optarg;
            break;
        default:
            return option_error(option, argc, argv);
        }
    }
    if (optind == argc)
        return usage_error("which zoo.cfg?", "");
    args->words = argv + optind;
    args->word_count = (size_t)(argc - optind);
    return -1;
}

/* How far local time is ahead of universal time at that moment. */
static int64_t zone_offset_ms(int64_t wall_ms)
{
    const time_t moment = (time_t)(wall_ms / 1000);
    struct tm local;
    return localtime_r(&moment, &local) == NULL ? 0 : (int64_t)local.tm_gmtoff * 1000;
}

/* -Dkey alone gives an empty value, as in a JVM: zkServer.sh starts Java with
 * -Dcom.sun.management.jmxremote. */
static void set_properties(struct zk_context *ctx, const struct arguments *args)
{
    for (size_t i = 0; i < args->property_count; i++) {
        const size_t key_length = strcspn(args->properties[i], "=");
        char *key = zk_xstrndup(args->properties[i], key_length);
        const char *value = args->properties[i] + key_length;
        zk_settings_set(ctx, key, *value == '=' ? value + 1 : value);
        free(key);
    }
}

/* Sets one value of the environment, unless -D has set it already, and logs it. */
static void set_environment(struct zk_context *ctx, const char *key, const char *value)
{
    if (zk_settings_get(ctx, key) == NULL)
        zk_settings_set(ctx, key, value == NULL ? "<NA>" : value);
    zk_log(ctx, ZK_LOG_SERVER_ENVIRONMENT, key, zk_settings_get(ctx, key));
}

/* What envi tells of the machine and its user. A JVM finds most of it itself, for its system
 * properties. The name service is not asked for the host's name: a start must not wait for it
 * (D-313). Java: Environment.list() */
static void set_environments(struct zk_context *ctx)
{
    struct utsname machine;
    bool known = uname(&machine) == 0;
    const struct passwd *user = getpwuid(getuid());
    char *directory = getcwd(NULL, 0);
    set_environment(ctx, "host.name", known ? machine.nodename : NULL);
    set_environment(ctx, "os.name", known ? machine.sysname : NULL);
    set_environment(ctx, "os.arch",
                    !known                                   ? NULL
                    : strcmp(machine.machine, "x86_64") == 0 ? "amd64" /* Java's word for it */
                                                             : machine.machine);
    set_environment(ctx, "os.version", known ? machine.release : NULL);
    set_environment(ctx, "user.name", user == NULL ? NULL : user->pw_name);
    set_environment(ctx, "user.home", user == NULL ? getenv("HOME") : user->pw_dir);
    set_environment(ctx, "user.dir", directory);
    free(directory);
}

/* stdio tells only now that it could not write something: the disk is full, or a pipe has lost its
 * reader. */
static int flush_answer(void)
{
    if (fflush(stdout) == 0)
        return EXIT_CODE_EXECUTION_FINISHED;
    fprintf(stderr, "zkpeer: the answer cannot be written: %s\n", zk_error_text(errno).text);
    return EXIT_CODE_UNEXPECTED_ERROR;
}

/* -1: the system does not say. */
static int64_t free_bytes(const char *path)
{
    struct statvfs room;
    return statvfs(path, &room) < 0 ? -1 : (int64_t)room.f_bavail * (int64_t)room.f_frsize;
}

/* Returns the exit code. */
static int print_report(struct zk_context *ctx, const struct quorum_peer_config *config)
{
    struct zk_str report = {0};
    int code = config_report(ctx, config, free_bytes, &report);
    fputs(zk_str_text(&report), stdout);
    zk_str_done(&report);
    int written = flush_answer();
    return written != EXIT_CODE_EXECUTION_FINISHED ? written : code;
}

/* ---- signals -------------------------------------------------------------------------------- */

struct signal_dispatcher {
    struct zk_context *ctx;
    struct quorum_peer_main *program;
    struct zk_stop started; /* requested when the start has succeeded or failed */
    struct zk_stop ended;   /* requested when main has seen the peer end */
};

/* The signals that one thread waits for; all threads have them blocked. nohup starts a program with
 * SIGHUP ignored: then a closed terminal ends neither a JVM nor us. */
static void block_signals(sigset_t *ret_signals)
{
    struct sigaction hangup;
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGQUIT);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(ret_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

/* A pipe that nobody reads any more, and a file that has reached its limit, end no JVM: the call
 * that writes fails, and the peer goes on (D-90). */
static void ignore_write_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* Each client takes a descriptor, and the 1,024 that a shell gives are soon used up. The JVM takes
 * as many as it may have, too. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static const char *signal_name(int signal_number)
{
    return signal_number == SIGINT ? "SIGINT" : signal_number == SIGHUP ? "SIGHUP" : "SIGTERM";
}

/* These two belong to the process, because a handler is given nothing but the signal's number. */
static volatile sig_atomic_t caught_signal;                               /* 0: none */
static volatile sig_atomic_t code_at_once = EXIT_CODE_EXECUTION_FINISHED; /* D-90 */

static void leave_at_once(int signal_number)
{
    (void)signal_number;
    _exit(code_at_once);
}

static void set_handler(int signal_number, void (*handler)(int signal_number))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(signal_number, &action, NULL);
}

/* From now on the end of alarm() ends the process. It is a timer of the system and no thread: any
 * thread of ours may be held up, even the one that waits for signals. */
static void let_alarm_end_it(void)
{
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    set_handler(SIGALRM, leave_at_once);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
}

/* Until run_peer blocks these signals for its dispatcher, nothing has begun that must be ended in
 * order, and a name that the configuration has may take long to look up. The system's own end would
 * give a supervisor another exit status than an ordered end does (D-90). Before main nobody can do
 * this. */
static void leave_at_once_when_asked(void)
{
    struct sigaction hangup;
    set_handler(SIGTERM, leave_at_once);
    set_handler(SIGINT, leave_at_once);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        set_handler(SIGHUP, leave_at_once);
}

static void leave_soon(void)
{
    let_alarm_end_it();
    alarm(LEAVE_WITHIN_S);
}

static void catch_signal(int signal_number)
{
    caught_signal = signal_number;
    alarm(LEAVE_WITHIN_S);
}

/* Not by stdio, which drops the rest when a signal interrupts it. */
static void write_to_log(const struct zk_str *text)
{
    size_t at = 0;
    while (at < text->length) {
        ssize_t written = write(STDERR_FILENO, text->text + at, text->length - at);
        if (written < 0 && errno != EINTR)
            return;
        at += written > 0 ? (size_t)written : 0;
    }
}

/* A JVM answers SIGQUIT with a dump, too (D-92). Only this thread hears SIGTERM, and the log to
 * which it is about to write may be a pipe that nobody reads. So a handler hears the signals that
 * end the process, until the dump is written. Returns the one that came; 0: none did. */
static int write_thread_dump(struct zk_context *ctx, const sigset_t *signals)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t caught;
    sigemptyset(&caught);
    caught_signal = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (sigismember(signals, ends[i]) != 1)
            continue;
        set_handler(ends[i], catch_signal);
        sigaddset(&caught, ends[i]);
    }
    let_alarm_end_it();
    pthread_sigmask(SIG_UNBLOCK, &caught, NULL);
    struct zk_str text = {0};
    zk_thread_dump(ctx, &text);
    zk_log(ctx, ZK_LOG_THREAD_DUMP);
    write_to_log(&text);
    zk_str_done(&text);
    pthread_sigmask(SIG_BLOCK, &caught, NULL);
    return caught_signal;
}

/* The thread that waits for signals. run_peer ends it by sending the process a signal. */
static void dispatch_signals(void *arg)
{
    struct signal_dispatcher *dispatcher = arg;
    sigset_t signals;
    int signal_number = 0;
    block_signals(&signals);
    for (;;) {
        zk_thread_blocks(dispatcher->ctx, "waits for", "a signal");
        sigwait(&signals, &signal_number);
        zk_thread_goes_on(dispatcher->ctx);
        if (signal_number == SIGQUIT)
            signal_number = write_thread_dump(dispatcher->ctx, &signals);
        /* If the dump has caught a signal, its alarm may be on. When that is over, the process ends
         * with the code that main has set. */
        if (zk_stop_requested(&dispatcher->ended))
            return;
        if (signal_number != 0)
            break;
    }
    leave_soon();
    zk_log(dispatcher->ctx, ZK_LOG_SIGNAL, signal_name(signal_number));
    (void)zk_stop_sleep(&dispatcher->started, INT64_MAX);
    quorum_peer_main_shutdown(dispatcher->program);
}

/* ---- the process ---------------------------------------------------------------------------- */

/* Runs until the peer ends, by itself or by a signal. Returns the exit code. */
static int run_peer(struct zk_context *ctx, const struct quorum_peer_config *config)
{
    struct quorum_peer_main *program = quorum_peer_main_new(ctx, config);
    struct signal_dispatcher dispatcher = {.ctx = ctx, .program = program};
    struct zk_thread_group *signal_thread = zk_thread_group_new(ctx);
    sigset_t signals;
    zk_stop_init(&dispatcher.started, ctx, "main.started");
    zk_stop_init(&dispatcher.ended, ctx, "main.ended");
    block_signals(&signals);
    /* The thread runs before the peer starts, so that a signal is heard while a large snapshot is
     * read. */
    int code = EXIT_CODE_UNEXPECTED_ERROR;
    int r =
        zk_thread_group_start(signal_thread, dispatch_signals, &dispatcher, "Signal Dispatcher");
    if (r == 0) {
        code = quorum_peer_main_start(program);
    } else {
        zk_log(ctx, ZK_LOG_UNABLE_TO_START_SERVER, zk_error_text(r).text);
        quorum_peer_main_shutdown(program);
    }
    zk_stop_request(&dispatcher.started);
    int end_code = quorum_peer_main_wait(program);
    if (code == 0)
        code = end_code;
    else
        zk_log(ctx, ZK_LOG_UNEXPECTED_EXITING);

    alarm(0);            /* the rest takes no longer than it needs, and its code is the right one */
    code_at_once = code; /* the dispatcher may be writing a dump that nobody reads */
    zk_stop_request(&dispatcher.ended);
    kill(getpid(), SIGTERM); /* blocked everywhere but in the dispatcher, which waits for it */
    zk_thread_group_free(signal_thread);
    zk_stop_destroy(&dispatcher.ended);
    zk_stop_destroy(&dispatcher.started);
    quorum_peer_main_free(program);
    return code;
}

static int read_config(struct zk_context *ctx, const struct arguments *args,
                       struct quorum_peer_config **ret_config)
{
    char *error = NULL;
    bool is_file = args->word_count == 1;
    int r = is_file ? quorum_peer_config_parse(ctx, args->words[0], ret_config, &error)
                    : server_config_parse_arguments(ctx, args->word_count, args->words, ret_config,
                                                    &error);
    if (r == 0)
        return EXIT_CODE_EXECUTION_FINISHED;
    if (is_file)
        zk_log(ctx, ZK_LOG_CONFIG_INVALID_EXITING);
    else
        zk_log(ctx, ZK_LOG_ARGUMENTS_INVALID_EXITING);
    fprintf(stderr, "zkpeer: %s%s\n", error == NULL ? "the configuration cannot be read" : error,
            is_file ? "" : " (try zkpeer --help)");
    free(error);
    return EXIT_CODE_INVALID_INVOCATION;
}

/* Descriptors 0, 1 and 2 are open from here on, whatever the starter did (2>&- in a crontab): the
 * next file or socket that is opened must not become the one that log lines go to. */
static bool open_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
    return fd >= 0;
}

static int open_trace(struct arguments *args)
{
    const int fd = open(args->trace_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "zkpeer: the trace %s cannot be written: %s (try zkpeer --help)\n",
                args->trace_file, zk_error_text(errno).text);
        return EXIT_CODE_INVALID_INVOCATION;
    }
    args->context.trace_fd = fd;
    return 0;
}

/* Asks for large pages. The table of a million nodes fills 8,192 pages of 4 KiB. The processor
 * cannot remember the addresses of so many, and a replay took a seventh more time. Where the
 * system has no large pages to give, nothing changes. */
static void on_large_block(void *block, size_t size)
{
    uintptr_t into_page = (uintptr_t)block % (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)madvise((char *)block - into_page, size + into_page, MADV_HUGEPAGE);
}

/* glibc keeps small blocks that were freed, and gives back only what is free at the very end of the
 * heap: 114 MB stayed behind when a million watches had gone. This gives most of it back. */
static void on_mass_free(void)
{
    malloc_trim(0);
}

/* Java: QuorumPeerMain.main() */
int main(int argc, char **argv)
{
    struct arguments args = {.context = zk_context_options_default()};
    if (!open_standard_descriptors())
        return EXIT_CODE_UNEXPECTED_ERROR; /* nobody could be told */
    ignore_write_signals();
    raise_descriptor_limit();
    int code = parse_arguments(argc, argv, &args);
    if (code == EXIT_CODE_EXECUTION_FINISHED)
        return flush_answer();
    if (code > 0)
        return code;
    if (!args.check_config) /* whose answer must be whole */
        leave_at_once_when_asked();
    mallopt(M_ARENA_MAX, HEAPS_MAX);
    tzset();
    args.context.zone_offset_ms = zone_offset_ms;
    args.context.thread_dump = true;
    args.context.on_large_block = on_large_block;
    args.context.on_mass_free = on_mass_free;
    if (args.trace_file != NULL && (code = open_trace(&args)) != 0)
        return code;

    struct zk_context *ctx = zk_context_new(&args.context);
    struct quorum_peer_config *config = NULL;
    set_properties(ctx, &args);
    code = read_config(ctx, &args, &config);
    if (code == 0 && args.check_config) {
        code = print_report(ctx, config);
    } else if (code == 0) {
        set_environments(ctx);
        zk_trace_boot(ctx, ZKPEER_VERSION);
        code = run_peer(ctx, config);
        zk_trace_exit(ctx, code, code == 0 ? "it was asked to stop" : "its log names the reason");
    }
    quorum_peer_config_free(config);
    zk_context_free(ctx);
    return code;
}
