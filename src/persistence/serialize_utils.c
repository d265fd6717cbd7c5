/* Sessions and tree as bytes. Java: server.util.SerializeUtils */
#include "zk/persistence/serialize_utils.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"

static void append(struct session_timeouts *sessions, int64_t session, int32_t timeout_ms)
{
    sessions->items =
        zk_xgrow(sessions->items, sessions->count, &sessions->room, sizeof *sessions->items);
    sessions->items[sessions->count++] =
        (struct session_timeout){session, timeout_ms, ++sessions->last_place};
    if (sessions->most < sessions->count)
        sessions->most = sessions->count;
}

void session_timeouts_copy(struct session_timeouts *sessions, const struct session_timeouts *from)
{
    *sessions = *from;
    sessions->room = from->count;
    sessions->items = zk_xcalloc(from->count + 1, sizeof *sessions->items);
    if (from->count > 0)
        memcpy(sessions->items, from->items, from->count * sizeof *sessions->items);
}

void session_timeouts_done(struct session_timeouts *sessions)
{
    free(sessions->items);
    *sessions = (struct session_timeouts){0};
}

/* Returns where the session stands, or would stand. */
static size_t session_place(const struct session_timeouts *sessions, int64_t session)
{
    size_t low = 0;
    size_t high = sessions->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sessions->items[middle].session < session)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct session_timeouts *sessions, size_t place, int64_t session)
{
    return place < sessions->count && sessions->items[place].session == session;
}

void session_timeouts_put(struct session_timeouts *sessions, int64_t session, int32_t timeout_ms)
{
    size_t place = session_place(sessions, session);
    if (!stands_at(sessions, place, session)) {
        append(sessions, session, timeout_ms);
        struct session_timeout new = sessions->items[sessions->count - 1];
        memmove(sessions->items + place + 1, sessions->items + place,
                (sessions->count - 1 - place) * sizeof *sessions->items);
        sessions->items[place] = new;
    }
    sessions->items[place].timeout_ms = timeout_ms;
}

bool session_timeouts_has(const struct session_timeouts *sessions, int64_t session)
{
    return stands_at(sessions, session_place(sessions, session), session);
}

void session_timeouts_remove(struct session_timeouts *sessions, int64_t session)
{
    size_t place = session_place(sessions, session);
    if (!stands_at(sessions, place, session))
        return;
    sessions->count--;
    memmove(sessions->items + place, sessions->items + place + 1,
            (sessions->count - place) * sizeof *sessions->items);
}

/* ---- the bytes ----
 *
 *   4    int count
 *        each, in the order of Java's HashMap:
 *        8   long session
 *        4   int  timeout in milliseconds
 *        the tree (data_tree.c) */

static int compare_arrivals(const void *one, const void *other)
{
    const struct session_timeout *a = one;
    const struct session_timeout *b = other;
    return (a->place > b->place) - (a->place < b->place);
}

/* Moves the item at order[i] to i, for all i. */
static void put_in_order(struct session_timeout *items, size_t count, const size_t *order)
{
    struct session_timeout *moved = zk_xcalloc(count + 1, sizeof *moved);
    for (size_t i = 0; i < count; i++)
        moved[i] = items[order[i]];
    memcpy(items, moved, count * sizeof *items);
    free(moved);
}

/* Java iterates a HashMap that is a copy of its ConcurrentHashMap. In either of them some sessions
 * are in one chain, and there each stands behind those that came before it. */
static void sort_as_javas_copy(struct session_timeouts *sessions)
{
    size_t count = sessions->count;
    struct session_timeout *items = sessions->items;
    int64_t *ids = zk_xcalloc(count + 1, sizeof *ids);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    qsort(items, count, sizeof *items, compare_arrivals);
    for (size_t i = 0; i < count; i++)
        ids[i] = items[i].session;
    java_concurrent_map_order_longs(ids, count, sessions->most, order);
    put_in_order(items, count, order);
    for (size_t i = 0; i < count; i++)
        ids[i] = items[i].session;
    java_hash_map_order_longs(ids, count, java_hash_map_copy_capacity(count), order);
    put_in_order(items, count, order);
    free(order);
    free(ids);
}

void serialize_snapshot(struct data_tree *tree, const struct session_timeouts *sessions,
                        struct jute_out *out)
{
    struct session_timeouts sorted;
    session_timeouts_copy(&sorted, sessions);
    sort_as_javas_copy(&sorted);
    jute_out_int(out, (int32_t)sorted.count);
    for (size_t i = 0; i < sorted.count; i++) {
        jute_out_long(out, sorted.items[i].session);
        jute_out_int(out, sorted.items[i].timeout_ms);
    }
    session_timeouts_done(&sorted);
    data_tree_serialize(tree, out);
}

/* If a session comes twice, the later one counts, as in Java's map. */
static int compare_known_sessions(const void *one, const void *other)
{
    const struct session_timeout *a = one;
    const struct session_timeout *b = other;
    if (a->session != b->session)
        return a->session < b->session ? -1 : 1;
    return compare_arrivals(one, other);
}

/* Sorts sessions that stand in the order of their arrival, and drops duplicates. They arrive in
 * hash order, so inserting each at its place would move half of the others each time. */
static void sort_sessions(struct session_timeouts *sessions)
{
    size_t count = sessions->count;
    struct session_timeout *items = sessions->items;
    if (count > 0)
        qsort(items, count, sizeof *items, compare_known_sessions);
    sessions->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && items[i + 1].session == items[i].session)
            continue;
        items[sessions->count++] = items[i];
    }
    sessions->most = sessions->count;
}

static int deserialize_sessions(struct jute_in *in, struct session_timeouts *ret_sessions)
{
    struct session_timeouts sessions = {0};
    int32_t count;
    int r = jute_in_int(in, &count);
    if (r < 0)
        return r;
    for (int32_t i = 0; i < count; i++) {
        int64_t session;
        int32_t timeout_ms;
        r = jute_in_long(in, &session);
        if (r < 0)
            goto out;
        r = jute_in_int(in, &timeout_ms);
        if (r < 0)
            goto out;
        append(&sessions, session, timeout_ms);
    }
    sort_sessions(&sessions);
    *ret_sessions = sessions;
    return 0;
out:
    session_timeouts_done(&sessions);
    return r;
}

int deserialize_snapshot(struct zk_context *ctx, struct jute_in *in, struct data_tree **ret_tree,
                         struct session_timeouts *ret_sessions)
{
    struct session_timeouts sessions;
    int r = deserialize_sessions(in, &sessions);
    if (r < 0)
        return r;
    r = data_tree_deserialize(ctx, in, ret_tree);
    if (r < 0) {
        session_timeouts_done(&sessions);
        return r;
    }
    *ret_sessions = sessions;
    return 0;
}
