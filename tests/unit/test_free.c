/* The rule of NOTES.md 18 that lets an exit path free all that it may have: to free nothing is
 * fine. */
#include "io/inet_cache.h"
#include "zk/base/buf.h"
#include "zk/election/fast_leader_election.h"
#include "zk/election/notification.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/ensemble/multiple_addresses.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/io/sock.h"
#include "zk/io/stream.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/circular_blocking_queue.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk_test.h"

static void to_free_nothing_is_fine(void **state)
{
    (void)state;
    zk_context_free(NULL);
    inet_cache_free(NULL);
    buf_unref(NULL);
    sock_unref(NULL);
    bq_free(NULL);
    cbq_free(NULL);
    zk_input_free(NULL);
    zk_output_free(NULL);
    zk_thread_group_free(NULL);
    qv_unref(NULL);
    quorum_peer_config_free(NULL);
    quorum_peer_free(NULL);
    server_metrics_free(NULL);
    message_unref(NULL);
    to_send_free(NULL);
    qcm_free(NULL);
    fle_free(NULL);
}

/* Nor does what is empty own anything. */
static void a_copy_of_nothing_is_nothing(void **state)
{
    struct multiple_addresses none = {0};
    struct multiple_addresses copy;
    (void)state;

    multiple_addresses_copy(&copy, &none);

    assert_int_equal(copy.count, 0);
    assert_null(copy.items);
    multiple_addresses_done(&copy);
    multiple_addresses_done(&copy); /* twice is once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_free_nothing_is_fine),
        cmocka_unit_test(a_copy_of_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
