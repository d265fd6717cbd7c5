/* A configuration while it is being read. Internal to the five files of quorum_peer_config: the way
 * through the files (quorum_peer_config.c), the keys of zoo.cfg (_keys.c), the rules between them
 * (_rules.c), the times (_times.c), who is in the ensemble and who we are (_quorum.c). */
#ifndef ZK_ENSEMBLE_QUORUM_PEER_CONFIG_INTERNAL_H
#define ZK_ENSEMBLE_QUORUM_PEER_CONFIG_INTERNAL_H

#include "zk/ensemble/properties.h"
#include "zk/ensemble/quorum_peer_config.h"

/* Far more than any configuration has. */
enum { CONFIG_FILE_LIMIT = 1024 * 1024 };

struct config_parser {
    struct zk_context *ctx;
    const char *path; /* zoo.cfg */
    char **ret_error;
    struct zk_properties properties; /* of zoo.cfg, in Java's order */

    struct quorum_peer_config config; /* what comes out */

    /* What lines say that the rules turn into something else, or that must be off. */
    int32_t client_port; /* 0: not set */
    char *client_port_address;
    int32_t secure_client_port;
    char *secure_client_port_address;
    int32_t ignored_int;
    bool ignored_bool;
    char *ignored_text;
};

/* Fail with "file:line: key=value: words; advice"; without property "file: words; advice". Returns
 * -EINVAL. */
ZK_NODISCARD int config_fail(struct config_parser *parser, const char *file,
                             const struct zk_property *property, const char *advice,
                             const char *words_format, ...) ZK_PRINTF_LIKE(5, 6);

/* The line of zoo.cfg with this key, or NULL. */
const struct zk_property *config_find(const struct config_parser *parser, const char *key);

/* Java: VerifyingFileFactory.create(): path as java.io.File normalises it (gives), and a warning if
 * it is relative. */
char *config_file_path(struct config_parser *parser, const char *path);

/* Java: QuorumPeerConfig.parseProperties(), the loop over the keys */
ZK_NODISCARD int config_read_keys(struct config_parser *parser);
/* Java: QuorumPeerConfig.parseProperties(), from the loop to the dynamic part */
ZK_NODISCARD int config_apply_rules(struct config_parser *parser);
/* Refuses times that no thread can wait for, in zoo.cfg and in system properties. */
ZK_NODISCARD int config_check_times(struct config_parser *parser);
/* Java: QuorumPeerConfig.setupQuorumPeerConfig(). file is where properties come from. */
ZK_NODISCARD int config_setup_quorum(struct config_parser *parser, const char *file,
                                     const struct zk_properties *properties,
                                     bool config_backward_compatible);
/* The last-seen configuration of a .next file: no rules but those of each line. */
ZK_NODISCARD int config_setup_next(struct config_parser *parser, const char *file,
                                   const struct zk_properties *properties);

#endif
