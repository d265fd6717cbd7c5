/* See config_fixture.h: directories with zoo.cfg, myid and dynamic files, read and compared. */
#include "config_fixture.h"

#include <errno.h>
#include <stdlib.h>

struct config_fixture config_fixture_new(void)
{
    struct config_fixture fixture = {.capture = test_capture_new()};
    fixture.directory = test_temporary_directory();
    fixture.path = test_path(fixture.directory, "zoo.cfg");
    return fixture;
}

void config_fixture_write(const struct config_fixture *fixture, const char *name, const char *text)
{
    char *path = test_path(fixture->directory, name);
    test_write_file(path, text);
    free(path);
}

/* Returns text with each DIR replaced by the directory's path; the caller frees it. */
static char *with_directory(const struct config_fixture *fixture, const char *text)
{
    struct zk_str out = {0};
    for (const char *c = text; *c != '\0'; c++) {
        if (strncmp(c, "DIR", 3) == 0) {
            zk_str_append(&out, fixture->directory);
            c += 2;
        } else {
            zk_str_append_bytes(&out, c, 1);
        }
    }
    return zk_str_take(&out);
}

/* Returns text with the directory's path replaced by DIR; the caller frees it. */
static char *without_directory(const struct config_fixture *fixture, const char *text)
{
    struct zk_str out = {0};
    size_t length = strlen(fixture->directory);
    for (const char *c = text; *c != '\0'; c++) {
        if (strncmp(c, fixture->directory, length) == 0) {
            zk_str_append(&out, "DIR");
            c += length - 1;
        } else {
            zk_str_append_bytes(&out, c, 1);
        }
    }
    return zk_str_take(&out);
}

/* Writes zoo.cfg (DIR stands for the directory) and reads the configuration. */
void config_fixture_parse(struct config_fixture *fixture, const char *zoo_cfg)
{
    char *text = with_directory(fixture, zoo_cfg);
    char *error = NULL;
    config_fixture_write(fixture, "zoo.cfg", text);
    fixture->result =
        quorum_peer_config_parse(fixture->capture.ctx, fixture->path, &fixture->config, &error);
    if (error != NULL)
        fixture->error = without_directory(fixture, error);
    free(error);
    free(text);
}

void config_fixture_done(struct config_fixture *fixture)
{
    quorum_peer_config_free(fixture->config);
    free(fixture->error);
    free(fixture->path);
    test_remove_directory(fixture->directory);
    test_capture_done(&fixture->capture);
}

void config_fixture_must_succeed(const struct config_fixture *fixture)
{
    if (fixture->result != 0)
        fail_msg("%s", fixture->error);
}

bool config_fixture_is_logged(const struct config_fixture *fixture, const char *words)
{
    char *log = test_captured_log(&fixture->capture);
    bool found = strstr(log, words) != NULL;
    free(log);
    return found;
}

/* Server 1 of three, with these lines besides. */
struct config_fixture config_fixture_read_with(const char *lines)
{
    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s%s\n", CONFIG_THREE_SERVERS, lines);
    config_fixture_write(&fixture, "myid", "1\n");
    config_fixture_parse(&fixture, zk_str_text(&text));
    zk_str_done(&text);
    return fixture;
}

void config_fixture_check_refusals(const struct config_refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct config_fixture fixture = config_fixture_read_with(rows[i].lines);
        struct zk_str expected = {0};
        zk_str_printf(&expected, "DIR/zoo.cfg:%s", rows[i].error);
        if (fixture.result != -EINVAL || fixture.config != NULL)
            fail_msg("%s: not refused", rows[i].lines);
        if (strncmp(fixture.error, expected.text, expected.length) != 0)
            fail_msg("%s: %s", rows[i].lines, fixture.error);
        /* and after Java's words comes what would be right */
        if (strncmp(fixture.error + expected.length, "; ", 2) != 0)
            fail_msg("%s: no advice in %s", rows[i].lines, fixture.error);
        zk_str_done(&expected);
        config_fixture_done(&fixture);
    }
}
