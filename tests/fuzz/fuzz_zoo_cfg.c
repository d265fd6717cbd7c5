/* zoo.cfg with myid, the dynamic file and the next one beside it. The input is their texts, with a
 * zero byte between two. They lie in a directory of the process, where relative paths lead to:
 * "dataDir=." and "dynamicConfigFile=dynamic" in the inputs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/properties.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/file.h"
#include "zk/runtime/context.h"

static const char *const FILES[] = {"zoo.cfg", "myid", "dynamic", "zoo.cfg.dynamic.next"};
enum { FILE_COUNT = 4 };

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    zk_assert(file != NULL);
    zk_assert(length == 0 || fwrite(bytes, 1, length, file) == length);
    zk_assert(fclose(file) == 0);
}

/* One file a piece; what has no piece is not there. */
static void write_files(const uint8_t *bytes, size_t length)
{
    const uint8_t *end = bytes + length;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (!bytes) {
            unlink(FILES[i]);
            continue;
        }
        const uint8_t *zero = bytes < end ? memchr(bytes, 0, (size_t)(end - bytes)) : NULL;
        write_file(FILES[i], bytes, (size_t)((zero ? zero : end) - bytes));
        bytes = zero ? zero + 1 : NULL;
    }
}

static bool leads_outside(const struct zk_properties *properties, const char *key)
{
    const struct zk_property *found = zk_properties_find(properties, key);
    const char *path = found != NULL ? found->value : "";
    return path[0] == '/' || strstr(path, "..") || strchr(path, '\\');
}

/* An input must not make us read the machine's own files: some of them never end. */
static bool stays_inside(const uint8_t *bytes, size_t length)
{
    struct zk_properties properties;
    int line;
    char *text = fuzz_text(bytes, length);
    bool inside = true;
    if (zk_properties_parse(text, strlen(text), &properties, &line) == 0) {
        for (size_t i = 0; i < properties.count && inside; i++)
            inside = !strstr(properties.items[i].key, "dynamicConfigFile") ||
                     !leads_outside(&properties, properties.items[i].key);
        inside = inside && !leads_outside(&properties, "dataDir");
        zk_properties_done(&properties);
    }
    free(text);
    return inside;
}

static void check_config(const struct quorum_peer_config *config)
{
    zk_assert(config->data_dir != NULL && config->data_log_dir != NULL);
    zk_assert(config->tick_time_ms != 0);
    zk_assert(config->election_alg == 3);
    zk_assert(config->min_session_timeout_ms <= config->max_session_timeout_ms);
    zk_assert(config->quorum_verifier != NULL);
    if (!config->distributed)
        return; /* a server alone needs no more */
    zk_assert(config->init_limit != 0 && config->sync_limit != 0);
    zk_assert(config->quorum_verifier->voting.count > 0);
    zk_assert(config->my_id != -1);
}

/* What a person is told: where, what is wrong, what would be right. */
static void check_error(const char *error)
{
    zk_assert(error != NULL);
    const char *what = strstr(error, ": ");
    zk_assert(what != NULL && what > error && strstr(what, "; "));
}

static int parse(struct quorum_peer_config **ret_config, char **ret_error)
{
    struct zk_context *ctx = fuzz_context();
    int r = quorum_peer_config_parse(ctx, "zoo.cfg", ret_config, ret_error);
    zk_assert(r == 0 || r == -EINVAL);
    zk_assert((r == 0) == (*ret_config != NULL) && (r == 0) == (*ret_error == NULL));
    if (r == 0)
        check_config(*ret_config);
    else
        check_error(*ret_error);
    quorum_peer_config_free(*ret_config);
    zk_context_free(ctx);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (!stays_inside(bytes, length))
        return 0;
    char start[4096];
    char directory[] = "/tmp/zk_fuzz.XXXXXX";
    zk_assert(getcwd(start, sizeof start) != NULL);
    zk_assert(mkdtemp(directory) != NULL && chdir(directory) == 0);
    struct quorum_peer_config *config = NULL;
    struct quorum_peer_config *config_again = NULL;
    char *error = NULL;
    char *error_again = NULL;
    write_files(bytes, length);

    int r = parse(&config, &error);

    /* Reading changes nothing that is read: a second start ends as the first did. */
    zk_assert(parse(&config_again, &error_again) == r);
    zk_assert(r == 0 || strcmp(error, error_again) == 0);
    free(error);
    free(error_again);
    for (size_t i = 0; i < FILE_COUNT; i++)
        unlink(FILES[i]);
    zk_assert(chdir(start) == 0 && rmdir(directory) == 0);
    return 0;
}
