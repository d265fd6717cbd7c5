/* What stands behind "server.N=". The first byte chooses whether several addresses are allowed; the
 * rest is the text. What we print is read back as the same server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/str.h"
#include "zk/ensemble/quorum_server.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"

enum { SID = 5 };

/* With several addresses Java mixes up ports (K-15), so that text and server may differ. */
static bool must_round_trip(const struct quorum_server *server)
{
    return server->addr.count == 1 && server->election_addr.count == 1 &&
           fuzz_is_plain(&server->addr.items[0]) &&
           (!server->has_client_addr || fuzz_is_plain(&server->client_addr));
}

static void check_server(struct zk_context *ctx, const struct quorum_server *server)
{
    zk_assert(server->id == SID);
    zk_assert(server->addr.count >= 1 && server->election_addr.count >= server->addr.count);
    struct zk_str text = {0};
    struct zk_str text_again = {0};
    struct quorum_server copy;
    quorum_server_append(server, &text);
    quorum_server_copy(&copy, server);
    zk_assert(quorum_server_equal(server, &copy) && quorum_server_equal(&copy, server));
    quorum_server_done(&copy);
    if (must_round_trip(server)) {
        struct quorum_server again;
        char *error = NULL;
        zk_assert(quorum_server_parse(ctx, SID, zk_str_text(&text), false, &again, &error) == 0);
        zk_assert(quorum_server_equal(server, &again));
        quorum_server_append(&again, &text_again);
        zk_assert(strcmp(zk_str_text(&text), zk_str_text(&text_again)) == 0);
        quorum_server_done(&again);
    }
    zk_str_done(&text);
    zk_str_done(&text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 1)
        return 0;
    struct zk_context *ctx = fuzz_context();
    bool several = bytes[0] % 2 == 1;
    char *value = fuzz_text(bytes + 1, length - 1);
    struct quorum_server server;
    char *error = NULL;
    zk_settings_set(ctx, "zookeeper.multiAddress.enabled", several ? "true" : "false");

    int r = quorum_server_parse(ctx, SID, value, false, &server, &error);

    zk_assert(r == 0 || r == -EINVAL);
    zk_assert((r == 0) == (error == NULL));
    if (r == 0) {
        zk_assert(several || server.addr.count == 1);
        check_server(ctx, &server);
        quorum_server_done(&server);
    }
    free(error);
    free(value);
    zk_context_free(ctx);
    return 0;
}
