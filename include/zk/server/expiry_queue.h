/* Things that end unless they are touched in time: sessions, and connections.
 * Java: server.ExpiryQueue
 *
 * Times are rounded up to whole intervals, so that all that ends within one interval stands in one
 * bucket, and a touch that stays within its interval costs a comparison. An item that was touched
 * with a timeout lives longer than that timeout, by at most one interval.
 *
 * The items belong to the caller, who puts a struct expiry_item into each. No function takes a
 * lock; the caller does. Times are zk_elapsed_ms(). */
#ifndef ZK_SERVER_EXPIRY_QUEUE_H
#define ZK_SERVER_EXPIRY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/long_map.h"
#include "zk/base/str.h"

/* Zero-initialised it is in no queue. */
struct expiry_item {
    int64_t expiry_time_ms; /* the bucket's; 0: in no queue */
    struct expiry_item *next;
    struct expiry_item *previous;
};

struct expiry_queue {
    int32_t expiration_interval_ms;
    int64_t next_expiration_time_ms; /* all buckets before it have been polled */
    struct long_map buckets;         /* by time: the bucket's first item. Java: expiryMap */
};

/* Java: new ExpiryQueue(). The interval is at least 1. */
void expiry_queue_init(struct expiry_queue *queue, int32_t expiration_interval_ms);
/* Forgets the items, which are left alone. */
void expiry_queue_done(struct expiry_queue *queue);

/* Takes the item out; nothing happens if it is in no queue. Java: remove() */
void expiry_queue_remove(struct expiry_queue *queue, struct expiry_item *item);
/* Puts the item in, or moves it: it ends when timeout_ms, rounded up, have passed.
 * Java: update() */
void expiry_queue_update(struct expiry_queue *queue, struct expiry_item *item, int32_t timeout_ms);
/* Returns how long it takes until poll may give something; 0: it may now. Java: getWaitTime() */
int64_t expiry_queue_get_wait_time(const struct expiry_queue *queue);
/* Takes out the items of the next interval, if its time has come, and returns the first of them,
 * with the others behind its next; NULL if there are none. An interval that was missed comes with
 * the next call. The items are in no queue any more; the caller zeroes each one, since they are
 * still linked to each other. Java: poll() */
struct expiry_item *expiry_queue_poll(struct expiry_queue *queue);

/* Appends "Sets (2)/(3):" (buckets, items), and then for each bucket when it ends and its items,
 * one a line. append_item appends an item's text. Java shows empty buckets, too, until their time
 * has come; ours has none (D-281). Java: dump() */
void expiry_queue_dump(const struct expiry_queue *queue,
                       void (*append_item)(const struct expiry_item *item, struct zk_str *str),
                       struct zk_str *str);

#endif
