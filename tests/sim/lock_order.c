/* The order of locks. Taking B while A is held draws an arrow from A to B; if the arrows ever form
 * a circle, two threads may one day wait for each other, also if they did not in this run. The
 * circle is reported when its last arrow is drawn.
 *
 * A lock is one mutex here, not a class of them: two locks of the same kind may be taken in either
 * order as long as no two of them are taken in both. */
#include "internal.h"

enum { HASH_BITS = 9, HASH_SIZE = 1 << HASH_BITS }; /* small: it is to stay in the cache */

struct arrow {
    uint32_t from;
    uint32_t to;
    struct arrow *same_hash;
    struct arrow *same_from; /* the next arrow that leaves the same mutex */
};

static struct arrow *arrows[HASH_SIZE];  /* by both ends */
static struct arrow *leaving[HASH_SIZE]; /* the first arrow of each mutex; shared by hash */
static uint32_t used[HASH_SIZE];         /* hashes that must be emptied after the run */
static size_t used_count;

static uint32_t hash_of(uint32_t from, uint32_t to)
{
    return (uint32_t)(((uint64_t)from << 32 | to) * 0x9e3779b97f4a7c15ULL >> (64 - HASH_BITS));
}

static struct arrow *arrow_find(uint32_t from, uint32_t to)
{
    struct arrow *arrow = arrows[hash_of(from, to)];
    while (arrow != NULL && (arrow->from != from || arrow->to != to))
        arrow = arrow->same_hash;
    return arrow;
}

/* Is there a way along the arrows? They form no circle yet, and are short: no need to mark. */
static bool leads_to(uint32_t from, uint32_t to, int depth)
{
    if (depth > HELD_MAX)
        return false;
    for (struct arrow *arrow = leaving[hash_of(from, 0)]; arrow != NULL; arrow = arrow->same_from)
        if (arrow->from == from && (arrow->to == to || leads_to(arrow->to, to, depth + 1)))
            return true;
    return false;
}

static void arrow_draw(uint32_t from, uint32_t to)
{
    if (leads_to(to, from, 0))
        world_end(WORLD_FAILED,
                  "locks are taken in two orders: mutex %u under mutex %u, elsewhere the reverse",
                  to, from);
    struct arrow *arrow = own_alloc(sizeof *arrow);
    uint32_t hash = hash_of(from, to);
    uint32_t from_hash = hash_of(from, 0);
    arrow->from = from;
    arrow->to = to;
    if (arrows[hash] == NULL)
        used[used_count++] = hash;
    arrow->same_hash = arrows[hash];
    arrows[hash] = arrow;
    arrow->same_from = leaving[from_hash];
    leaving[from_hash] = arrow;
}

void lock_order_begin(void)
{
    used_count = 0;
}

void lock_order_took(struct task *task, uint32_t mutex)
{
    for (size_t i = 0; i < task->held_count; i++)
        if (arrow_find(task->held[i], mutex) == NULL)
            arrow_draw(task->held[i], mutex);
}

void lock_order_end(void)
{
    for (size_t i = 0; i < used_count; i++) {
        struct arrow *arrow = arrows[used[i]];
        arrows[used[i]] = NULL;
        while (arrow != NULL) {
            struct arrow *next = arrow->same_hash;
            leaving[hash_of(arrow->from, 0)] = NULL;
            own_free(arrow, sizeof *arrow);
            arrow = next;
        }
    }
    used_count = 0;
}
