/* Processes and hosts. A process owns its threads, its descriptors and all memory that it has
 * allocated; so it can die at any instruction, as under kill -9, and leave nothing behind. Its
 * locks need no clean-up: their state lies in its own memory. A host owns a disk, which survives
 * its processes, and its connections' far ends learn of a death as the network tells them.
 *
 * A process that ends by itself is checked: no thread, no descriptor, no memory may be left. */
#include "internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_ABORTED = 134 }; /* what a shell says of a process that called abort() */

/* Threads of world_call may be on their last steps: they are not the program's leak. */
static void wait_for_guests(const struct process *process)
{
    const struct task *task = process->tasks;
    while (task != NULL) {
        if (task->guest) {
            task_block(NULL, "waits for a called thread", world.now_ns + MILLISECOND);
            task = process->tasks;
        } else {
            task = task->process_next;
        }
    }
}

static void *process_main(void *arg)
{
    struct process *process = arg;
    int code = process->main(process->host, process->arg);
    wait_for_guests(process);
    process_check_clean(process);
    process_exit(code);
}

void world_boot(int host, world_program *main, void *arg)
{
    struct host *machine = &world.hosts[host];
    if (machine->process != NULL)
        world_fail("host %d runs a process already", host);
    struct process *process = own_alloc(sizeof *process);
    process->host = host;
    process->taken_to = FIRST_DESCRIPTOR;
    process->main = main;
    process->arg = arg;
    machine->process = process;
    machine->next_port = (uint16_t)(32768 + chance_below(CHANCE_NET, 20000));
    if (machine->disk == NULL)
        machine->disk = disk_new();
    if (!machine->on) {
        machine->on = true;
        net_links_changed();
    }
    task_new(process, "main", process_main, process);
}

void process_check_clean(struct process *process)
{
    char threads[400];
    threads[0] = '\0';
    size_t length = 0;
    int thread_count = 0;
    for (struct task *task = process->tasks; task != NULL; task = task->process_next) {
        if (task == world.running)
            continue;
        thread_count++;
        length += (size_t)own_format(threads + length, sizeof threads - length, " %s%s", task->name,
                                     task->state == TASK_DONE ? " (ended, never joined)" : "");
        if (length >= sizeof threads)
            length = sizeof threads - 1;
    }
    if (thread_count == 0 && process->handle_count == 0 && process->block_count == 0)
        return;
    world.report.leaked_allocation = mem_first_ordinal(process);
    world_end(WORLD_FAILED,
              "leak at the end of the process: %d threads%s, %d descriptors, %zu blocks of memory",
              thread_count, threads, process->handle_count, process->block_count);
}

/* Everything goes, where it stands. The caller may be one of its threads: its stack is freed by
 * whoever runs next. */
void process_die(struct process *process, bool power_loss)
{
    while (process->tasks != NULL)
        task_drop(process->tasks);
    tell_acquire(process);
    handles_close_all(process, power_loss);
    mem_free_all(process);
    world.hosts[process->host].process = NULL;
    own_free(process, sizeof *process);
}

/* The ending thread belongs to nobody from here on; it only finds its successor. */
void process_exit(int code)
{
    struct process *process = process_running();
    int host = process->host;
    transcribe((uint64_t)code);
    show("process ends with status %d", code);
    if (world.options.on_exit != NULL)
        world.options.on_exit(world.options.arg, host, code);
    process_die(process, false);
    world.running->process = NULL;
    world_notify();
    sched_abandon();
}

void sim_abort(void);

void sim_abort(void)
{
    if (!process_running()->out_of_memory)
        world_end(WORLD_FAILED, "the program has called abort(): its last line says why");
    process_exit(EXIT_ABORTED);
}

void world_call(int host, void *(*call)(void *arg), void *arg)
{
    struct process *process = world.hosts[host].process;
    if (process != NULL)
        task_new(process, "called", call, arg)->guest = true;
}

void world_crash(int host, enum world_crash how)
{
    struct host *machine = &world.hosts[host];
    show("host %d: %s", host, how == WORLD_KILL ? "killed" : "power loss");
    transcribe((uint64_t)host << 1 | (how == WORLD_POWER_LOSS));
    if (machine->process != NULL)
        process_die(machine->process, how == WORLD_POWER_LOSS);
    if (how == WORLD_POWER_LOSS) {
        machine->on = false;
        if (machine->disk != NULL)
            disk_power_loss(machine->disk);
    }
}

void world_crash_before(int host, uint64_t count, enum world_crash how)
{
    struct host *machine = &world.hosts[host];
    machine->crash_at = count > 0 ? machine->crash_points + count : 0;
    machine->crashes = how;
}

uint64_t world_crash_points(int host)
{
    return world.hosts[host].crash_points;
}

/* The thread that was about to call is dropped with its process, and finds its successor. */
void crash_point(void)
{
    struct host *machine = host_running();
    if (++machine->crash_points != machine->crash_at)
        return;
    const int host = process_running()->host;
    machine->crash_at = 0;
    world_crash(host, machine->crashes);
    world.running->process = NULL;
    if (world.options.on_crash != NULL)
        world.options.on_crash(world.options.arg, host);
    world_notify();
    sched_abandon();
}

bool world_is_running(int host)
{
    return world.hosts[host].process != NULL;
}

void world_freeze(int host, bool frozen)
{
    if (world.hosts[host].process != NULL)
        process_freeze(world.hosts[host].process, frozen);
}

void world_write_file(int host, const char *path, const char *text)
{
    if (world.hosts[host].disk == NULL)
        world.hosts[host].disk = disk_new();
    disk_install(world.hosts[host].disk, path, text);
}

bool world_read_file(int host, const char *path, char *ret_text, size_t size)
{
    return world.hosts[host].disk != NULL &&
           disk_peek(world.hosts[host].disk, path, ret_text, size);
}

void world_each_file(int host, bool durable, void (*look)(void *arg, const struct world_file *file),
                     void *arg)
{
    if (world.hosts[host].disk != NULL)
        disk_each_file(world.hosts[host].disk, durable, look, arg);
}

uint64_t world_disk_changes(int host)
{
    return world.hosts[host].disk != NULL ? disk_changes(world.hosts[host].disk) : 0;
}

/* Programs write whole lines; a write without a newline at its end counts as one too. */
void process_wrote(struct process *process, int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        look_away();
        const char *newline = memchr(bytes, '\n', length);
        look_again();
        size_t line = newline != NULL ? (size_t)(newline - bytes) : length;
        if (world.options.show_lines)
            fprintf(stderr, "%12.6f h%d %.*s\n", (double)world.now_ns / 1e9, process->host,
                    (int)line, bytes);
        if (world.options.on_line != NULL) {
            look_away();
            world.options.on_line(world.options.arg, process->host, fd, bytes, line);
            look_again();
        }
        if (newline != NULL)
            line++;
        bytes += line;
        length -= line;
    }
}
