/* A configuration on disk, read, and what came out: for the tests of quorum_peer_config. In texts
 * DIR stands for the temporary directory. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "zk_test.h"

#include "zk/ensemble/quorum_peer_config.h"

/* Three lines, and three more that every configuration needs. */
#define CONFIG_THREE_SERVERS                                                                       \
    "server.1=127.0.0.1:2881:3881\nserver.2=127.0.0.1:2882:3882\nserver.3=127.0.0.1:2883:3883\n"
#define CONFIG_LIMITS "tickTime=2000\ninitLimit=10\nsyncLimit=5\n"

struct config_fixture {
    struct test_capture capture;
    char *directory;
    char *path; /* of zoo.cfg */
    struct quorum_peer_config *config;
    char *error; /* with DIR for the directory */
    int result;
};

struct config_fixture config_fixture_new(void);
void config_fixture_done(struct config_fixture *fixture);

/* A file of the directory, as it is. */
void config_fixture_write(const struct config_fixture *fixture, const char *name, const char *text);
/* Writes zoo.cfg and reads the configuration. */
void config_fixture_parse(struct config_fixture *fixture, const char *zoo_cfg);
/* Server 1 of three, with these lines besides: they begin in line 8. Written and read. */
struct config_fixture config_fixture_read_with(const char *lines);

void config_fixture_must_succeed(const struct config_fixture *fixture);
bool config_fixture_is_logged(const struct config_fixture *fixture, const char *words);

/* Lines for config_fixture_read_with, and what is said about them after "DIR/zoo.cfg:" and before
 * "; " and advice. */
struct config_refusal {
    const char *lines;
    const char *error;
};

void config_fixture_check_refusals(const struct config_refusal *rows, size_t count);

#define CONFIG_CHECK_REFUSALS(rows)                                                                \
    config_fixture_check_refusals((rows), sizeof(rows) / sizeof((rows)[0]))

#endif
