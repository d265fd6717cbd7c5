/* zksim: runs simulated ensembles, one for each seed, until one fails; and replays that one. This
 * file reads the command line. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "explore.h"
#include "mix.h"
#include "play.h"
#include "run.h"
#include "shrink.h"

static const char USAGE[] =
    "Usage: zksim explore [OPTION]...        run many seeds; stop at the first that fails\n"
    "       zksim replay SEED [OPTION]...    run one seed and tell what happens\n"
    "       zksim play FILE... [OPTION]...   see zksim play --help\n"
    "\n"
    "  --seeds A..B        explore: which seeds (default 1..1000)\n"
    "  --step N            explore: only every Nth of them\n"
    "  --scenario NAME     what happens (default election):\n"
    "%s"
    "  --faults            the same as --scenario faults\n"
    "  --peers N           voters (default 3)\n"
    "  --observers N       and observers (default 0)\n"
    "  --mix               the seed decides: 3 to 7 voters, an observer or none, a majority or\n"
    "                      groups with weights\n"
    "  --only N,N...       of the faults that a seed draws only these happen (0: none)\n"
    "  --without N,N...    or all but these\n"
    "  --groups            the voters form a hierarchical quorum, in groups of three\n"
    "  --jobs N            explore: so many processes at a time (default 1)\n"
    "  --twice             explore: run each seed twice; both transcripts must be the same\n"
    "  --keep-going        explore: do not stop at a failure; count them\n"
    "  --backend NAME      asm, ucontext or thread: how stacks are switched (see ctx.h)\n"
    "  --quiet             no progress line, no details\n"
    "  --fingerprint       explore: print nothing but the hash of all transcripts\n"
    "  --show              replay: print what the peers write\n"
    "  --calls             replay: print each simulated call\n"
    "  --trace FILE        replay: write the peers' trace\n"
    "  --plant NAME        a mistake of the driver, to try the hunt on: stale-disk or no-heal\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit: 0 all is well, 1 a seed failed, 2 wrong usage, 3 a seed had two transcripts,\n"
    "130 interrupted.\n";

static struct settings args = {.first = 1, .last = 1000, .step = 1, .peers = 3, .jobs = 1};
static bool is_replay;

/* ---- arguments ------------------------------------------------------------------------------ */

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage_error(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("zksim: ", stderr);
    vfprintf(stderr, format, values);
    fputs(" (try zksim --help)\n", stderr);
    va_end(values);
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

/* Reads the digits at *text and moves it behind them. Returns false if there are none, or if the
 * number is above 2^63 - 1, from where the next seed might wrap to 0. strtoull alone takes a sign,
 * too, and makes another number of a long text. */
static bool take_number(const char **text, uint64_t *ret_number)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *ret_number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && *ret_number <= INT64_MAX;
}

/* "A..B" or "A". */
static bool parse_seeds(const char *text)
{
    if (!take_number(&text, &args.first))
        return false;
    args.last = args.first;
    if (strncmp(text, "..", 2) == 0) {
        text += 2;
        if (!take_number(&text, &args.last))
            return false;
    }
    return *text == '\0' && args.first <= args.last;
}

static bool parse_step(const char *text)
{
    return take_number(&text, &args.step) && *text == '\0' && args.step > 0 &&
           args.step <= UINT32_MAX;
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

/* "3,7": what is listed happens, or does not. */
static bool parse_numbers(const char *text, bool only)
{
    uint64_t listed = 0;
    do {
        char *end;
        long number = strtol(text, &end, 10);
        if (end == text || (*end != ',' && *end != '\0') || number < 0 || number > FAULTS_MAX)
            return false;
        if (number > 0)
            listed |= 1ULL << (number - 1);
        text = *end == ',' ? end + 1 : end;
    } while (*text != '\0');
    args.left_out = only ? ~listed : listed;
    return true;
}

static bool parse_plant(const char *name)
{
    if (strcmp(name, "stale-disk") == 0)
        args.plant = PLANT_STALE_DISK;
    else if (strcmp(name, "no-heal") == 0)
        args.plant = PLANT_NO_HEAL;
    return args.plant != PLANT_NONE;
}

enum option_id {
    OPTION_SEEDS = 1,
    OPTION_STEP,
    OPTION_SCENARIO,
    OPTION_FAULTS,
    OPTION_PEERS,
    OPTION_OBSERVERS,
    OPTION_GROUPS,
    OPTION_MIX,
    OPTION_ONLY,
    OPTION_WITHOUT,
    OPTION_PLANT,
    OPTION_JOBS,
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
        return parse_seeds(value) ? -1 : usage_error("seeds are A..B, not %s", value);
    case OPTION_STEP:
        return parse_step(value) ? -1 : usage_error("a step is a number from 1, not %s", value);
    case OPTION_SCENARIO:
        args.scenario = scenario_find(value);
        return args.scenario != NULL ? -1 : usage_error("there is no scenario %s", value);
    case OPTION_FAULTS:
        args.scenario = scenario_find("faults");
        return -1;
    case OPTION_PEERS:
        return parse_count(value, HOSTS_MAX - 1, &args.peers) && args.peers > 1
                   ? -1
                   : usage_error("peers are 2 to %d, not %s", HOSTS_MAX - 1, value);
    case OPTION_OBSERVERS:
        return parse_count(value, HOSTS_MAX - 1, &args.observers)
                   ? -1
                   : usage_error("observers are 0 to %d, not %s", HOSTS_MAX - 1, value);
    case OPTION_GROUPS:
        args.groups = true;
        return -1;
    case OPTION_MIX:
        args.mix = true;
        return -1;
    case OPTION_ONLY:
    case OPTION_WITHOUT:
        return parse_numbers(value, option == OPTION_ONLY)
                   ? -1
                   : usage_error("faults have numbers, as in 3,7; not %s", value);
    case OPTION_PLANT:
        return parse_plant(value) ? -1 : usage_error("nothing to plant is called %s", value);
    case OPTION_JOBS:
        return parse_count(value, JOBS_MAX, &args.jobs) && args.jobs > 0
                   ? -1
                   : usage_error("jobs are 1 to %d, not %s", JOBS_MAX, value);
    case OPTION_TWICE:
        args.twice = true;
        return -1;
    case OPTION_KEEP_GOING:
        args.keep_going = true;
        return -1;
    case OPTION_BACKEND:
        return ctx_choose(value) ? -1 : usage_error("there is no back end %s", value);
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
        return args.trace != NULL ? -1 : usage_error("cannot write %s", value);
    case OPTION_HELP:
        print_usage();
        return EXIT_CLEAN;
    }
    return EXIT_USAGE; /* there are no others */
}

static int parse_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, OPTION_SEEDS},
        {"step", required_argument, NULL, OPTION_STEP},
        {"scenario", required_argument, NULL, OPTION_SCENARIO},
        {"faults", no_argument, NULL, OPTION_FAULTS},
        {"peers", required_argument, NULL, OPTION_PEERS},
        {"observers", required_argument, NULL, OPTION_OBSERVERS},
        {"groups", no_argument, NULL, OPTION_GROUPS},
        {"mix", no_argument, NULL, OPTION_MIX},
        {"only", required_argument, NULL, OPTION_ONLY},
        {"without", required_argument, NULL, OPTION_WITHOUT},
        {"plant", required_argument, NULL, OPTION_PLANT},
        {"jobs", required_argument, NULL, OPTION_JOBS},
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
    /* the colon: getopt is silent, for usage_error() speaks */
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == ':')
            return usage_error("a value must follow %s", argv[optind - 1]);
        if (option == '?' && optopt >= ' ') /* one letter of perhaps several */
            return usage_error("I do not know -%c", optopt);
        if (option == '?')
            return usage_error("I do not know %s", argv[optind - 1]);
        int code = take_option(option == 'h' ? OPTION_HELP : option, optarg);
        if (code >= 0)
            return code;
    }
    if (args.peers + args.observers >= HOSTS_MAX)
        return usage_error("at most %d hosts are simulated", HOSTS_MAX - 1);
    const char *verb = optind < argc ? argv[optind++] : "";
    is_replay = strcmp(verb, "replay") == 0;
    if (!is_replay && strcmp(verb, "explore") != 0)
        return usage_error("the first word is explore, replay or play, not %s",
                           *verb ? verb : "nothing");
    if (is_replay && (optind == argc || !parse_seeds(argv[optind++]) || args.first != args.last))
        return usage_error("replay needs the number of one seed");
    if (optind < argc)
        return usage_error("too much: %s", argv[optind]);
    return -1;
}

static void tell_faults(void)
{
    const struct fault_plan *plan = &run_cluster()->plan;
    for (int i = 0; i < plan->count; i++) {
        const char *words = plan->faults[i].words[0] != '\0' ? plan->faults[i].words : "nothing";
        printf("  %2d  %s\n", i + 1, (args.left_out >> i & 1) != 0 ? "left out" : words);
    }
}

static int replay(void)
{
    char ensemble[256];
    const struct cluster_options options = run_options(&args, args.first);
    struct world_report report = run_seed(&args, args.first, args.left_out, 0);
    mix_words(&options, ensemble, sizeof ensemble);
    printf("seed %" PRIu64 ": %s; %.3f virtual seconds, %" PRIu64 " calls, %" PRIu64
           " threads, transcript %016" PRIx64 "\n  %s\n",
           args.first, report.result == WORLD_OK ? "all is well" : report.reason,
           (double)report.virtual_ns / 1e9, report.steps, report.threads, report.transcript,
           ensemble);
    tell_faults();
    fflush(stdout);
    if (report.result == WORLD_OK)
        return EXIT_CLEAN;
    if (report.leaked_allocation != 0 && args.trace == NULL)
        run_seed(&args, args.first, args.left_out, report.leaked_allocation);
    if (args.left_out == 0 && !args.show_lines && !args.show_calls && args.trace == NULL)
        shrink(&args, args.first, 0, &report);
    return EXIT_VIOLATION;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "play") == 0)
        return play_main(argc - 1, argv + 1);
    int code = parse_arguments(argc, argv);
    if (code >= 0)
        return code;
    run_prepare_for_death();
    code = is_replay ? replay() : explore(&args);
    run_end();
    if (args.trace != NULL && fclose(args.trace) != 0)
        code = usage_error("the trace could not be written");
    return code;
}
