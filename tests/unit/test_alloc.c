#include "zk_test.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

static void an_array_that_grows_keeps_its_elements(void **state)
{
    (void)state;
    int *items = NULL;
    size_t room = 0;
    for (int i = 0; i < 1000; i++) {
        items = zk_xgrow(items, (size_t)i, &room, sizeof *items);
        assert_true((size_t)i < room);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void an_array_with_room_stays_where_it_is(void **state)
{
    (void)state;
    size_t room = 0;
    char *items = zk_xgrow(NULL, 0, &room, 1);
    size_t first_room = room;
    assert_ptr_equal(zk_xgrow(items, first_room - 1, &room, 1), items);
    assert_int_equal(room, first_room);
    free(items);
}

/* So a million elements cost twenty moves. */
static void a_full_array_gets_twice_the_room(void **state)
{
    (void)state;
    size_t room = 0;
    char *items = zk_xgrow(NULL, 0, &room, 1);
    size_t first_room = room;
    items = zk_xgrow(items, first_room, &room, 1);
    assert_int_equal(room, 2 * first_room);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_that_grows_keeps_its_elements),
        cmocka_unit_test(an_array_with_room_stays_where_it_is),
        cmocka_unit_test(a_full_array_gets_twice_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
