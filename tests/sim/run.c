/* One seed. What it stands for is decided by the seed, the program and the settings together; so a
 * failure is reported with the whole command that shows it again. */
#include "run.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "mix.h"
#include "text.h"

enum {
    OBSERVERS_STEP_LIMIT = 200000000,
    OBSERVER_LATENCY_US = 5000,
    NUMBERS_MAX = 64, /* bits of left_out */
    GROUP_SIZE = 3,   /* of --groups */
};

static struct cluster cluster;

/* For the last words only. */
static const struct settings *current_settings;
static uint64_t current_seed;

struct cluster_options run_options(const struct settings *settings, uint64_t seed)
{
    struct cluster_options options = {
        .voters = settings->peers,
        .observers = settings->observers,
        .group_size = settings->groups ? GROUP_SIZE : 0,
        .observer_latency_us = seed_says(seed, 4, 16) ? 0 : OBSERVER_LATENCY_US,
        .named = seed_says(seed, 1, 4),
        .check_locks = seed_says(seed, 2, 16),
        .tick_ms = seed_says(seed, 3, 3) ? 200 : 2000,
        .talkative = settings->show_lines || settings->trace != NULL,
        .trace = settings->trace,
        .plant = settings->plant,
        .left_out = settings->left_out,
    };
    /* In each group 2, 1 and 0: the first outweighs the others, the last does not count. */
    for (int host = 1; host <= options.voters; host++)
        options.weights[host] = GROUP_SIZE - 1 - (host - 1) % GROUP_SIZE;
    if (settings->mix)
        mix_draw(seed, &options);
    if (settings->scenario->alone) {
        options.alone = true;
        options.voters = 1;
        options.observers = 0;
        options.group_size = 0;
    }
    return options;
}

struct story {
    struct cluster_options options;
    const struct scenario *scenario;
};

static void drive(void *arg)
{
    const struct story *story = arg;
    cluster_begin(&cluster, &story->options);
    story->scenario->drive(&cluster);
}

struct world_report run_seed(const struct settings *settings, uint64_t seed, uint64_t left_out,
                             uint64_t show_allocation)
{
    const bool sweeps = settings->scenario->sweeps;
    const uint64_t world_seed = sweeps ? 1 : seed;
    struct story story = {run_options(settings, world_seed), settings->scenario};
    story.options.left_out = left_out;
    story.options.point = seed;
    const struct world_options options = {
        .seed = world_seed,
        .calm = sweeps,
        .show_lines = settings->show_lines,
        .show_calls = settings->show_calls,
        .show_allocation = show_allocation,
        /* Observers and voters can talk in circles for as long as no leader is found (K-25). */
        .step_limit = story.options.observers > 0 ? OBSERVERS_STEP_LIMIT : 0,
        .on_line = cluster_on_line,
        .on_exit = cluster_on_exit,
        .on_crash = cluster_on_crash,
        .arg = &cluster,
    };
    current_settings = settings;
    current_seed = seed;
    return world_run(&options, drive, &story);
}

const struct cluster *run_cluster(void)
{
    return &cluster;
}

void run_end(void)
{
    cluster_end(&cluster);
}

/* ---- the command ---------------------------------------------------------------------------- */

/* What "--only" has left out includes faults that nobody draws. */
static void append_numbers(uint64_t left_out, char *text, size_t size)
{
    const bool only = left_out >> (NUMBERS_MAX - 1) != 0;
    const uint64_t listed = only ? ~left_out : left_out;
    const char *separator = only ? " --only " : " --without ";
    if (only && listed == 0)
        text_append(text, size, "%s0", separator);
    for (int number = 1; number <= FAULTS_MAX; number++) {
        if ((listed >> (number - 1) & 1) == 0)
            continue;
        text_append(text, size, "%s%d", separator, number);
        separator = ",";
    }
}

void run_command(const struct settings *settings, uint64_t seed, uint64_t left_out, char *ret_text,
                 size_t size)
{
    static const char *const plants[] = {"", " --plant stale-disk", " --plant no-heal"};
    ret_text[0] = '\0';
    text_append(ret_text, size, "zksim replay %" PRIu64 " --scenario %s", seed,
                settings->scenario->name);
    const bool alone = settings->scenario->alone;
    if (settings->mix && !alone)
        text_append(ret_text, size, " --mix");
    else if (!alone)
        text_append(ret_text, size, " --peers %d", settings->peers);
    if (!settings->mix && !alone && settings->observers > 0)
        text_append(ret_text, size, " --observers %d", settings->observers);
    if (!settings->mix && !alone && settings->groups)
        text_append(ret_text, size, " --groups");
    text_append(ret_text, size, "%s", plants[settings->plant]);
    append_numbers(left_out, ret_text, size);
}

/* ---- last words ----------------------------------------------------------------------------- */

static void say_seed(void)
{
    char command[COMMAND_SIZE];
    if (current_settings == NULL)
        return;
    run_command(current_settings, current_seed, current_settings->left_out, command,
                sizeof command);
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

void run_prepare_for_death(void)
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
