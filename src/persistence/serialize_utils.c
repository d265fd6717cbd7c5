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
        (struct session_timeout){.session = session, .timeout_ms = timeout_ms};
}

void session_timeouts_copy(struct session_timeouts *sessions, const struct session_timeouts *from)
{
    *sessions = (struct session_timeouts){0};
    for (size_t i = 0; i < from->count; i++)
        append(sessions, from->items[i].session, from->items[i].timeout_ms);
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
        append(sessions, session, timeout_ms); /* makes room for one more */
        memmove(sessions->items + place + 1, sessions->items + place,
                (sessions->count - 1 - place) * sizeof *sessions->items);
    }
    sessions->items[place] = (struct session_timeout){.session = session, .timeout_ms = timeout_ms};
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

void serialize_snapshot(struct data_tree *tree, const struct session_timeouts *sessions,
                        struct jute_out *out)
{
    size_t count = sessions->count;
    int64_t *ids = zk_xcalloc(count + 1, sizeof *ids);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        ids[i] = sessions->items[i].session;
    java_hash_map_order_longs(ids, count, java_hash_map_copy_capacity(count), order);

    jute_out_int(out, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        jute_out_long(out, sessions->items[order[i]].session);
        jute_out_int(out, sessions->items[order[i]].timeout_ms);
    }
    free(order);
    free(ids);
    data_tree_serialize(tree, out);
}

/* If a session comes twice, the later one counts, as in Java's map. So equal ids are sorted by the
 * positions in which they came. */
struct arrival {
    struct session_timeout session;
    size_t position;
};

static int compare_arrivals(const void *a, const void *b)
{
    const struct arrival *one = a;
    const struct arrival *other = b;
    if (one->session.session != other->session.session)
        return one->session.session < other->session.session ? -1 : 1;
    return one->position < other->position ? -1 : 1;
}

/* Sorts sessions that stand in the order of their arrival, and drops duplicates. They arrive in
 * hash order, so inserting each at its place would move half of the others each time. */
static void sort_sessions(struct session_timeouts *sessions)
{
    size_t count = sessions->count;
    struct arrival *arrivals = zk_xcalloc(count + 1, sizeof *arrivals);
    for (size_t i = 0; i < count; i++)
        arrivals[i] = (struct arrival){.session = sessions->items[i], .position = i};
    qsort(arrivals, count, sizeof *arrivals, compare_arrivals);
    sessions->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && arrivals[i + 1].session.session == arrivals[i].session.session)
            continue;
        sessions->items[sessions->count++] = arrivals[i].session;
    }
    free(arrivals);
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
