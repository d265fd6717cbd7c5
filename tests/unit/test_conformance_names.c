/* Host names whose addresses change while peers run. The C library's name service is replaced by
 * one of the test's own, which knows names of "zk.test" only, and those only from a certain
 * moment on. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "ensemble.h"
#include "zk/base/alloc.h"
#include "zk/base/clock.h"
#include "zk/base/refcount.h"
#include "zk/quorum/quorum_peer.h"
#include "zk_test.h"

/* --- the name service --- */

static struct zk_atomic_long names_are_known;
static struct zk_atomic_long times_asked;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_answers)
{
    (void)service;
    (void)hints;
    if (name == NULL || !ends_with(name, ".zk.test"))
        return EAI_NONAME;
    zk_atomic_long_add(&times_asked, 1);
    if (zk_atomic_long_get(&names_are_known) == 0)
        return EAI_NONAME;
    struct addrinfo *answer = zk_xcalloc(1, sizeof *answer);
    struct sockaddr_in *address = zk_xcalloc(1, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    answer->ai_family = AF_INET;
    answer->ai_addr = (struct sockaddr *)address;
    answer->ai_addrlen = sizeof *address;
    *ret_answers = answer;
    return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void freeaddrinfo(struct addrinfo *answer)
{
    free(answer->ai_addr);
    free(answer);
}

/* --- peers --- */

/* sid knows its own address, and the other one by name. */
static void knows_the_other_by_name(struct ensemble *ensemble, int64_t sid)
{
    struct zk_str lines = {0};
    for (size_t i = 0; i < ensemble->count; i++) {
        const struct ensemble_peer *peer = &ensemble->peers[i];
        zk_str_printf(&lines, "server.%d=%s:%d:%d:participant\n", (int)peer->sid,
                      peer->sid == sid ? "127.0.0.1" : "other.zk.test", peer->quorum_port,
                      peer->election_port);
    }
    ensemble_peer(ensemble, sid)->servers = zk_str_take(&lines);
}

static bool both_have_asked(void *arg)
{
    (void)arg;
    return zk_atomic_long_get(&times_asked) >= 2;
}

/* CNX-13: by name or not at all; an answer "unknown" is remembered for 10 s, as Java does */
static void cnx_13_names_that_become_known_are_found_without_a_restart(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 2, 0);
    ensemble_add_lines(&ensemble, "fastleader.maxNotificationInterval=500\n");
    knows_the_other_by_name(&ensemble, 1);
    knows_the_other_by_name(&ensemble, 2);
    ensemble_start_all(&ensemble);
    test_await(both_have_asked, NULL);
    for (int64_t sid = 1; sid <= 2; sid++) {
        assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)),
                         SERVER_STATE_LOOKING);
        assert_int_equal(ensemble_count_events(&ensemble, sid, "\"ev\":\"conn\",\"what\":\"keep\""),
                         0);
    }

    zk_atomic_long_set(&names_are_known, 1);

    /* 2 dials 1 for the election; 1 dials 2 as its leader. */
    assert_int_equal(ensemble_await_leader(&ensemble), 2);
    ensemble_done(&ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_13_names_that_become_known_are_found_without_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
