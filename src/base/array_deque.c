/* A ring that doubles. Java: ArrayDeque */
#include "zk/base/array_deque.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

/* Every room is a power of two, as this one is. Many queues hold what one client has sent without
 * waiting for an answer. */
enum { FIRST_ROOM = 4 };

static uint8_t *place(const struct array_deque *deque, size_t index)
{
    return deque->elements + ((deque->head + index) & (deque->room - 1)) * deque->element_size;
}

/* Most elements are pointers and numbers of 8 bytes: a copy of fixed size is two instructions. */
static void copy_element(const struct array_deque *deque, void *ret_to, const void *from)
{
    if (deque->element_size == sizeof(uint64_t))
        memcpy(ret_to, from, sizeof(uint64_t));
    else
        memcpy(ret_to, from, deque->element_size);
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
    copy_element(deque, place(deque, deque->count), element);
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
        copy_element(deque, ret_element, place(deque, 0));
    deque->head = (deque->head + 1) & (deque->room - 1);
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
