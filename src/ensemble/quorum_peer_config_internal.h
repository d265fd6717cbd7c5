/* A configuration while it is being read, shared by the files of quorum_peer_config:
 *   quorum_peer_config.c   which files are read, in which order
 *   _keys.c                the keys of zoo.cfg
 *   _settings.c            system properties, and names that nobody knows
 *   _rules.c, _times.c     rules between keys, and times that make no sense
 *   _quorum.c              the ensemble, and our place in it
 *   server_config.c        a server alone that has no file, but arguments
 * All of it runs in the main thread before any other thread is started. */
#ifndef ZK_ENSEMBLE_QUORUM_PEER_CONFIG_INTERNAL_H
#define ZK_ENSEMBLE_QUORUM_PEER_CONFIG_INTERNAL_H

#include "zk/ensemble/properties.h"
#include "zk/ensemble/quorum_peer_config.h"

/* Far more than any configuration needs; a file named by mistake must not fill the memory. */
enum { CONFIG_FILE_LIMIT = 1024 * 1024 };

struct config_parser {
    struct zk_context *ctx;
    const char *path; /* zoo.cfg */
    bool has_no_file; /* a server alone was started by words */
    char **ret_error;
    struct zk_properties properties; /* of zoo.cfg, in Java's order */

    struct quorum_peer_config config; /* what comes out */

    /* Values that the rules turn into something else, and those of keys that are not served. */
    int32_t client_port; /* 0: not set */
    char *client_port_address;
    int32_t secure_client_port;
    char *secure_client_port_address;
    int32_t ignored_int;
    bool ignored_bool;
    char *ignored_text;
};

/* In UTF-8: EF BB BF. Some editors put it in front of a text. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum key_fate {
    KEY_SERVED,
    KEY_WARNS,   /* has no effect yet, and says so once */
    KEY_REFUSED, /* would change safety or meaning: D-28 */
};

/* Gives each setting the value that it has if no line of zoo.cfg sets it. */
void config_set_defaults(struct config_parser *parser);
/* Hands out what was parsed if r is 0, and ends the parser. Returns r. */
ZK_NODISCARD int config_finish(struct config_parser *parser, int r,
                               struct quorum_peer_config **ret_config);

/* Fails with "file:line: key=value: words; advice"; without property "file: words; advice". Returns
 * -EINVAL. */
ZK_NODISCARD int config_fail(struct config_parser *parser, const char *file,
                             const struct zk_property *property, const char *advice,
                             const char *words_format, ...) ZK_PRINTF_LIKE(5, 6);

/* Returns whether text is a whole number in digits, of any size. */
bool config_is_in_digits(const char *text);
/* Returns what would be right where Java wants an int, or a long if is_long, and does not take
 * value. */
const char *config_number_advice(const char *value, bool is_long);

/* Returns the line of zoo.cfg with this key, or NULL; it stays the parser's. */
const struct zk_property *config_find(const struct config_parser *parser, const char *key);

/* Adds a warning to those that --check-config prints. The caller has written it to the log. */
void config_add_warning(struct config_parser *parser, const char *format, ...) ZK_PRINTF_LIKE(2, 3);

/* Appends text so that a person sees all of it: bytes that show nothing, or that are no UTF-8, as
 * \xNN. */
void config_append_visible(struct zk_str *str, const char *text);

/* Returns path as java.io.File normalises it, which the caller frees, and warns if it is relative.
 * Java: VerifyingFileFactory.create() */
char *config_file_path(struct config_parser *parser, const char *path);

/* Reads the hex number after the last dot of filename. Returns false if there is none.
 * Java: QuorumPeerConfig.getVersionFromFilename() */
bool quorum_peer_config_version_from_filename(const char *filename, int64_t *ret_version);

/* Returns the properties in the order of their lines: an array of properties->count places, which
 * the caller frees. It points into properties. */
const struct zk_property **config_by_line(const struct zk_properties *properties);

/* ---- quorum_peer_config_settings.c ---- */

/* Goes through the options -D: warns of those without effect, and refuses those that matter and are
 * not served. Errors: -EINVAL. */
ZK_NODISCARD int config_check_command_line(struct config_parser *parser);
/* The same for a line of zoo.cfg whose key has no meaning of its own. */
ZK_NODISCARD int config_check_unlisted(struct config_parser *parser,
                                       const struct zk_property *property);
/* Refuses a cnxTimeout that is no number. A server alone does not use it, in Java either, and is
 * only warned. Called once parser->config.distributed is known. */
ZK_NODISCARD int config_check_cnx_timeout(struct config_parser *parser);
/* Reads a line whose key begins with "metricsProvider.": it becomes a setting of that name. */
ZK_NODISCARD int config_read_metrics_key(struct config_parser *parser,
                                         const struct zk_property *property);
/* Warns once that a line (or, with line 0, an option -D) has no effect, and says why, and what to
 * do. */
void config_no_effect(struct config_parser *parser, const struct zk_property *property,
                      const char *why, const char *next_format, ...) ZK_PRINTF_LIKE(4, 5);
/* Returns where the setting key has its value from: the line of zoo.cfg, or the option -D as a
 * property of line 0, with value NULL if nobody has set it. Its texts stay the parser's and the
 * context's. */
struct zk_property config_origin(const struct config_parser *parser, const char *key);
/* Fails as config_fail does, for a line of zoo.cfg or an option -D. */
ZK_NODISCARD int config_refuse_setting(struct config_parser *parser,
                                       const struct zk_property *property, const char *advice,
                                       const char *words_format, ...) ZK_PRINTF_LIKE(4, 5);

/* ---- quorum_peer_config_keys.c ---- */

/* Returns the name of the key at index, or NULL behind the last one. */
const char *config_key_name(size_t index);
bool config_key_is_known(const char *name);
/* Returns whether zoo.cfg would be refused for this line. */
bool config_key_is_refused(const char *name, const char *value);

/* Java: QuorumPeerConfig.parseProperties(), the loop over the keys */
ZK_NODISCARD int config_read_keys(struct config_parser *parser);
/* Java: QuorumPeerConfig.parseProperties(), from the loop to the dynamic part */
ZK_NODISCARD int config_apply_rules(struct config_parser *parser);
/* Applies only the rules that a server without a file has, too: session timeouts, times. */
ZK_NODISCARD int config_apply_server_rules(struct config_parser *parser);
/* Refuse times that make no sense: D-93. */
ZK_NODISCARD int config_check_times(struct config_parser *parser);
/* Java: QuorumPeerConfig.setupQuorumPeerConfig(). file is where properties come from. */
ZK_NODISCARD int config_setup_quorum(struct config_parser *parser, const char *file,
                                     const struct zk_properties *properties,
                                     bool config_backward_compatible);
/* Makes the last-seen configuration from a .next file. Each line must be right by itself; the rules
 * between lines are not applied, as in Java. */
ZK_NODISCARD int config_setup_next(struct config_parser *parser, const char *file,
                                   const struct zk_properties *properties);

#endif
