/* zksim: runs simulated ensembles, one for each seed, until one fails; and replays that one.
 *
 * What a seed stands for is decided by the seed, the program and the other options together; so a
 * failure is reported with the whole command that shows it again. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctx.h"
#include "scenarios.h"

enum { OBSERVERS_STEP_LIMIT = 200000000 };

enum { EXIT_CLEAN = 0, EXIT_VIOLATION = 1, EXIT_USAGE = 2, EXIT_NOT_DETERMINISTIC = 3 };

static const char USAGE[] =
    "usage: zksim explore [options]          run many seeds; stop at the first that fails\n"
    "       zksim replay SEED [options]      run one seed and tell what happens\n"
    "\n"
    "  --seeds A..B        explore: which seeds (default 1..1000)\n"
    "  --scenario NAME     what happens (default election):\n"
    "%s"
    "  --faults            the same as --scenario faults\n"
    "  --peers N           voters (default 3)\n"
    "  --observers N       and observers (default 0)\n"
    "  --groups            the voters form a hierarchical quorum, in groups of three\n"
    "  --twice             run each seed twice; both transcripts must be the same\n"
    "  --keep-going        explore: do not stop at a failure; count them\n"
    "  --backend NAME      asm, ucontext or thread: how stacks are switched (see ctx.h)\n"
    "  --quiet             no progress line, no details\n"
    "  --fingerprint       explore: print nothing but the hash of all transcripts\n"
    "  --show              replay: print what the peers write\n"
    "  --calls             replay: print each simulated call\n"
    "  --trace FILE        replay: write the peers' trace\n"
    "\n"
    "Exit: 0 all is well, 1 a seed failed, 2 wrong usage, 3 a seed had two transcripts.\n";

struct arguments {
    uint64_t first;
    uint64_t last;
    bool replay;
    const struct scenario *scenario;
    int peers;
    int observers;
    bool groups;
    bool twice;
    bool keep_going;
    bool quiet;
    bool fingerprint;
    bool show_lines;
    bool show_calls;
    FILE *trace;
};

struct totals {
    uint64_t seeds;
    uint64_t violations;
    uint64_t elections; /* terms of leaders that were established */
    uint64_t shut_out;  /* peers that could not join at the end (K-22) */
    uint64_t steps;
    uint64_t threads;
    double virtual_s;
    uint64_t transcripts;
};

static struct arguments args = {.first = 1, .last = 1000, .peers = 3};
static struct cluster cluster;
static uint64_t current_seed;

/* ---- arguments ------------------------------------------------------------------------------ */

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "zksim: %s%s\nTry: zksim --help\n", what, value);
    return EXIT_USAGE;
}

static void print_usage(void)
{
    char scenarios[1024] = "";
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        size_t length = strlen(scenarios);
        snprintf(scenarios + length, sizeof scenarios - length, "        %-10s %s\n",
                 SCENARIOS[i].name, SCENARIOS[i].what);
    }
    printf(USAGE, scenarios);
}

/* "A..B" or "A". */
static bool parse_seeds(const char *text)
{
    char *end;
    args.first = strtoull(text, &end, 10);
    args.last = args.first;
    if (end == text)
        return false;
    if (strncmp(end, "..", 2) == 0) {
        const char *last = end + 2;
        args.last = strtoull(last, &end, 10);
        if (end == last)
            return false;
    }
    return *end == '\0' && args.first <= args.last;
}

static bool parse_count(const char *text, int most, int *ret_count)
{
    char *end;
    long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 0 || count > most)
        return false;
    *ret_count = (int)count;
    return true;
}

enum option_id {
    OPTION_SEEDS = 1,
    OPTION_SCENARIO,
    OPTION_FAULTS,
    OPTION_PEERS,
    OPTION_OBSERVERS,
    OPTION_GROUPS,
    OPTION_TWICE,
    OPTION_KEEP_GOING,
    OPTION_BACKEND,
    OPTION_QUIET,
    OPTION_FINGERPRINT,
    OPTION_SHOW,
    OPTION_CALLS,
    OPTION_TRACE,
    OPTION_HELP,
};

/* -1: go on; otherwise the exit code. */
static int take_option(int option, const char *value)
{
    switch ((enum option_id)option) {
    case OPTION_SEEDS:
        return parse_seeds(value) ? -1 : usage_error("seeds are A..B, not ", value);
    case OPTION_SCENARIO:
        args.scenario = scenario_find(value);
        return args.scenario != NULL ? -1 : usage_error("there is no scenario ", value);
    case OPTION_FAULTS:
        args.scenario = scenario_find("faults");
        return -1;
    case OPTION_PEERS:
        return parse_count(value, HOSTS_MAX - 1, &args.peers) && args.peers > 1
                   ? -1
                   : usage_error("peers are 2 to 15, not ", value);
    case OPTION_OBSERVERS:
        return parse_count(value, HOSTS_MAX - 1, &args.observers)
                   ? -1
                   : usage_error("not a number of observers: ", value);
    case OPTION_GROUPS:
        args.groups = true;
        return -1;
    case OPTION_TWICE:
        args.twice = true;
        return -1;
    case OPTION_KEEP_GOING:
        args.keep_going = true;
        return -1;
    case OPTION_BACKEND:
        return ctx_choose(value) ? -1 : usage_error("there is no back end ", value);
    case OPTION_QUIET:
        args.quiet = true;
        return -1;
    case OPTION_FINGERPRINT:
        args.quiet = true;
        args.fingerprint = true;
        return -1;
    case OPTION_SHOW:
        args.show_lines = true;
        return -1;
    case OPTION_CALLS:
        args.show_calls = true;
        return -1;
    case OPTION_TRACE:
        args.trace = fopen(value, "w");
        return args.trace != NULL ? -1 : usage_error("cannot write ", value);
    case OPTION_HELP:
        print_usage();
        return EXIT_CLEAN;
    }
    return EXIT_USAGE; /* getopt has said why */
}

static int parse_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, OPTION_SEEDS},
        {"scenario", required_argument, NULL, OPTION_SCENARIO},
        {"faults", no_argument, NULL, OPTION_FAULTS},
        {"peers", required_argument, NULL, OPTION_PEERS},
        {"observers", required_argument, NULL, OPTION_OBSERVERS},
        {"groups", no_argument, NULL, OPTION_GROUPS},
        {"twice", no_argument, NULL, OPTION_TWICE},
        {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
        {"backend", required_argument, NULL, OPTION_BACKEND},
        {"quiet", no_argument, NULL, OPTION_QUIET},
        {"fingerprint", no_argument, NULL, OPTION_FINGERPRINT},
        {"show", no_argument, NULL, OPTION_SHOW},
        {"calls", no_argument, NULL, OPTION_CALLS},
        {"trace", required_argument, NULL, OPTION_TRACE},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
    };
    args.scenario = scenario_find("election");
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int code = take_option(option, optarg);
        if (code >= 0)
            return code;
    }
    if (args.peers + args.observers >= HOSTS_MAX)
        return usage_error("at most 15 hosts are simulated", "");
    const char *verb = optind < argc ? argv[optind++] : "";
    args.replay = strcmp(verb, "replay") == 0;
    if (!args.replay && strcmp(verb, "explore") != 0)
        return usage_error("explore or replay?", "");
    if (args.replay && (optind == argc || !parse_seeds(argv[optind++])))
        return usage_error("replay which seed?", "");
    if (optind < argc)
        return usage_error("too much: ", argv[optind]);
    return -1;
}

/* The command that shows a seed again. */
static void replay_command(char *ret_text, size_t size)
{
    char observers[32] = "";
    if (args.observers > 0)
        snprintf(observers, sizeof observers, " --observers %d", args.observers);
    snprintf(ret_text, size, "zksim replay %" PRIu64 " --scenario %s --peers %d%s%s --show",
             current_seed, args.scenario->name, args.peers, observers,
             args.groups ? " --groups" : "");
}

/* ---- one seed ------------------------------------------------------------------------------- */

/* Once in so many seeds, spread so that they do not fall on the same ones. */
static bool now_and_then(uint64_t salt, uint64_t one_in)
{
    uint64_t mixed = (current_seed + salt) * 0x9e3779b97f4a7c15ULL;
    return (mixed >> 32) % one_in == 0;
}

static void drive(void *arg)
{
    (void)arg;
    const struct cluster_options options = {
        .voters = args.peers,
        .observers = args.observers,
        .grouped = args.groups,
        .named = now_and_then(1, 4),
        .check_locks = now_and_then(2, 8),
        .talkative = args.show_lines || args.trace != NULL,
        .tick_ms = now_and_then(3, 3) ? 200 : 2000,
        .trace = args.trace,
    };
    cluster_begin(&cluster, &options);
    args.scenario->drive(&cluster);
}

static struct world_report run_seed(uint64_t seed, uint64_t show_allocation)
{
    const struct world_options options = {
        .seed = seed,
        .show_lines = args.show_lines,
        .show_calls = args.show_calls,
        .show_allocation = show_allocation,
        /* Observers and voters can talk in circles for as long as no leader is found (K-25). */
        .step_limit = args.observers > 0 ? OBSERVERS_STEP_LIMIT : 0,
        .on_line = cluster_on_line,
        .on_exit = cluster_on_exit,
        .arg = &cluster,
    };
    current_seed = seed;
    return world_run(&options, drive, NULL);
}

static void report_failure(const struct world_report *report)
{
    char command[256];
    replay_command(command, sizeof command);
    fflush(stdout);
    fprintf(stderr, "%sseed %" PRIu64 " fails: %s\n  again: %s\n",
            isatty(STDERR_FILENO) ? "\r\033[K" : "", current_seed, report->reason, command);
    if (report->leaked_allocation != 0 && !args.keep_going)
        run_seed(current_seed, report->leaked_allocation);
}

/* A fault of the program or a sanitizer's verdict ends zksim: say which seed it was. */
static void say_seed(void)
{
    char command[256];
    replay_command(command, sizeof command);
    dprintf(STDERR_FILENO, "\nzksim dies in seed %" PRIu64 "\n  again: %s\n", current_seed,
            command);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void on_fatal_signal(int signal_number)
{
    say_seed();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void prepare_for_death(void)
{
    static char stack[64 * 1024]; /* the fault may be the end of a stack */
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(say_seed);
        return;
    }
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    const struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
}

/* ---- many ----------------------------------------------------------------------------------- */

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct totals *totals, const struct world_report *report)
{
    totals->seeds++;
    totals->violations += report->result != WORLD_OK;
    totals->elections += cluster.invariants.established;
    totals->shut_out += (uint64_t)cluster.shut_out;
    totals->steps += report->steps;
    totals->threads += report->threads;
    totals->virtual_s += (double)report->virtual_ns / 1e9;
    totals->transcripts = (totals->transcripts ^ report->transcript) * 0x9e3779b97f4a7c15ULL;
}

static void print_totals(const struct totals *totals, double seconds)
{
    printf("%s, %d peers: seeds %" PRIu64 "..%" PRIu64 ", %" PRIu64
           " run in %.1f s, %.0f seeds/s, %" PRIu64 " violations\n",
           args.scenario->name, args.peers + args.observers, args.first,
           args.first + totals->seeds - 1, totals->seeds, seconds, (double)totals->seeds / seconds,
           totals->violations);
}

/* By processor time, which other work on the machine does not lengthen. */
static void print_details(const struct totals *totals)
{
    double seconds = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    printf("  per second of processor time: %.0f seeds, %.0f elections, %.1f M calls, %.0f virtual "
           "seconds\n  %" PRIu64 " elections, %" PRIu64 " shut out (K-22), %" PRIu64
           " threads, transcripts %016" PRIx64 "\n",
           (double)totals->seeds / seconds, (double)totals->elections / seconds,
           (double)totals->steps / 1e6 / seconds, totals->virtual_s / seconds, totals->elections,
           totals->shut_out, totals->threads, totals->transcripts);
}

static void show_progress(const struct totals *totals, double seconds)
{
    static double last;
    if (args.quiet || !isatty(STDERR_FILENO) || seconds - last < 0.2)
        return;
    last = seconds;
    fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " seeds, %.0f/s, %" PRIu64 " violations",
            totals->seeds, args.last - args.first + 1, (double)totals->seeds / seconds,
            totals->violations);
}

static int explore(void)
{
    struct totals totals = {0};
    const double began = clock_s(CLOCK_MONOTONIC);
    int code = EXIT_CLEAN;
    for (uint64_t seed = args.first; seed <= args.last && code == EXIT_CLEAN; seed++) {
        struct world_report report = run_seed(seed, 0);
        add(&totals, &report);
        if (args.twice && run_seed(seed, 0).transcript != report.transcript) {
            fprintf(stderr, "seed %" PRIu64 " has two transcripts\n", seed);
            code = EXIT_NOT_DETERMINISTIC;
        }
        if (report.result != WORLD_OK) {
            report_failure(&report);
            if (!args.keep_going)
                code = EXIT_VIOLATION;
        }
        show_progress(&totals, clock_s(CLOCK_MONOTONIC) - began);
    }
    if (!args.quiet && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    double seconds = clock_s(CLOCK_MONOTONIC) - began;
    if (args.fingerprint)
        printf("%016" PRIx64 "\n", totals.transcripts);
    else
        print_totals(&totals, seconds);
    if (!args.quiet)
        print_details(&totals);
    if (code == EXIT_CLEAN && totals.violations > 0)
        code = EXIT_VIOLATION;
    return code;
}

static int replay(void)
{
    struct world_report report = run_seed(args.first, 0);
    printf("seed %" PRIu64 ": %s; %.3f virtual seconds, %" PRIu64 " calls, %" PRIu64
           " threads, transcript %016" PRIx64 "\n",
           args.first, report.result == WORLD_OK ? "all is well" : report.reason,
           (double)report.virtual_ns / 1e9, report.steps, report.threads, report.transcript);
    if (report.leaked_allocation != 0)
        run_seed(args.first, report.leaked_allocation);
    return report.result == WORLD_OK ? EXIT_CLEAN : EXIT_VIOLATION;
}

int main(int argc, char **argv)
{
    int code = parse_arguments(argc, argv);
    if (code >= 0)
        return code;
    prepare_for_death();
    code = args.replay ? replay() : explore();
    cluster_end(&cluster);
    if (args.trace != NULL && fclose(args.trace) != 0)
        code = usage_error("the trace could not be written", "");
    return code;
}
