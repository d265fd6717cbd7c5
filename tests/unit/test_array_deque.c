#include "zk/base/array_deque.h"

#include "zk_test.h"

static void elements_leave_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    struct array_deque deque = ARRAY_DEQUE_OF(int64_t);
    /* Adding two for each that leaves, so that the ring grows while its head is anywhere. */
    int64_t added = 0;
    int64_t removed = 0;
    while (added < 1000) {
        for (int i = 0; i < 2; i++) {
            array_deque_add_last(&deque, &added);
            added++;
        }
        int64_t element = -1;
        assert_true(array_deque_remove_first(&deque, &element));
        assert_int_equal(removed, element);
        removed++;
        for (size_t i = 0; i < deque.count; i++)
            assert_int_equal(removed + (int64_t)i, *(const int64_t *)array_deque_get(&deque, i));
    }
    while (array_deque_remove_first(&deque, NULL))
        removed++;
    assert_int_equal(added, removed);
    array_deque_done(&deque);
}

static void empty_queue_has_nothing(void **state)
{
    (void)state;
    struct array_deque deque = ARRAY_DEQUE_OF(void *);
    assert_null(array_deque_get(&deque, 0));
    assert_false(array_deque_remove_first(&deque, NULL));
    void *element = &deque;
    array_deque_add_last(&deque, &element);
    assert_null(array_deque_get(&deque, 1));
    assert_true(array_deque_remove_first(&deque, &element));
    assert_ptr_equal(&deque, element);
    assert_null(array_deque_get(&deque, 0));
    array_deque_done(&deque);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(empty_queue_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
