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
    uint32_t same_hash; /* numbers of arrows; 0: none */
    uint32_t same_from; /* the next one that leaves the same mutex */
};

static struct arrow *arrows; /* from 1 */
static size_t arrow_count;
static size_t arrow_capacity;
static uint32_t by_ends[HASH_SIZE]; /* the first arrow of each hash */
static uint32_t leaving[HASH_SIZE]; /* and of each mutex; shared by hash */

/* The arrow that was asked for last, of each hash: nearly always the one that is asked for next. */
static struct {
    uint32_t from;
    uint32_t to;
} latest[HASH_SIZE];

static uint32_t hash_of(uint32_t from, uint32_t to)
{
    return (uint32_t)(((uint64_t)from << 32 | to) * 0x9e3779b97f4a7c15ULL >> (64 - HASH_BITS));
}

static bool is_drawn(uint32_t from, uint32_t to, uint32_t hash)
{
    uint32_t i = by_ends[hash];
    while (i != 0 && (arrows[i].from != from || arrows[i].to != to))
        i = arrows[i].same_hash;
    return i != 0;
}

/* Is there a way along the arrows? They form no circle yet, and are short: no need to mark. */
static bool leads_to(uint32_t from, uint32_t to, int depth)
{
    if (depth > HELD_MAX)
        return false;
    for (uint32_t i = leaving[hash_of(from, 0)]; i != 0; i = arrows[i].same_from)
        if (arrows[i].from == from && (arrows[i].to == to || leads_to(arrows[i].to, to, depth + 1)))
            return true;
    return false;
}

static void arrow_draw(uint32_t from, uint32_t to)
{
    if (leads_to(to, from, 0))
        world_end(WORLD_FAILED,
                  "locks are taken in two orders: mutex %u under mutex %u, elsewhere the reverse",
                  to, from);
    uint32_t *same_hash = &by_ends[hash_of(from, to)];
    uint32_t *same_from = &leaving[hash_of(from, 0)];
    arrows = own_grow(arrows, sizeof *arrows, &arrow_capacity, arrow_count + 2);
    arrows[++arrow_count] = (struct arrow){from, to, *same_hash, *same_from};
    *same_hash = (uint32_t)arrow_count;
    *same_from = (uint32_t)arrow_count;
}

void lock_order_begin(void)
{
    memset(by_ends, 0, sizeof by_ends);
    memset(leaving, 0, sizeof leaving);
    memset(latest, 0, sizeof latest);
    arrow_count = 0;
}

void lock_order_took(struct task *task, uint32_t mutex)
{
    for (size_t i = 0; i < task->held_count; i++) {
        const uint32_t from = task->held[i];
        const uint32_t hash = hash_of(from, mutex);
        if (latest[hash].from == from && latest[hash].to == mutex)
            continue;
        if (!is_drawn(from, mutex, hash))
            arrow_draw(from, mutex);
        latest[hash].from = from;
        latest[hash].to = mutex;
    }
}
