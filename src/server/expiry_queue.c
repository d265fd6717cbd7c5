/* One list of items for each interval that has any. There are as many as the longest timeout has
 * intervals, so the sorted map of them is short. Java: server.ExpiryQueue */
#include "zk/server/expiry_queue.h"

#include <inttypes.h>

#include "zk/base/date.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"

static int64_t round_to_next_interval(const struct expiry_queue *queue, int64_t time_ms)
{
    return (time_ms / queue->expiration_interval_ms + 1) * queue->expiration_interval_ms;
}

void expiry_queue_init(struct expiry_queue *queue, int32_t expiration_interval_ms)
{
    zk_assert(expiration_interval_ms > 0);
    *queue = (struct expiry_queue){.expiration_interval_ms = expiration_interval_ms};
    queue->next_expiration_time_ms = round_to_next_interval(queue, zk_elapsed_ms());
}

void expiry_queue_done(struct expiry_queue *queue)
{
    long_map_done(&queue->buckets);
}

/* Java: remove() */
void expiry_queue_remove(struct expiry_queue *queue, struct expiry_item *item)
{
    if (item->expiry_time_ms == 0)
        return;
    if (item->previous != NULL)
        item->previous->next = item->next;
    else if (item->next != NULL)
        long_map_put(&queue->buckets, item->expiry_time_ms, item->next);
    else
        long_map_remove(&queue->buckets, item->expiry_time_ms);
    if (item->next != NULL)
        item->next->previous = item->previous;
    *item = (struct expiry_item){0};
}

/* Java: update() */
void expiry_queue_update(struct expiry_queue *queue, struct expiry_item *item, int32_t timeout_ms)
{
    int64_t new_expiry_time_ms = round_to_next_interval(queue, zk_elapsed_ms() + timeout_ms);
    if (new_expiry_time_ms == item->expiry_time_ms)
        return;
    /* A time that has been polled already would never come (Java loses an item with a timeout below
     * 0 in this way); only a request that was made by hand has such a timeout. */
    if (new_expiry_time_ms < queue->next_expiration_time_ms)
        new_expiry_time_ms = queue->next_expiration_time_ms;
    expiry_queue_remove(queue, item);
    item->expiry_time_ms = new_expiry_time_ms;
    item->next = long_map_put(&queue->buckets, new_expiry_time_ms, item);
    if (item->next != NULL)
        item->next->previous = item;
}

/* Java: getWaitTime() */
int64_t expiry_queue_get_wait_time(const struct expiry_queue *queue)
{
    int64_t now_ms = zk_elapsed_ms();
    return now_ms < queue->next_expiration_time_ms ? queue->next_expiration_time_ms - now_ms : 0;
}

/* Java: poll() */
struct expiry_item *expiry_queue_poll(struct expiry_queue *queue)
{
    if (expiry_queue_get_wait_time(queue) > 0)
        return NULL;
    struct expiry_item *first = long_map_remove(&queue->buckets, queue->next_expiration_time_ms);
    queue->next_expiration_time_ms += queue->expiration_interval_ms;
    for (struct expiry_item *item = first; item != NULL; item = item->next)
        item->expiry_time_ms = 0;
    return first;
}

/* Java: dump() */
void expiry_queue_dump(const struct expiry_queue *queue,
                       void (*append_item)(const struct expiry_item *item, struct zk_str *str),
                       struct zk_str *str)
{
    const int64_t wall_of_elapsed_ms = zk_wall_ms() - zk_elapsed_ms();
    struct zk_str sets = {0};
    size_t items = 0;
    for (size_t i = 0; i < queue->buckets.count; i++) {
        struct zk_str lines = {0};
        size_t count = 0;
        for (const struct expiry_item *item = queue->buckets.entries[i].value; item != NULL;
             item = item->next) {
            zk_str_append(&lines, "\t");
            append_item(item, &lines);
            zk_str_append(&lines, "\n");
            count++;
        }
        int64_t ends_ms = queue->buckets.entries[i].key + wall_of_elapsed_ms;
        zk_str_printf(&sets, "%zu expire at %s:\n", count, zk_date_text(ends_ms).text);
        zk_str_append_bytes(&sets, zk_str_text(&lines), lines.length);
        zk_str_done(&lines);
        items += count;
    }
    zk_str_printf(str, "Sets (%zu)/(%zu):\n", queue->buckets.count, items);
    zk_str_append_bytes(str, zk_str_text(&sets), sets.length);
    zk_str_done(&sets);
}
