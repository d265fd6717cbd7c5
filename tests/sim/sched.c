/* Who runs next, and when it is.
 *
 * Exactly one task runs, and it runs undisturbed up to its next simulated call: each call begins
 * with sched_point, and only there (or where it blocks) may another task take over. Time passes in
 * two ways: each call takes CALL_NS, and when nobody can run the clock jumps to the next event. If
 * there is no event either, the world stands still for ever: that is a deadlock.
 *
 * The seed's character says how often a call is preempted and by whom: in a random walk by any task
 * that is ready, under priorities by the one that has the highest, which changes a few times in a
 * run. Preemption alone would leave every processor infinitely fast; so in some worlds tasks are
 * also taken away for up to seconds, as a busy machine or a collector of garbage would do.
 *
 * Almost all points do nothing, so that is decided by two comparisons (sched_point in internal.h):
 * the number of the next call that needs attention is drawn in advance. */
#include "internal.h"

#include <stdlib.h>

enum {
    FIRST_PRIORITY = 1000, /* those who were lowered by a change come after all others */
    PRIORITIES = 1000000,
    PRIORITY_CHANGE_GAP = 2000, /* calls between two changes, at most */
    CALM_PREEMPT_GAP = 50,      /* calls between two preemptions where priorities have ended */
    BLOCK_GAP = 200,            /* basic blocks between two preemptions, at most */
};

/* An event with its time, so that the heap does not fetch all events. */
struct due {
    int64_t when_ns;
    uint64_t order; /* ties are broken by age */
    struct event *event;
};

/* A task that could run, with its priority, so that choosing does not fetch all tasks. */
struct ready {
    struct task *task;
    uint32_t priority;
};

static struct {
    struct due *heap; /* from 1 */
    size_t heap_capacity;
    size_t event_count;
    uint64_t next_order;
    struct ready *ready;
    size_t ready_capacity;
    size_t ready_count;
    struct task *slots[TASKS_MAX]; /* by id modulo TASKS_MAX */
    uint32_t next_id;
    struct task root;    /* world_run's own flow of control */
    struct task *dead;   /* to be freed as soon as nobody stands on their stacks */
    uint64_t preempt_at; /* number of a call; world.attention_at is the smallest of the three */
    uint64_t stall_at;
    uint64_t change_at;
    uint64_t rare_at; /* the smallest of the last two and the limit; 0 if each call is told */
    uint32_t block_skip;
    uint32_t next_turn; /* in turn: the priority of the next task that becomes ready */
} sched;

static void schedule(void);

/* ---- events --------------------------------------------------------------------------------- */

/* In one comparison, as nobody can guess how it ends; not where numbers have 64 bits at most. */
static bool is_before(const struct due *a, const struct due *b)
{
#ifdef __SIZEOF_INT128__
    return ((__uint128_t)(uint64_t)a->when_ns << 64 | a->order) <
           ((__uint128_t)(uint64_t)b->when_ns << 64 | b->order);
#else
    return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->order < b->order;
#endif
}

static void heap_put(size_t place, const struct due *due)
{
    sched.heap[place] = *due;
    due->event->place = place;
}

static void heap_up(size_t place, const struct due *due)
{
    for (; place > 1 && is_before(due, &sched.heap[place / 2]); place /= 2)
        heap_put(place, &sched.heap[place / 2]);
    heap_put(place, due);
}

/* The hole goes down to a leaf, with one comparison a step: what fills it was a leaf, and seldom
 * rises far again. */
static size_t heap_hole_down(size_t place)
{
    size_t child = 2 * place;
    for (; child < sched.event_count; child = 2 * place) {
        child += is_before(&sched.heap[child + 1], &sched.heap[child]);
        heap_put(place, &sched.heap[child]);
        place = child;
    }
    if (child == sched.event_count) {
        heap_put(place, &sched.heap[child]);
        place = child;
    }
    return place;
}

void event_schedule(struct event *event, int64_t when_ns, void (*fire)(struct event *event))
{
    event_cancel(event);
    event->fire = fire;
    /* The driver comes after all others that are due at the same time. So a page that stops the
     * world at any moment does the same as a play that says so. */
    bool drivers = event == &world.running->timer && world.running->process == NULL;
    const struct due due = {.when_ns = when_ns > world.now_ns ? when_ns : world.now_ns,
                            .order = drivers ? UINT64_MAX : sched.next_order++,
                            .event = event};
    sched.event_count++;
    sched.heap =
        own_grow(sched.heap, sizeof *sched.heap, &sched.heap_capacity, sched.event_count + 1);
    heap_up(sched.event_count, &due);
    world.next_event_ns = sched.heap[1].when_ns;
}

void event_remove(struct event *event)
{
    const size_t place = event->place;
    event->place = 0;
    const struct due last = sched.heap[sched.event_count--];
    if (last.event != event)
        heap_up(heap_hole_down(place), &last);
    world.next_event_ns = sched.event_count > 0 ? sched.heap[1].when_ns : NEVER;
}

int64_t event_when_ns(const struct event *event)
{
    return sched.heap[event->place].when_ns;
}

static void fire_due(void)
{
    while (world.next_event_ns <= world.now_ns) {
        struct event *event = sched.heap[1].event;
        event_remove(event);
        event->fire(event);
    }
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static void ready_add(struct task *task)
{
    task->state = TASK_READY;
    if (task->process != NULL && task->process->frozen) {
        task->shelved = true;
        return;
    }
    if (world.character.in_turn)
        task->priority = sched.next_turn--;
    sched.ready =
        own_grow(sched.ready, sizeof *sched.ready, &sched.ready_capacity, sched.ready_count + 1);
    sched.ready[sched.ready_count++] = (struct ready){task, task->priority};
    if (world.character.by_priority && task->priority > world.running->priority)
        sched_preempt();
}

static struct task *ready_take(size_t place)
{
    struct ready *taken = &sched.ready[place];
    const struct ready *last = &sched.ready[--sched.ready_count];
    struct task *task = taken->task;
    /* One by one, as ready_add has written them: a load of both would have to wait for that. */
    taken->task = last->task;
    taken->priority = last->priority;
    return task;
}

static void ready_remove(const struct task *task)
{
    size_t place = 0;
    while (sched.ready[place].task != task)
        place++;
    ready_take(place);
}

static void wait_queue_remove(struct task *task)
{
    struct wait_queue *queue = task->queue;
    if (queue == NULL)
        return;
    if (task->queue_prev != NULL)
        task->queue_prev->queue_next = task->queue_next;
    else
        queue->first = task->queue_next;
    if (task->queue_next != NULL)
        task->queue_next->queue_prev = task->queue_prev;
    else
        queue->last = task->queue_prev;
    task->queue = NULL;
}

static void wait_queue_add(struct wait_queue *queue, struct task *task)
{
    task->queue = queue;
    task->queue_next = NULL;
    task->queue_prev = queue->last;
    if (queue->last != NULL)
        queue->last->queue_next = task;
    else
        queue->first = task;
    queue->last = task;
}

/* Frees those that have ended, unless we still stand on the stack of one of them. */
static void bury_dead(void)
{
    struct task **link = &sched.dead;
    while (*link != NULL) {
        struct task *task = *link;
        if (task == world.running) {
            link = &task->dead_next;
            continue;
        }
        *link = task->dead_next;
        ctx_done(&task->ctx);
        own_free(task, sizeof *task);
    }
}

static void task_begin(void *arg)
{
    struct task *task = arg;
    bury_dead();
    tell_acquire(task);
    task_end(task->main(task->arg));
}

struct task *task_new(struct process *process, const char *name, void *(*main)(void *arg),
                      void *arg)
{
    struct task *task = own_alloc(sizeof *task);
    do
        task->id = ++sched.next_id;
    while (sched.slots[task->id % TASKS_MAX] != NULL);
    sched.slots[task->id % TASKS_MAX] = task;
    task->process = process;
    task->main = main;
    task->arg = arg;
    task->priority = FIRST_PRIORITY + (uint32_t)chance_below(CHANCE_SCHEDULE, PRIORITIES);
    own_text(task->name, sizeof task->name, name);
    if (process != NULL) {
        task->process_next = process->tasks;
        if (process->tasks != NULL)
            process->tasks->process_prev = task;
        process->tasks = task;
    }
    ctx_init(&task->ctx, task_begin, task);
    tell_release(task);
    world.report.threads++;
    ready_add(task);
    return task;
}

struct task *task_find(uint32_t id)
{
    struct task *task = sched.slots[id % TASKS_MAX];
    return task != NULL && task->id == id ? task : NULL;
}

const char *task_name(const struct task *task)
{
    return task == &sched.root ? "world" : task->name;
}

void task_end(void *result)
{
    struct task *self = world.running;
    if (self->process == NULL)
        sched_leave(); /* the driver has returned */
    if (self->held_count > 0)
        world_end(WORLD_FAILED, "the thread ends and holds a lock");
    self->result = result;
    self->state = TASK_DONE;
    tell_release(self);
    if (self->joiner != NULL)
        task_wake(self->joiner);
    if (!self->joinable) {
        tell_release(self->process); /* nobody joins it; the process dies later */
        task_drop(self);
    }
    sched_abandon();
}

void task_drop(struct task *task)
{
    if (task->state == TASK_READY && !task->shelved)
        ready_remove(task);
    task->state = TASK_DONE;
    event_cancel(&task->timer);
    wait_queue_remove(task);
    sched.slots[task->id % TASKS_MAX] = NULL;
    if (task->process != NULL) {
        if (task->process_prev != NULL)
            task->process_prev->process_next = task->process_next;
        else
            task->process->tasks = task->process_next;
        if (task->process_next != NULL)
            task->process_next->process_prev = task->process_prev;
    }
    ctx_absorb(&task->ctx);
    task->dead_next = sched.dead;
    sched.dead = task;
}

void process_freeze(struct process *process, bool frozen)
{
    process->frozen = frozen;
    for (struct task *task = process->tasks; task != NULL; task = task->process_next) {
        if (frozen && task->state == TASK_READY && !task->shelved) {
            ready_remove(task);
            task->shelved = true;
        } else if (!frozen && task->shelved) {
            task->shelved = false;
            ready_add(task);
        }
    }
}

/* ---- choosing ------------------------------------------------------------------------------- */

static void transcribe_choice(const struct task *task)
{
    transcribe((uint64_t)world.now_ns << 12 ^ task->id);
}

static struct task *pick(void)
{
    size_t place = 0;
    if (world.character.by_priority) {
        for (size_t i = 1; i < sched.ready_count; i++)
            if (sched.ready[i].priority > sched.ready[place].priority)
                place = i;
    } else if (sched.ready_count > 1) {
        place = (size_t)chance_below(CHANCE_SCHEDULE, sched.ready_count);
    }
    struct task *task = ready_take(place);
    transcribe_choice(task);
    return task;
}

static void switch_to(struct task *task)
{
    struct task *from = world.running;
    bool dying = from->state == TASK_DONE;
    world.report.switches++;
    world.running = task;
    task->state = TASK_RUNNING;
    ctx_switch(&from->ctx, &task->ctx, dying);
    if (sched.dead != NULL)
        bury_dead();
}

/* Runs one of those that can; comes back when the caller is chosen again. */
static void run_next(void)
{
    struct task *task = pick();
    if (task == world.running)
        task->state = TASK_RUNNING;
    else
        switch_to(task);
}

/* The caller cannot run: time passes, if need be, until somebody can. */
static void schedule(void)
{
    for (;;) {
        fire_due();
        if (sched.ready_count > 0)
            break;
        if (sched.event_count == 0)
            world_end(WORLD_DEADLOCK, "every thread is blocked and nothing is due");
        world.now_ns = sched.heap[1].when_ns;
    }
    run_next();
}

static void await_preemption(void)
{
    world.attention_at = sched.preempt_at < sched.rare_at ? sched.preempt_at : sched.rare_at;
}

static void draw_attention(void)
{
    uint64_t rare = sched.stall_at < sched.change_at ? sched.stall_at : sched.change_at;
    sched.rare_at = rare < world.options.step_limit ? rare : world.options.step_limit;
    if (world.options.show_calls)
        sched.rare_at = 0; /* each call is to be told */
    await_preemption();
}

static uint64_t next_step(uint32_t gap)
{
    return world.steps + 1 + (gap > 1 ? chance_below(CHANCE_SCHEDULE, gap) : 0);
}

static uint64_t next_preemption(void)
{
    const uint32_t gap = world.character.preempt_gap;
    return gap > 0 ? next_step(gap) : UINT64_MAX;
}

void sched_preempt(void)
{
    sched.preempt_at = world.steps;
    await_preemption();
}

static void stall_over(struct event *event)
{
    struct task *task = CONTAINER_OF(event, struct task, timer);
    task->stalled = false;
    ready_add(task);
}

static void stall(struct task *self)
{
    int64_t pause_ns =
        (int64_t)chance_below(CHANCE_SCHEDULE, (uint64_t)world.character.stall_max_ns);
    show("stalled for %lld us", (long long)(pause_ns / MICROSECOND));
    self->state = TASK_BLOCKED;
    self->stalled = true;
    self->waits_for = "stalled";
    event_schedule(&self->timer, world.now_ns + pause_ns, stall_over);
    schedule();
}

void sched_calm(void)
{
    struct character *character = &world.character;
    if (character->by_priority && !character->in_turn) {
        character->by_priority = false;
        character->preempt_gap = CALM_PREEMPT_GAP;
    }
    sched.stall_at = UINT64_MAX;
    sched.change_at = UINT64_MAX;
    sched.preempt_at = next_preemption();
    draw_attention();
}

static void change_priority(struct task *self)
{
    self->priority = (uint32_t)chance_below(CHANCE_SCHEDULE, FIRST_PRIORITY);
    sched.change_at =
        --world.character.priority_changes > 0 ? next_step(PRIORITY_CHANGE_GAP) : UINT64_MAX;
    sched.preempt_at = world.steps;
    draw_attention();
}

/* The call that was drawn in advance has come, or an event is due. In many worlds that is nearly
 * every call, and then mostly to preempt. */
static void attend(void)
{
    struct task *self = world.running;
    const bool rare = world.steps >= sched.rare_at;
    if (rare && world.steps >= world.options.step_limit)
        world_end(WORLD_ENDLESS, "no end after %llu calls", (unsigned long long)world.steps);
    fire_due();
    if (rare && world.steps >= sched.change_at)
        change_priority(self);
    if (rare && world.steps >= sched.stall_at) {
        sched.stall_at = next_step(world.character.stall_gap);
        draw_attention();
        stall(self);
        return;
    }
    if (world.steps >= sched.preempt_at) {
        sched.preempt_at = next_preemption();
        await_preemption();
        task_yield();
    }
}

void sched_attend(const char *call)
{
    if (world.running == &sched.root)
        abort(); /* a simulated call outside the simulation */
    show("%s", call);
    attend();
}

/* As if the caller became ready behind all others, and then one of them were chosen: whoever is
 * chosen before it leaves it its place. */
static void yield_at_random(void)
{
    struct task *self = world.running;
    const size_t place = (size_t)chance_below(CHANCE_SCHEDULE, sched.ready_count + 1);
    struct task *chosen = self;
    if (place < sched.ready_count) {
        chosen = sched.ready[place].task;
        self->state = TASK_READY;
        sched.ready[place] = (struct ready){self, self->priority};
    }
    transcribe_choice(chosen);
    if (chosen != self)
        switch_to(chosen);
}

/* A process that is frozen has no thread that could come here. */
void task_yield(void)
{
    if (sched.ready_count == 0)
        return;
    if (!world.character.by_priority) {
        yield_at_random();
        return;
    }
    ready_add(world.running);
    run_next();
}

/* ---- sleeping and waking -------------------------------------------------------------------- */

static void deadline_passed(struct event *event)
{
    struct task *task = CONTAINER_OF(event, struct task, timer);
    wait_queue_remove(task);
    task->timed_out = true;
    ready_add(task);
}

bool task_block(struct wait_queue *queue, const char *waits_for, int64_t deadline_ns)
{
    struct task *self = world.running;
    self->state = TASK_BLOCKED;
    self->waits_for = waits_for;
    self->timed_out = false;
    if (queue != NULL)
        wait_queue_add(queue, self);
    if (deadline_ns != NEVER)
        event_schedule(&self->timer, deadline_ns, deadline_passed);
    schedule();
    return self->timed_out;
}

void task_wake(struct task *task)
{
    if (task->state != TASK_BLOCKED || task->stalled)
        return;
    event_cancel(&task->timer);
    wait_queue_remove(task);
    ready_add(task);
}

struct task *wait_queue_wake_one(struct wait_queue *queue)
{
    if (queue->first == NULL)
        return NULL;
    uint64_t count = 0;
    for (struct task *task = queue->first; task != NULL; task = task->queue_next)
        count++;
    struct task *chosen = queue->first;
    const bool by_chance = count > 1 && !world.character.in_turn;
    for (uint64_t skip = by_chance ? chance_below(CHANCE_SCHEDULE, count) : 0; skip > 0; skip--)
        chosen = chosen->queue_next;
    task_wake(chosen);
    return chosen;
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    while (queue->first != NULL)
        task_wake(queue->first);
}

/* ---- a run ---------------------------------------------------------------------------------- */

void sched_begin(void)
{
    const struct character *character = &world.character;
    sched.next_order = 0;
    world.next_event_ns = NEVER;
    sched.next_id = 0;
    sched.block_skip = 0;
    sched.next_turn = UINT32_MAX;
    sched.preempt_at = next_preemption();
    sched.stall_at = character->stall_gap > 0 ? next_step(character->stall_gap) : UINT64_MAX;
    sched.change_at = character->priority_changes > 0 ? next_step(PRIORITY_CHANGE_GAP) : UINT64_MAX;
    draw_attention();
    sched.root = (struct task){.state = TASK_RUNNING};
    ctx_init_root(&sched.root.ctx);
    world.running = &sched.root;
}

void sched_run(struct task *first)
{
    ready_remove(first);
    switch_to(first);
    world.running = &sched.root;
}

void sched_leave(void)
{
    struct task *self = world.running;
    self->state = TASK_BLOCKED;
    switch_to(&sched.root);
    abort(); /* it is dropped there */
}

void sched_abandon(void)
{
    schedule();
    abort(); /* nobody chooses a task that has ended */
}

void sched_end(void)
{
    /* The driver; all others went with their processes. */
    for (size_t i = 0; i < TASKS_MAX && i <= sched.next_id; i++)
        if (sched.slots[i] != NULL)
            task_drop(sched.slots[i]);
    bury_dead();
    ctx_done_root(&sched.root.ctx);
    sched.ready_count = 0;
}

/* Called at every basic block of a program that was built with -fsanitize-coverage=trace-pc: a
 * chance to preempt between two calls too. */
void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
    if (!world.open || world.observing || world.running->process == NULL)
        return;
    if (sched.block_skip > 0) {
        sched.block_skip--;
        return;
    }
    sched.block_skip = (uint32_t)chance_below(CHANCE_SCHEDULE, BLOCK_GAP);
    world.steps++;
    task_yield();
}
