/* Reference counts, and numbers that threads share without a lock: these two types are the only
 * atomics of the house. All their operations are sequentially consistent, except peek and
 * note, which are relaxed. */
#ifndef ZK_BASE_REFCOUNT_H
#define ZK_BASE_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "zk/base/panic.h"

/* The field of this type says what holds the references. */
struct zk_refcount {
    atomic_int count;
};

static inline void zk_refcount_init(struct zk_refcount *refs)
{
    atomic_init(&refs->count, 1);
}

static inline void zk_refcount_ref(struct zk_refcount *refs)
{
    int before = atomic_fetch_add(&refs->count, 1);
    zk_assert(before > 0);
}

/* Returns true for the last reference: the caller frees the object. */
static inline bool zk_refcount_unref(struct zk_refcount *refs)
{
    int before = atomic_fetch_sub(&refs->count, 1);
    zk_assert(before > 0);
    return before == 1;
}

/* Returns whether the caller's reference is the only one. */
static inline bool zk_refcount_is_one(const struct zk_refcount *refs)
{
    return atomic_load(&refs->count) == 1;
}

/* Adding wraps, as in Java: AtomicLong */
struct zk_atomic_long {
    _Atomic int64_t value;
};

static inline void zk_atomic_long_init(struct zk_atomic_long *number, int64_t value)
{
    atomic_init(&number->value, value);
}

static inline int64_t zk_atomic_long_get(const struct zk_atomic_long *number)
{
    return atomic_load(&number->value);
}

static inline void zk_atomic_long_set(struct zk_atomic_long *number, int64_t value)
{
    atomic_store(&number->value, value);
}

/* For a number that says nothing about other memory, such as who holds a lock: it costs no more
 * than a plain one. */
static inline int64_t zk_atomic_long_peek(const struct zk_atomic_long *number)
{
    return atomic_load_explicit(&number->value, memory_order_relaxed);
}

static inline void zk_atomic_long_note(struct zk_atomic_long *number, int64_t value)
{
    atomic_store_explicit(&number->value, value, memory_order_relaxed);
}

/* Returns the new value. */
static inline int64_t zk_atomic_long_add(struct zk_atomic_long *number, int64_t step)
{
    return (int64_t)((uint64_t)atomic_fetch_add(&number->value, step) + (uint64_t)step);
}

#endif
