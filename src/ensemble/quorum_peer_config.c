/* From the path of zoo.cfg to a configuration: which files are read, in which order.
 * Java: QuorumPeerConfig.parse() */
#include "zk/ensemble/quorum_peer_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/utf8.h"
#include "zk/io/file.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

enum { ROOM_FOR_VERSION = 17 }; /* 16 digits and the terminator */

/* Java: QuorumPeerConfig.nextDynamicConfigFileSuffix */
static const char NEXT_SUFFIX[] = ".dynamic.next";

static int read_file(struct config_parser *parser, const char *path, struct zk_str *ret_text);
static int parse_text(struct config_parser *parser, const char *path, const struct zk_str *text,
                      const char *version, struct zk_properties *ret_properties);
static int read_setting_defaults(struct config_parser *parser);
static int read_static_file(struct config_parser *parser);
static int read_dynamic_file(struct config_parser *parser);
static int read_next_file(struct config_parser *parser);
static void config_done(struct quorum_peer_config *config);

/* Java: QuorumPeerConfig.parse() */
int quorum_peer_config_parse(struct zk_context *ctx, const char *path,
                             struct quorum_peer_config **ret_config, char **ret_error)
{
    struct config_parser parser = {.ctx = ctx, .path = path, .ret_error = ret_error};
    zk_log(ctx, ZK_LOG_READING_CONFIGURATION, path);
    config_set_defaults(&parser);
    int r = config_check_command_line(&parser);
    if (r == 0)
        r = read_setting_defaults(&parser);
    if (r == 0)
        r = read_static_file(&parser);
    if (r == 0)
        r = config_read_keys(&parser);
    if (r == 0)
        r = config_apply_rules(&parser);
    if (r == 0 && parser.config.dynamic_config_file == NULL)
        r = config_setup_quorum(&parser, path, &parser.properties, true);
    else if (r == 0)
        r = read_dynamic_file(&parser);
    if (r == 0)
        r = read_next_file(&parser);
    return config_finish(&parser, r, ret_config);
}

int config_finish(struct config_parser *parser, int r, struct quorum_peer_config **ret_config)
{
    if (r == 0) {
        *ret_config = zk_xmalloc(sizeof **ret_config);
        **ret_config = parser->config;
    } else {
        config_done(&parser->config);
    }
    zk_properties_done(&parser->properties);
    free(parser->client_port_address);
    free(parser->secure_client_port_address);
    free(parser->ignored_text);
    return r;
}

void config_set_defaults(struct config_parser *parser)
{
    parser->config = (struct quorum_peer_config){
        .config_file = zk_xstrdup(parser->path),
        .my_id = -1,
        .tick_time_ms = 3000,
        .election_alg = 3,
        .min_session_timeout_ms = -1,
        .max_session_timeout_ms = -1,
        .max_client_cnxns = 60,
        .client_port_listen_backlog = -1,
        .peer_type = LEARNER_TYPE_PARTICIPANT,
        .sync_enabled = true,
        .standalone_enabled = true,
        .quorum_cnxn_threads_size = QUORUM_CNXN_THREADS_SIZE_DEFAULT,
        .multi_address_reachability_check_timeout_ms = 1000,
        .snap_retain_count = 3,
    };
}

/* The command line (-D) gives the defaults of these three; a line of zoo.cfg wins over it. */
static int read_setting_defaults(struct config_parser *parser)
{
    static const char TIMEOUT[] = "zookeeper.multiAddress.reachabilityCheckTimeoutMs";
    struct quorum_peer_config *config = &parser->config;
    config->multi_address_enabled =
        zk_settings_get_boolean(parser->ctx, "zookeeper.multiAddress.enabled", false);
    config->multi_address_reachability_check_enabled = zk_settings_get_boolean(
        parser->ctx, "zookeeper.multiAddress.reachabilityCheckEnabled", true);
    const char *timeout = zk_settings_get(parser->ctx, TIMEOUT);
    if (timeout != NULL &&
        !zk_parse_int(timeout, &config->multi_address_reachability_check_timeout_ms))
        return config_fail(parser, "command line", NULL, config_number_advice(timeout, false),
                           "-D%s=%s: For input string: \"%s\"", TIMEOUT, timeout, timeout);
    return 0;
}

static int read_static_file(struct config_parser *parser)
{
    struct zk_str text = {0};
    free(config_file_path(parser, parser->path)); /* for its warning */
    if (!file_exists(parser->path))
        return config_fail(parser, parser->path, NULL, "give the path of a zoo.cfg",
                           "%s file is missing", parser->path);
    int r = read_file(parser, parser->path, &text);
    if (r == 0)
        r = parse_text(parser, parser->path, &text, NULL, &parser->properties);
    if (r == 0)
        parser->config.initial_config = zk_str_take(&text);
    zk_str_done(&text);
    return r;
}

static int read_file(struct config_parser *parser, const char *path, struct zk_str *ret_text)
{
    int r = file_read(path, CONFIG_FILE_LIMIT, ret_text);
    if (r < 0)
        return config_fail(parser, path, NULL, "make it a file that this user can read", "%s (%s)",
                           path, zk_error_text(r).text);
    return 0;
}

/* version: NULL, or an entry of that name is added. */
static int parse_text(struct config_parser *parser, const char *path, const struct zk_str *text,
                      const char *version, struct zk_properties *ret_properties)
{
    const char *start = zk_str_text(text);
    int line = 0;
    if (strncmp(start, "\xff\xfe", 2) == 0 || strncmp(start, "\xfe\xff", 2) == 0)
        return config_fail(parser, path, NULL, "save it as UTF-8 without a byte-order mark",
                           "this file is UTF-16, in which no key can be found");
    const char *key = version != NULL ? "version" : NULL;
    int r = zk_properties_parse_and_put(start, text->length, key, version, ret_properties, &line);
    if (r < 0) {
        struct zk_str place = {0};
        zk_str_printf(&place, "%s:%d", path, line);
        r = config_fail(parser, zk_str_text(&place), NULL,
                        "write four hex digits after \\u, or / for \\",
                        "Malformed \\uxxxx encoding.");
        zk_str_done(&place);
    }
    return r;
}

/* Java: QuorumPeerConfig.parse(), the part for dynamicConfigFileStr */
static int read_dynamic_file(struct config_parser *parser)
{
    const char *path = parser->config.dynamic_config_file;
    struct zk_properties properties = {0};
    struct zk_str text = {0};
    int64_t version;
    if (path[0] == '\0') /* Java looks at the first character of a text that has none (D-33) */
        return config_fail(parser, parser->path, config_find(parser, "dynamicConfigFile"),
                           "give the path of a file, or remove the line", "the path is empty");
    int r = read_file(parser, path, &text);
    if (r == 0)
        r = parse_text(parser, path, &text, NULL, &properties);
    if (r < 0)
        goto out;
    for (size_t i = 0; i < properties.count; i++) {
        if (strcmp(properties.items[i].key, "version") != 0)
            continue;
        r = config_fail(parser, path, &properties.items[i],
                        "remove the line: the file's name ends in the version, in hex",
                        "dynamic file shouldn't have version inside");
        goto out;
    }
    if (quorum_peer_config_version_from_filename(path, &version)) {
        /* Java adds the key to its hash table, which may change the order of the others. */
        char hex[ROOM_FOR_VERSION];
        zk_text_printf(hex, sizeof hex, "%" PRIx64, (uint64_t)version);
        zk_properties_done(&properties);
        properties = (struct zk_properties){0};
        r = parse_text(parser, path, &text, hex, &properties);
        if (r < 0)
            goto out;
    }
    r = config_setup_quorum(parser, path, &properties, false);
out:
    zk_properties_done(&properties);
    zk_str_done(&text);
    return r;
}

/* Reads a configuration that a leader has named, but of which this peer may not have seen the
 * commit. The file stays where it is (D-32). Java reads it only where dynamicConfigFile is set
 * (D-97). */
static int read_next_file(struct config_parser *parser)
{
    struct zk_str path = {0};
    struct zk_str text = {0};
    struct zk_properties properties = {0};
    int r = 0;
    zk_str_printf(&path, "%s%s", parser->path, NEXT_SUFFIX);
    if (!file_exists(zk_str_text(&path)))
        goto out;
    if (file_read(zk_str_text(&path), CONFIG_FILE_LIMIT, &text) < 0) {
        zk_log(parser->ctx, ZK_LOG_CONFIG_NEXT_UNREADABLE);
        goto out;
    }
    r = parse_text(parser, zk_str_text(&path), &text, NULL, &properties);
    if (r == 0)
        r = config_setup_next(parser, zk_str_text(&path), &properties);
out:
    zk_properties_done(&properties);
    zk_str_done(&text);
    zk_str_done(&path);
    if (r < 0 && parser->config.dynamic_config_file == NULL) {
        /* Java would not have looked at it, so it must not keep the peer from starting. */
        zk_log(parser->ctx, ZK_LOG_CONFIG_NEXT_UNREADABLE);
        free(*parser->ret_error);
        *parser->ret_error = NULL;
        r = 0;
    }
    return r;
}

/* Java: QuorumPeerConfig.getVersionFromFilename() */
bool quorum_peer_config_version_from_filename(const char *filename, int64_t *ret_version)
{
    const char *dot = strrchr(filename, '.');
    return dot != NULL && zk_parse_hex(dot + 1, ret_version);
}

int config_fail(struct config_parser *parser, const char *file, const struct zk_property *property,
                const char *advice, const char *words_format, ...)
{
    struct zk_str words = {0};
    struct zk_str error = {0};
    va_list args;
    if (property != NULL)
        zk_str_printf(&words, ":%d: %s=%s", property->line, property->key, property->value);
    zk_str_append(&words, ": ");
    va_start(args, words_format);
    zk_str_vprintf(&words, words_format, args);
    va_end(args);
    zk_str_append(&error, file);
    config_append_visible(&error, zk_str_text(&words));
    if (strstr(zk_str_text(&words), BYTE_ORDER_MARK) != NULL)
        advice = "save the file as UTF-8 without the byte-order mark at its beginning";
    zk_str_printf(&error, "; %s", advice);
    *parser->ret_error = zk_str_take(&error);
    zk_str_done(&words);
    return -EINVAL;
}

bool config_is_in_digits(const char *text)
{
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    return digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0';
}

const char *config_number_advice(const char *value, bool is_long)
{
    if (!config_is_in_digits(value))
        return "write a whole number in digits";
    return is_long ? "write a number from -9223372036854775808 to 9223372036854775807"
                   : "write a number from -2147483648 to 2147483647";
}

/* True for characters that show nothing, or that look like a blank and are none: a person who looks
 * for the mistake in a line would not find them. */
static bool is_invisible(int32_t character)
{
    return character < ' ' || (character >= 0x7f && character <= 0xa0) ||
           (character >= 0x200b && character <= 0x200f) || character == 0x2028 ||
           character == 0x2029 || character == 0xfeff;
}

void config_append_visible(struct zk_str *str, const char *text)
{
    size_t length = strlen(text);
    for (size_t used = 0; length > 0; text += used, length -= used) {
        int32_t character = zk_utf8_decode(text, length, &used);
        if (character < 0)
            used = 1;
        if (!is_invisible(character))
            zk_str_append_bytes(str, text, used);
        for (size_t i = 0; is_invisible(character) && i < used; i++)
            zk_str_printf(str, "\\x%02X", (unsigned)(unsigned char)text[i]);
    }
}

static int compare_property_lines(const void *a, const void *b)
{
    const struct zk_property *one = *(const struct zk_property *const *)a;
    const struct zk_property *other = *(const struct zk_property *const *)b;
    return one->line < other->line ? -1 : one->line > other->line;
}

const struct zk_property **config_by_line(const struct zk_properties *properties)
{
    const struct zk_property **items = zk_xcalloc(properties->count + 1, sizeof *items);
    for (size_t i = 0; i < properties->count; i++)
        items[i] = &properties->items[i];
    qsort(items, properties->count, sizeof *items, compare_property_lines);
    return items;
}

const struct zk_property *config_find(const struct config_parser *parser, const char *key)
{
    return zk_properties_find(&parser->properties, key);
}

char *config_file_path(struct config_parser *parser, const char *path)
{
    /* Java: File.getPath(): runs of slashes are one, and none is left at the end. */
    char *normal = zk_xstrdup(path);
    size_t length = 0;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c != '/' || length == 0 || normal[length - 1] != '/')
            normal[length++] = *c;
    }
    if (length > 1 && normal[length - 1] == '/')
        length--;
    normal[length] = '\0';
    if (normal[0] != '/' && strncmp(normal, "./", 2) != 0) {
        zk_log(parser->ctx, ZK_LOG_CONFIG_RELATIVE_PATH, normal);
        config_add_warning(parser, "%s is relative to the directory in which zkpeer is started",
                           normal);
    }
    return normal;
}

void config_add_warning(struct config_parser *parser, const char *format, ...)
{
    struct zk_str text = {0};
    va_list args;
    va_start(args, format);
    zk_str_vprintf(&text, format, args);
    va_end(args);
    zk_strings_add(&parser->config.warnings, zk_str_text(&text));
    zk_str_done(&text);
}

static void config_done(struct quorum_peer_config *config)
{
    free(config->config_file);
    free(config->initial_config);
    free(config->data_dir);
    free(config->data_log_dir);
    free(config->oracle_path);
    free(config->dynamic_config_file);
    qv_unref(config->quorum_verifier);
    qv_unref(config->last_seen_quorum_verifier);
    zk_strings_done(&config->warnings);
}

void quorum_peer_config_free(struct quorum_peer_config *config)
{
    if (config == NULL)
        return;
    config_done(config);
    free(config);
}
