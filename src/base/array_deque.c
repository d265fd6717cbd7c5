/* A ring that doubles. Java: ArrayDeque */
#include "zk/base/array_deque.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

enum { FIRST_ROOM = 16 };

static uint8_t *place(const struct array_deque *deque, size_t index)
{
    return deque->elements + (deque->head + index) % deque->room * deque->element_size;
}

/* The elements move to the front of a ring of twice the size. */
static void grow(struct array_deque *deque)
{
    size_t room = deque->room > 0 ? 2 * deque->room : FIRST_ROOM;
    uint8_t *elements = zk_xcalloc(room, deque->element_size);
    size_t behind_head = deque->room - deque->head;
    if (behind_head > deque->count)
        behind_head = deque->count;
    if (deque->count > 0) {
        memcpy(elements, place(deque, 0), behind_head * deque->element_size);
        memcpy(elements + behind_head * deque->element_size, deque->elements,
               (deque->count - behind_head) * deque->element_size);
    }
    free(deque->elements);
    deque->elements = elements;
    deque->head = 0;
    deque->room = room;
}

void array_deque_add_last(struct array_deque *deque, const void *element)
{
    zk_assert(deque->element_size > 0);
    if (deque->count == deque->room)
        grow(deque);
    memcpy(place(deque, deque->count), element, deque->element_size);
    deque->count++;
}

const void *array_deque_get(const struct array_deque *deque, size_t index)
{
    return index < deque->count ? place(deque, index) : NULL;
}

bool array_deque_remove_first(struct array_deque *deque, void *ret_element)
{
    if (deque->count == 0)
        return false;
    if (ret_element != NULL)
        memcpy(ret_element, place(deque, 0), deque->element_size);
    deque->head = (deque->head + 1) % deque->room;
    deque->count--;
    return true;
}

void array_deque_done(struct array_deque *deque)
{
    free(deque->elements);
    deque->elements = NULL;
    deque->head = 0;
    deque->count = 0;
    deque->room = 0;
}
