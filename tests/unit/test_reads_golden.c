/* What a Java server has answered to reads, and ours answers: the same, byte for byte.
 * tests/golden/reads.txt is what was captured; scripts/golden/capture_reads.py says how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "final_stage.h"
#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/jute/archive.h"
#include "zk/jute/auth_info.h"
#include "zk/runtime/settings.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/zk_database.h"
#include "zk_test.h"

enum { MAX_CONNECTIONS = 100, REPLY_HEADER = 16 };

struct played {
    struct final_stage *stage;
    int64_t sessions[MAX_CONNECTIONS];
    struct auth_info *ids[MAX_CONNECTIONS];
    size_t replies;
};

/* "S body" */
static void play_snapshot(struct played *played, char *rest)
{
    struct buf *bytes = golden_hex(rest);
    struct jute_in in = jute_in_of_bytes(played->stage->ctx, bytes->bytes, bytes->length);
    final_stage_load(played->stage, &in);
    buf_unref(bytes);
}

/* "A connection session id...", an id as "scheme=hex" */
static void play_connection(struct played *played, char *rest)
{
    char *next;
    size_t at = strtoul(strtok_r(rest, " ", &next), NULL, 10);
    assert_true(at < MAX_CONNECTIONS);
    played->sessions[at] = (int64_t)strtoull(strtok_r(NULL, " ", &next), NULL, 16);
    played->ids[at] = auth_info_new(played->stage->ctx);
    for (char *id = strtok_r(NULL, " ", &next); id != NULL; id = strtok_r(NULL, " ", &next)) {
        char *value = strchr(id, '=');
        *value++ = '\0';
        struct buf *text = golden_hex(value);
        buf_put_byte(text, '\0');
        assert_int_equal(auth_info_add(played->ids[at], id, (const char *)text->bytes), 0);
        buf_unref(text);
    }
}

static struct buf *reply_of(const struct parrot *client)
{
    struct buf *reply = buf_new(REPLY_HEADER);
    buf_put_int(reply, client->header.xid);
    buf_put_long(reply, client->header.zxid);
    buf_put_int(reply, client->header.err);
    if (client->body != NULL)
        buf_put_bytes(reply, client->body->bytes, client->body->length);
    return reply;
}

/* "R connection type body reply". Sessions have come since the snapshot, so that the zxid is what
 * the reply says. */
static void play_request(struct played *played, char *rest)
{
    struct final_stage *stage = played->stage;
    char *next;
    size_t at = strtoul(strtok_r(rest, " ", &next), NULL, 10);
    int32_t type = (int32_t)strtol(strtok_r(NULL, " ", &next), NULL, 10);
    struct buf *body = golden_hex(strtok_r(NULL, " ", &next));
    struct buf *expected = golden_hex(strtok_r(NULL, " ", &next));
    struct shared_ids *ids = auth_info_get(played->ids[at]);
    zk_database_set_last_processed_zxid(stage->database, zk_load_long(expected->bytes + 4));
    struct request *request = request_new(&stage->client.cnxn, played->sessions[at],
                                          zk_load_int(expected->bytes), type, body, &ids->list);
    assert_int_equal(request_processor_process_request(stage->final, request), 0);
    struct buf *reply = reply_of(&stage->client);
    if (reply->length != expected->length ||
        memcmp(reply->bytes, expected->bytes, reply->length) != 0)
        fail_msg("connection %zu, type %d, reply %zu: not what Java says", at, type,
                 played->replies);
    played->replies++;
    buf_unref(reply);
    request_unref(request);
    shared_ids_unref(ids);
    buf_unref(expected);
    buf_unref(body);
}

/* CLI-12, CLI-14, CLI-17, CLI-39, CLI-42, CLI-70, CLI-71, CLI-72, CLI-79, CLI-80 */
static void reads_are_answered_as_java_answers_them(void **state)
{
    struct played played = {.stage = *state};
    size_t room = 0;
    char *line = NULL;
    FILE *file = fopen(GOLDEN_DIR "/reads.txt", "r");
    assert_non_null(file);
    zk_settings_set(played.stage->ctx, "zookeeper.extendedTypesEnabled", "true");
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'S')
            play_snapshot(&played, line + 2);
        else if (line[0] == 'A')
            play_connection(&played, line + 2);
        else if (line[0] == 'R')
            play_request(&played, line + 2);
    }
    assert_true(played.replies >= 500);
    free(line);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        auth_info_free(played.ids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_are_answered_as_java_answers_them, final_stage_setup,
                                        final_stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
