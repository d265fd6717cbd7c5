/* Requests that a Java leader was given, and the transactions that it made of them: ours are the
 * same, byte for byte, when the clock shows the same. tests/golden/requests.txt is what was
 * captured; scripts/golden/capture_requests.py says how. */
#include "prep_stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/request.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { TIME_OFFSET = 20, FOLLOWERS = 2 };

/* ---- the clock ------------------------------------------------------------------------------- */

/* What the wall clock shows; 0: the time of day. Prep's thread reads it when the test waits. */
static struct zk_atomic_long wall_ms;

/* Takes the place of the C library's, whose parameters are __clock_id and __tp. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int64_t shown_ms = zk_atomic_long_get(&wall_ms);
    if (clock_id != CLOCK_REALTIME || shown_ms == 0)
        return (int)syscall(SYS_clock_gettime, clock_id, tp);
    tp->tv_sec = shown_ms / 1000;
    tp->tv_nsec = shown_ms % 1000 * 1000000;
    return 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Fills table and tree with what the fake followers were sent. */
static void load_body(struct prep_stage *stage, const char *hex)
{
    struct buf *bytes = golden_hex(hex);
    struct jute_in in = jute_in_of_bytes(stage->ctx, bytes->bytes, bytes->length);
    prep_stage_load(stage, &in);
    buf_unref(bytes);
}

static void read_auth(struct prep_stage *stage, const char *hex, struct zk_id_list *ret_ids)
{
    *ret_ids = (struct zk_id_list){0};
    if (strcmp(hex, "-") == 0)
        return;
    struct buf *bytes = golden_hex(hex);
    struct jute_in in = jute_in_of_bytes(stage->ctx, bytes->bytes, bytes->length);
    int32_t count;
    assert_int_equal(jute_in_start_vector(&in, &count), 0);
    ret_ids->present = true;
    for (int32_t i = 0; i < count; i++)
        assert_int_equal(jute_read(&in, &zk_id_record, jute_list_add(&zk_id_record, ret_ids)), 0);
    buf_unref(bytes);
}

/* ---- the comparison -------------------------------------------------------------------------- */

static void print_request(const char *request, const struct buf *ours, const struct buf *javas)
{
    print_message("%s\n  ours  ", request);
    for (size_t i = 0; i < ours->length; i++)
        print_message("%02x", ours->bytes[i]);
    print_message("\n  Java  ");
    for (size_t i = 0; i < javas->length; i++)
        print_message("%02x", javas->bytes[i]);
    print_message("\n");
}

static bool has_path(const struct ustring_list *paths, const struct ustring *path)
{
    for (size_t i = 0; i < paths->count; i++)
        if (ustring_equal(&paths->items[i], path))
            return true;
    return false;
}

/* The order of a closeSession's paths depends on how many of the session's nodes the tree has and
 * how many are outstanding, in Java, too: then the same paths are enough. */
static bool close_the_same_nodes(struct prep_stage *stage, const struct txn_log_entry *ours,
                                 struct buf *javas_bytes)
{
    struct txn_log_entry *javas;
    assert_int_equal(txn_log_entry_decode(stage->ctx, javas_bytes, &javas), 0);
    const struct ustring_list *our_paths = &ours->record.close_session.paths2_delete;
    const struct ustring_list *java_paths = &javas->record.close_session.paths2_delete;
    bool same = ours->header.type == OP_CODE_CLOSE_SESSION &&
                javas->header.type == OP_CODE_CLOSE_SESSION &&
                our_paths->count == java_paths->count &&
                ours->digest.tree_digest == javas->digest.tree_digest;
    for (size_t i = 0; same && i < our_paths->count; i++)
        same = has_path(java_paths, &our_paths->items[i]);
    txn_log_entry_unref(javas);
    return same;
}

/* Submits the request of a line, with the clock of Java's transaction, and compares. */
static bool makes_javas_transaction(struct prep_stage *stage, const char *line, struct buf *javas,
                                    bool exact_order)
{
    static const char owners[FOLLOWERS];
    char *words[7] = {NULL};
    char *saved;
    char *copy = zk_xstrdup(line);
    size_t count = 0;
    for (char *word = strtok_r(copy, " ", &saved); word != NULL && count < 7;
         word = strtok_r(NULL, " ", &saved))
        words[count++] = word;
    if (count != 7) {
        free(copy);
        fail_msg("%zu words instead of 7: %s", count, line);
        return false;
    }

    struct zk_id_list old_auth = stage->auth;
    read_auth(stage, words[5], &stage->auth);
    stage->owner = &owners[atoi(words[1])];
    stage->cxid = atoi(words[3]) - 1;
    zk_atomic_long_set(&wall_ms, zk_load_long(javas->bytes + TIME_OFFSET));
    prep_stage_submit(stage, (int64_t)strtoull(words[2], NULL, 16), atoi(words[4]),
                      golden_hex(words[6]));
    struct request *request = prep_stage_next(stage);
    assert_non_null(request->txn);
    const struct buf *ours = request->txn->bytes;
    bool same =
        ours->length == javas->length && memcmp(ours->bytes, javas->bytes, ours->length) == 0;
    if (!same && !exact_order)
        same = close_the_same_nodes(stage, request->txn, javas);
    if (!same)
        print_request(line, ours, javas);

    for (size_t i = 0; i < stage->auth.count; i++)
        jute_done(&zk_id_record, &stage->auth.items[i]);
    free(stage->auth.items);
    stage->auth = old_auth;
    free(copy);
    return same;
}

/* Plays the file; what has been prepared is applied behind every so many requests, so that the rest
 * is outstanding meanwhile. */
static void play(int apply_each)
{
    const char *const settings[] = {"zookeeper.extendedTypesEnabled", "true", NULL};
    struct prep_stage *stage = prep_stage_new(settings);
    FILE *file = fopen(GOLDEN_DIR "/requests.txt", "r");
    char *line = NULL;
    size_t room = 0;
    char *request = NULL;
    int requests = 0;
    int different = 0;
    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'S') {
            load_body(stage, line + 2);
        } else if (line[0] == 'Q') {
            request = zk_xstrdup(line);
        } else if (line[0] == 'P') {
            struct buf *javas = golden_hex(line + 2);
            if (requests == 0)
                zookeeper_server_set_zxid(stage->server, zk_load_long(javas->bytes + 12) - 1);
            if (!makes_javas_transaction(stage, request, javas, apply_each == 1))
                different++;
            buf_unref(javas);
            free(request);
            if (++requests % apply_each == 0)
                prep_stage_apply(stage);
        }
    }
    zk_atomic_long_set(&wall_ms, 0);
    free(line);
    (void)fclose(file);
    prep_stage_free(stage);
    assert_true(requests > 400);
    assert_int_equal(different, 0);
}

static void javas_transactions_are_made_when_each_is_applied_at_once(void **state)
{
    (void)state;
    play(1);
}

static void javas_transactions_are_made_when_many_are_outstanding(void **state)
{
    (void)state;
    play(7);
    play(100);
}

static void javas_transactions_are_made_when_none_is_ever_applied(void **state)
{
    (void)state;
    play(1000000);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* Numbers by chance, the same in each run. */
static uint32_t chance(uint64_t *seed, uint32_t bound)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*seed >> 33) % bound;
}

static struct buf *damage(uint64_t *seed, struct buf *body)
{
    for (uint32_t times = chance(seed, 3); body->length > 0 && times > 0; times--)
        body->bytes[chance(seed, (uint32_t)body->length)] ^= (uint8_t)(1U << chance(seed, 8));
    if (chance(seed, 8) == 0)
        body->length = chance(seed, (uint32_t)body->length + 1);
    return body;
}

/* Whatever comes: each request comes out again, and each digest that was promised is the tree's
 * when the transaction is applied (prep_stage_apply looks). */
static void requests_that_are_damaged_by_chance_come_out_and_keep_the_digest(void **state)
{
    static const int32_t types[] = {1, 2, 5, 7, 13, 14, 14, 15, 16, 19, 20, 21, -10, -11, 9, 0};
    enum { ROUNDS = 12 };
    (void)state;
    const char *const settings[] = {"zookeeper.extendedTypesEnabled", "true", NULL};
    struct prep_stage *stage = prep_stage_new(settings);
    uint64_t seed = 9;
    char *line = NULL;
    size_t room = 0;
    for (int64_t session = 1; session <= 4; session++)
        assert_int_equal(prep_stage_open_session(stage, session), 0);
    for (int round = 0; round < ROUNDS; round++) {
        FILE *file = fopen(GOLDEN_DIR "/requests.txt", "r");
        assert_non_null(file);
        while (getline(&line, &room, file) > 0) {
            int32_t type;
            int at = 0;
            if (sscanf(line, "Q %*s %*s %*s %" SCNd32 " %*s %n", &type, &at) != 1 || at == 0)
                continue;
            line[strcspn(line, "\n")] = '\0';
            if (chance(&seed, 4) == 0)
                type = types[chance(&seed, sizeof types / sizeof types[0])];
            prep_stage_submit(stage, 1 + chance(&seed, 4), type,
                              damage(&seed, golden_hex(line + at)));
            (void)prep_stage_next(stage);
            if (chance(&seed, 20) == 0)
                prep_stage_apply(stage);
        }
        (void)fclose(file);
        for (int64_t session = 1; session <= 4; session++)
            (void)prep_stage_open_session(stage, session); /* some are closed by now */
        prep_stage_apply(stage);
    }
    free(line);
    prep_stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(javas_transactions_are_made_when_each_is_applied_at_once),
        cmocka_unit_test(javas_transactions_are_made_when_many_are_outstanding),
        cmocka_unit_test(javas_transactions_are_made_when_none_is_ever_applied),
        cmocka_unit_test(requests_that_are_damaged_by_chance_come_out_and_keep_the_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
