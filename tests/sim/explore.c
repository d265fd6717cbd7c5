/* The hunt. Workers, which are processes, take seed after seed from a common counter; the parent
 * runs none: it tells how far they are, hears Ctrl-C at once, and survives a worker that dies. When
 * a seed has failed, the workers finish those below it. So the lowest seed that fails is found
 * whatever the number of workers, and of what is told in the end only the times depend on it. */
#include "explore.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support/monotonic.h"
#include "shrink.h"

enum { LINE_SIZE = 2048 };

struct totals {
    uint64_t seeds;
    uint64_t violations;
    uint64_t elections; /* terms of leaders that were established */
    uint64_t shut_out;  /* peers that could not join at the end (K-22) */
    uint64_t points;    /* of a sweep: so many runs had a crash at theirs */
    uint64_t done;      /* requests of clients */
    uint64_t refused;
    uint64_t in_doubt;
    uint64_t events; /* of watches */
    uint64_t strays; /* requests on a connection that its session had left */
    uint64_t denied;
    uint64_t read_only_sessions;
    uint64_t steps;
    uint64_t threads;
    double virtual_s;
    int64_t slowest_settle_ms;
    uint64_t slowest_seed;
    uint64_t transcripts; /* whatever their order */
};

struct worker {
    pid_t pid;
    _Atomic uint64_t seed; /* it runs now */
    struct totals totals;  /* written by it, read by the parent */
};

/* Shared by all processes. */
struct hunt {
    _Atomic uint64_t next;
    _Atomic uint64_t lowest_failure; /* UINT64_MAX: none */
    _Atomic bool two_transcripts;
    struct worker workers[JOBS_MAX];
};

/* ---- a worker ------------------------------------------------------------------------------- */

static uint64_t mix_transcript(uint64_t seed, uint64_t transcript)
{
    uint64_t mixed = transcript ^ seed * 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ mixed >> 31) * 0xbf58476d1ce4e5b9ULL;
    return mixed ^ mixed >> 29;
}

static void add(struct totals *totals, uint64_t seed, const struct world_report *report)
{
    const struct cluster *cluster = run_cluster();
    totals->seeds++;
    totals->violations += report->result != WORLD_OK;
    totals->elections += cluster->invariants.established;
    totals->shut_out += (uint64_t)cluster->shut_out;
    totals->points += cluster->crashed_at_point;
    totals->done += cluster->load.done + cluster->clients.done;
    totals->refused += cluster->load.refused + cluster->clients.refused;
    totals->in_doubt += cluster->load.in_doubt + cluster->clients.in_doubt;
    totals->events += cluster->clients.events;
    totals->strays += cluster->clients.strays;
    totals->denied += cluster->clients.denied;
    totals->read_only_sessions += cluster->clients.read_only_sessions;
    totals->steps += report->steps;
    totals->threads += report->threads;
    totals->virtual_s += (double)report->virtual_ns / 1e9;
    totals->transcripts += mix_transcript(seed, report->transcript);
    if (cluster->settled_ms > totals->slowest_settle_ms) {
        totals->slowest_settle_ms = cluster->settled_ms;
        totals->slowest_seed = seed;
    }
}

static void failed(struct hunt *hunt, uint64_t seed)
{
    uint64_t lowest = atomic_load(&hunt->lowest_failure);
    while (seed < lowest && !atomic_compare_exchange_weak(&hunt->lowest_failure, &lowest, seed))
        continue;
}

/* In one write: several processes speak. */
static void say_failure(const struct settings *settings, uint64_t seed, const char *reason)
{
    char command[COMMAND_SIZE];
    char text[LINE_SIZE];
    run_command(settings, seed, settings->left_out, command, sizeof command);
    int length = snprintf(text, sizeof text, "%sseed %" PRIu64 " fails: %s\n  again: %s --show\n",
                          isatty(STDERR_FILENO) ? "\r\033[K" : "", seed, reason, command);
    if (length >= (int)sizeof text)
        length = (int)sizeof text - 1;
    fflush(stdout);
    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        return; /* nobody listens */
}

static void run_one(const struct settings *settings, struct hunt *hunt, struct totals *totals,
                    uint64_t seed)
{
    struct world_report report = run_seed(settings, seed, settings->left_out, 0);
    add(totals, seed, &report);
    if (settings->twice &&
        run_seed(settings, seed, settings->left_out, 0).transcript != report.transcript) {
        fprintf(stderr, "seed %" PRIu64 " has two transcripts\n", seed);
        atomic_store(&hunt->two_transcripts, true);
        failed(hunt, seed);
    }
    if (report.result == WORLD_OK)
        return;
    failed(hunt, seed);
    if (settings->keep_going)
        say_failure(settings, seed, report.reason);
}

static _Noreturn void work(const struct settings *settings, struct hunt *hunt,
                           struct worker *worker)
{
    for (;;) {
        uint64_t seed = atomic_fetch_add(&hunt->next, settings->step);
        if (seed > settings->last ||
            (!settings->keep_going && seed > atomic_load(&hunt->lowest_failure)))
            break;
        atomic_store(&worker->seed, seed);
        run_one(settings, hunt, &worker->totals, seed);
    }
    run_end();
    exit(0);
}

/* The parent's signals are its own; and without a parent there is nothing to hunt for. */
static void start_worker(const struct settings *settings, struct hunt *hunt, int number,
                         const sigset_t *usual)
{
    struct worker *worker = &hunt->workers[number];
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "zksim: no process for a worker: %s\n", strerror(errno));
        exit(EXIT_USAGE);
    }
    if (pid > 0) {
        worker->pid = pid;
        return;
    }
    signal(SIGINT, SIG_IGN); /* a terminal sends it to all; the parent decides */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    sigprocmask(SIG_SETMASK, usual, NULL);
    run_prepare_for_death();
    work(settings, hunt, worker);
}

/* ---- what is told --------------------------------------------------------------------------- */

static struct totals sum(const struct settings *settings, const struct hunt *hunt)
{
    struct totals all = {0};
    for (int i = 0; i < settings->jobs; i++) {
        const struct totals *one = &hunt->workers[i].totals;
        all.seeds += one->seeds;
        all.violations += one->violations;
        all.elections += one->elections;
        all.shut_out += one->shut_out;
        all.points += one->points;
        all.done += one->done;
        all.refused += one->refused;
        all.in_doubt += one->in_doubt;
        all.events += one->events;
        all.strays += one->strays;
        all.denied += one->denied;
        all.read_only_sessions += one->read_only_sessions;
        all.steps += one->steps;
        all.threads += one->threads;
        all.virtual_s += one->virtual_s;
        all.transcripts += one->transcripts;
        if (one->slowest_settle_ms > all.slowest_settle_ms) {
            all.slowest_settle_ms = one->slowest_settle_ms;
            all.slowest_seed = one->slowest_seed;
        }
    }
    return all;
}

static void print_totals(const struct settings *settings, const struct totals *totals,
                         double seconds)
{
    char who[32] = "mixed";
    if (settings->scenario->alone)
        snprintf(who, sizeof who, "a server alone");
    else if (!settings->mix)
        snprintf(who, sizeof who, "%d peers", settings->peers + settings->observers);
    printf("%s, %s: seeds %" PRIu64 "..%" PRIu64 ", %" PRIu64
           " run in %.1f s, %.0f seeds/s, %" PRIu64 " violations\n",
           settings->scenario->name, who, settings->first, settings->last, totals->seeds, seconds,
           (double)totals->seeds / seconds, totals->violations);
}

/* By processor time, which other work on the machine does not lengthen. */
static void print_details(const struct totals *totals)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("  per second of processor time: %.0f seeds, %.0f elections, %.1f M calls, %.0f virtual "
           "seconds\n  %" PRIu64 " elections, %" PRIu64 " shut out (K-22), %" PRIu64
           " threads, transcripts %016" PRIx64
           "\n  agreement took %.1f virtual seconds at most (seed %" PRIu64 ")\n",
           (double)totals->seeds / seconds, (double)totals->elections / seconds,
           (double)totals->steps / 1e6 / seconds, totals->virtual_s / seconds, totals->elections,
           totals->shut_out, totals->threads, totals->transcripts,
           (double)totals->slowest_settle_ms / 1e3, totals->slowest_seed);
    if (totals->done > 0)
        printf("  requests of clients: %" PRIu64 " done, %" PRIu64 " refused, %" PRIu64
               " in doubt\n",
               totals->done, totals->refused, totals->in_doubt);
    if (totals->events + totals->strays > 0)
        printf("  %" PRIu64 " watch events, %" PRIu64
               " requests on connections that were left, %" PRIu64 " denied, %" PRIu64
               " sessions without a quorum\n",
               totals->events, totals->strays, totals->denied, totals->read_only_sessions);
}

/* On a terminal one line that changes, in a log a line a minute. */
static void show_progress(const struct settings *settings, const struct hunt *hunt, double seconds)
{
    static double last;
    const bool terminal = isatty(STDERR_FILENO);
    if (settings->quiet || seconds - last < (terminal ? 0.2 : 60))
        return;
    last = seconds;
    struct totals totals = sum(settings, hunt);
    fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " seeds, %.0f/s, %" PRIu64 " violations%s",
            terminal ? "\r\033[K" : "", totals.seeds, settings->last - settings->first + 1,
            (double)totals.seeds / seconds, totals.violations, terminal ? "" : "\n");
}

static void report_lowest(const struct settings *settings, uint64_t seed)
{
    struct world_report report = run_seed(settings, seed, settings->left_out, 0);
    if (report.result == WORLD_OK)
        return; /* it had two transcripts */
    say_failure(settings, seed, report.reason);
    if (report.leaked_allocation != 0)
        run_seed(settings, seed, settings->left_out, report.leaked_allocation);
    shrink(settings, seed, settings->left_out, &report);
}

/* ---- the parent ----------------------------------------------------------------------------- */

/* Waits for those that have ended; how many have not. A seed in which a worker dies has failed; it
 * has said so. */
static int reap(const struct settings *settings, struct hunt *hunt, int left, bool *died)
{
    int status;
    for (pid_t pid; left > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        left--;
        if (status == 0)
            continue;
        for (int i = 0; i < settings->jobs; i++) {
            struct worker *worker = &hunt->workers[i];
            if (worker->pid != pid)
                continue;
            worker->totals.violations++;
            failed(hunt, atomic_load(&worker->seed));
            *died = true;
        }
    }
    return left;
}

static void kill_all(const struct settings *settings, const struct hunt *hunt)
{
    for (int i = 0; i < settings->jobs; i++)
        kill(hunt->workers[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

/* The exit code. */
static int watch(const struct settings *settings, struct hunt *hunt, const sigset_t *heard,
                 double began_s)
{
    bool died = false;
    int left = settings->jobs;
    while ((left = reap(settings, hunt, left, &died)) > 0) {
        const struct timespec patience = {.tv_nsec = 200000000};
        int signal_number = sigtimedwait(heard, NULL, &patience);
        if (signal_number == SIGINT || signal_number == SIGTERM) {
            kill_all(settings, hunt);
            return EXIT_INTERRUPTED;
        }
        show_progress(settings, hunt, now_s() - began_s);
    }
    uint64_t lowest = atomic_load(&hunt->lowest_failure);
    if (lowest == UINT64_MAX)
        return EXIT_CLEAN;
    if (!settings->keep_going && !died)
        report_lowest(settings, lowest);
    return atomic_load(&hunt->two_transcripts) ? EXIT_NOT_DETERMINISTIC : EXIT_VIOLATION;
}

int explore(const struct settings *settings)
{
    const double began_s = now_s();
    struct hunt *hunt =
        mmap(NULL, sizeof *hunt, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hunt == MAP_FAILED)
        abort();
    atomic_store(&hunt->next, settings->first);
    atomic_store(&hunt->lowest_failure, UINT64_MAX);

    sigset_t heard;
    sigset_t usual;
    sigemptyset(&heard);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGCHLD);
    sigprocmask(SIG_BLOCK, &heard, &usual);
    fflush(NULL);
    for (int i = 0; i < settings->jobs; i++)
        start_worker(settings, hunt, i, &usual);
    int code = watch(settings, hunt, &heard, began_s);
    if (code != EXIT_INTERRUPTED) /* then a second Ctrl-C must not cut the last line off */
        sigprocmask(SIG_SETMASK, &usual, NULL);

    if (!settings->quiet && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    const struct totals totals = sum(settings, hunt);
    munmap(hunt, sizeof *hunt);
    if (settings->fingerprint) {
        printf("%016" PRIx64 "\n", totals.transcripts);
        return code;
    }
    if (!settings->quiet)
        print_details(&totals);
    print_totals(settings, &totals, now_s() - began_s);
    if (settings->scenario->sweeps)
        printf("crash points: %" PRIu64 "\n", totals.points);
    if (code == EXIT_INTERRUPTED && totals.violations > 0)
        code = EXIT_VIOLATION;
    return code;
}
