/* A queue of values of one type, without a lock: what one thread keeps in order, or what its owner
 * guards. It grows as needed, and adding and removing cost the same however many there are.
 * Java: ArrayDeque
 *
 *     struct array_deque zxids = ARRAY_DEQUE_OF(int64_t);
 *     array_deque_add_last(&zxids, &zxid);
 *     while (array_deque_remove_first(&zxids, &zxid)) ...
 */
#ifndef ZK_BASE_ARRAY_DEQUE_H
#define ZK_BASE_ARRAY_DEQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct array_deque {
    size_t element_size;
    uint8_t *elements; /* a ring of room places, a power of two; NULL: no room yet */
    size_t head;       /* the place of the first element */
    size_t count;
    size_t room;
};

/* An empty queue of values of that type. */
#define ARRAY_DEQUE_OF(type)                                                                       \
    {                                                                                              \
        .element_size = sizeof(type)                                                               \
    }

/* Copies what element points to. */
void array_deque_add_last(struct array_deque *deque, const void *element);
/* Returns a pointer to element number index, 0 being the first, which is valid until the queue
 * changes; NULL: there are not so many. */
const void *array_deque_get(const struct array_deque *deque, size_t index);
/* Returns false if the queue is empty. ret_element may be NULL. */
bool array_deque_remove_first(struct array_deque *deque, void *ret_element);
/* Frees the queue's memory; what the elements own is the caller's affair. */
void array_deque_done(struct array_deque *deque);

#endif
