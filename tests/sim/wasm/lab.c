/* The simulator behind a page. JavaScript writes a command of a play (tests/sim/README.md) into
 * a buffer and calls lab_go; the world goes on until the command is done, and then stands still
 * again. Each line that a peer writes goes to JavaScript at the moment at which it is written.
 *
 * One command belongs to no play: "go US". The world goes on for that many microseconds, or
 * until the page interrupts it. Each line of a trace freezes it, in the middle of the thread
 * that has written the line. Freezing changes nothing, because the world cannot know that
 * somebody looks. Only an interruption is an event; it comes a microsecond after the line, so
 * that a session can be written down as a play, with "run" for the times between its commands. */
#include "lab.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx_wasm.h"
#include "disk_internal.h"
#include "internal.h"
#include "play.h"
#include "run.h"
#include "scenarios.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

enum {
    COMMAND_MAX = SENTENCE_SIZE, /* as in the file of a play */
    PLAY_SEED = 1,               /* the same as in play.c */
    CALLS_MAX = 20000000,        /* of one command, so that no command hangs the page */
};

enum lab_state {
    LAB_OVER = 0,   /* there is no world, or it has ended; lab_text says why, "" if all was well */
    LAB_PARKED = 1, /* the last command is done */
    LAB_LINE = 2,   /* frozen after a line that has just been written */
};

static struct {
    struct play play;
    struct world_options options;
    struct world_report report;
    char command[COMMAND_MAX];
    bool leave;              /* the page wants the world to end */
    int64_t run_us;          /* the page wants the world to run for so long; 0: it has a command */
    bool freeze;             /* the world runs, and stops after each line */
    bool interrupt;          /* the page wants that run to end */
    struct wait_queue going; /* the driver waits here during that run */
    enum lab_state state;
    struct play_text look; /* what the last lab_look_... has found */
} lab;

/* ---- inside the world ----------------------------------------------------------------------- */

static void on_line(void *arg, int host, int fd, const char *line, size_t length)
{
    lab_line(host, fd, line, length, (double)world.now_ns / MICROSECOND);
    play_on_line(arg, host, fd, line, length);
    if (fd != FD_TRACE || !lab.freeze)
        return;
    lab.state = LAB_LINE;
    ctx_wasm_pause();
    if (!lab.interrupt)
        return;
    lab.interrupt = false;
    lab.freeze = false;
    wait_queue_wake_all(&lab.going);
}

static void go(int64_t microseconds)
{
    lab.freeze = true;
    lab.interrupt = false;
    int64_t until_ns = world.now_ns + microseconds * MICROSECOND;
    bool interrupted = !task_block(&lab.going, "waits for the page", until_ns);
    if (interrupted)
        world_sleep_us(1);
    lab.freeze = false;
}

static void drive(void *arg)
{
    (void)arg;
    for (;;) {
        lab.state = LAB_PARKED;
        ctx_wasm_pause();
        if (lab.leave)
            break;
        play_text_clear(&lab.play.teller.heard);
        if (lab.run_us > 0)
            go(lab.run_us);
        else
            play_command(&lab.play, lab.command);
    }
    play_stop_all(&lab.play);
}

static void run_world(void *arg)
{
    (void)arg;
    lab.report = world_run(&lab.options, drive, NULL);
    play_forget_speeches(&lab.play);
    cluster_end(&lab.play.cluster);
}

/* ---- what the page calls -------------------------------------------------------------------- */

/* Begin a world. With seed 0 nothing is left to chance, as in a play. */
int EXPORT(lab_begin)(uint32_t seed)
{
    play_text_clear(&lab.play.teller.heard);
    lab.play = (struct play){.file = "lab"};
    lab.leave = false;
    lab.freeze = false;
    lab.going = (struct wait_queue){.first = NULL};
    lab.options = (struct world_options){
        .seed = seed > 0 ? seed : PLAY_SEED,
        .calm = true,
        .in_turn = seed == 0,
        .step_limit = CALLS_MAX,
        .on_line = on_line,
        .on_exit = play_on_exit,
        .arg = &lab.play,
    };
    if (!ctx_wasm_begin(run_world, NULL))
        lab.state = LAB_OVER;
    return lab.state;
}

char *EXPORT(lab_command)(void)
{
    return lab.command;
}

int EXPORT(lab_command_size)(void)
{
    return COMMAND_MAX;
}

static int resume(int64_t run_us)
{
    if (lab.state == LAB_OVER)
        return lab.state;
    lab.run_us = run_us;
    world.options.step_limit = world.steps + CALLS_MAX;
    if (!ctx_wasm_resume())
        lab.state = LAB_OVER;
    return lab.state;
}

/* Carry out the command in the buffer; after LAB_LINE, go on with the run that is under way. */
int EXPORT(lab_go)(void)
{
    return resume(0);
}

/* Let the world run for so many microseconds. It stops after each line of a trace. */
int EXPORT(lab_run)(double us)
{
    return resume((int64_t)us);
}

/* After LAB_LINE: the run under way is to end. More lines of this very moment may come first. */
void EXPORT(lab_interrupt)(void)
{
    lab.interrupt = true;
}

/* Stop all peers, check that they leave nothing behind, and end the world. */
int EXPORT(lab_end)(void)
{
    lab.leave = true;
    return lab_go();
}

/* What the last command has told, in sentences; after the end of the world, the reason. */
const char *EXPORT(lab_text)(void)
{
    return lab.state == LAB_OVER ? lab.report.reason : play_text_bytes(&lab.play.teller.heard);
}

/* Whether the last command was none, or could not be carried out. That has ended the world, as it
 * ends a play; lab_text says what is wrong with the command. */
int EXPORT(lab_refused)(void)
{
    return lab.state == LAB_OVER && lab.play.wrong;
}

double EXPORT(lab_now_us)(void)
{
    return (double)world.now_ns / MICROSECOND;
}

int EXPORT(lab_runs)(int host)
{
    return lab.state != LAB_OVER && world_is_running(host);
}

/* ---- looks: what no trace tells ------------------------------------------------------------- */

static double left_us(int64_t when_ns)
{
    return (double)(when_ns - world.now_ns) / MICROSECOND;
}

/* The threads of a peer, one a line: name, what it waits for, for how many microseconds at most
 * (-1: without limit), how many locks it holds; separated by tabs. */
const char *EXPORT(lab_look_threads)(int host)
{
    static const char *const states[] = {"could run", "runs", "", "has ended"};
    play_text_clear(&lab.look);
    if (!lab_runs(host))
        return "";
    for (const struct task *task = world.hosts[host].process->tasks; task != NULL;
         task = task->process_next) {
        bool timed = task->state == TASK_BLOCKED && task->timer.place != 0;
        play_text_add(&lab.look, "%s\t%s\t%.0f\t%u\n", task->name,
                      task->state == TASK_BLOCKED ? task->waits_for : states[task->state],
                      timed ? left_us(event_when_ns(&task->timer)) : -1,
                      (unsigned)task->held_count);
    }
    return play_text_bytes(&lab.look);
}

static void look_at_way(void *arg, int from, int to, size_t bytes, int64_t arrives_ns,
                        bool held_back)
{
    play_text_add(arg, "%d\t%d\t%zu\t%.0f\n", from, to, bytes,
                  held_back ? -1 : left_us(arrives_ns));
}

/* What is under way on the network, one a line: from, to, bytes, microseconds until the first of
 * them arrive (-1: they are held back, because the link is cut). */
const char *EXPORT(lab_look_network)(void)
{
    play_text_clear(&lab.look);
    if (lab.state != LAB_OVER)
        net_each_way(look_at_way, &lab.look);
    return play_text_bytes(&lab.look);
}

/* The files of a host, one a line: path, size, and whether a power loss now would leave the file
 * and its name as they are (1) or not (0). */
const char *EXPORT(lab_look_disk)(int host)
{
    play_text_clear(&lab.look);
    const struct disk *disk = lab.state == LAB_OVER ? NULL : world.hosts[host].disk;
    if (disk == NULL)
        return "";
    for (size_t i = 0; i < disk->now.count; i++) {
        const struct inode *inode = disk->now.items[i].inode;
        if (inode->directory)
            continue;
        bool safe = !inode->dirty && names_find(&disk->durable, disk->now.items[i].path) == inode;
        play_text_add(&lab.look, "%s\t%zu\t%d\n", disk->now.items[i].path->text, inode->now.size,
                      safe);
    }
    return play_text_bytes(&lab.look);
}

/* The content of a short file of that host; its path stands in the command buffer. */
const char *EXPORT(lab_look_file)(int host)
{
    static char text[256];
    bool readable = lab.state != LAB_OVER && world.hosts[host].disk != NULL &&
                    world_read_file(host, lab.command, text, sizeof text);
    return readable ? text : "";
}

/* ---- seeds, to compare with the native build ------------------------------------------------ */

static struct settings settings;
static uint64_t seed;
static char verdict[WORLD_REASON_SIZE + 256];

static void one_seed(void *arg)
{
    (void)arg;
    struct world_report report = run_seed(&settings, seed, settings.left_out, 0);
    snprintf(verdict, sizeof verdict, "%016llx %s", (unsigned long long)report.transcript,
             report.result == WORLD_OK ? "ok" : report.reason);
}

/* Run one seed of the scenario whose name stands in the command buffer, as zksim replay does.
 * peers 0 stands for --mix. Returns "TRANSCRIPT ok", or the transcript and what is wrong. */
const char *EXPORT(lab_seed)(uint32_t number, int peers)
{
    settings = (struct settings){
        .scenario = scenario_find(lab.command),
        .peers = peers > 0 ? peers : 3,
        .mix = peers == 0,
    };
    seed = number;
    if (settings.scenario == NULL)
        return "there is no such scenario";
    while (ctx_wasm_begin(one_seed, NULL))
        continue;
    return verdict;
}
