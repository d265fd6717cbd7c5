/* The keys of zoo.cfg: one table says what each is, and what becomes of it. A key that is not in
 * the table becomes the setting zookeeper.<key>, as in Java, which takes misspelled keys without a
 * word; here quorum_peer_config_settings.c has something to say about them.
 * Java: QuorumPeerConfig.parseProperties() */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

enum key_type {
    KEY_TEXT,
    KEY_PATH,
    KEY_INT,
    KEY_LONG, /* checked, never kept */
    KEY_BOOLEAN,
    KEY_ELECTION_ALG,
    KEY_PEER_TYPE,
};

struct config_key {
    const char *name;
    enum key_type type;
    enum key_fate fate;
    size_t offset; /* of the field in struct config_parser */
    /* For keys that are not served: a number up to this one, or this text, changes nothing; it is
     * Java's default. A boolean changes something when it is true. */
    const char *harmless;
    const char *what; /* the name of the feature, for the refusal */
};

#define CONFIG(field) offsetof(struct config_parser, config.field)
#define OWN(field)    offsetof(struct config_parser, field)
#define IGNORED_INT   OWN(ignored_int)
#define IGNORED_BOOL  OWN(ignored_bool)
#define IGNORED_TEXT  OWN(ignored_text)

static const struct config_key KEYS[] = {
    {"dataDir", KEY_PATH, KEY_SERVED, CONFIG(data_dir), NULL, NULL},
    {"dataLogDir", KEY_PATH, KEY_SERVED, CONFIG(data_log_dir), NULL, NULL},
    {"clientPort", KEY_INT, KEY_SERVED, OWN(client_port), NULL, NULL},
    {"clientPortAddress", KEY_TEXT, KEY_SERVED, OWN(client_port_address), NULL, NULL},
    {"clientPortListenBacklog", KEY_INT, KEY_SERVED, CONFIG(client_port_listen_backlog), NULL,
     NULL},
    {"tickTime", KEY_INT, KEY_SERVED, CONFIG(tick_time_ms), NULL, NULL},
    {"maxClientCnxns", KEY_INT, KEY_SERVED, CONFIG(max_client_cnxns), NULL, NULL},
    {"minSessionTimeout", KEY_INT, KEY_SERVED, CONFIG(min_session_timeout_ms), NULL, NULL},
    {"maxSessionTimeout", KEY_INT, KEY_SERVED, CONFIG(max_session_timeout_ms), NULL, NULL},
    {"initLimit", KEY_INT, KEY_SERVED, CONFIG(init_limit), NULL, NULL},
    {"syncLimit", KEY_INT, KEY_SERVED, CONFIG(sync_limit), NULL, NULL},
    {"connectToLearnerMasterLimit", KEY_INT, KEY_SERVED, CONFIG(connect_to_learner_master_limit),
     NULL, NULL},
    {"electionAlg", KEY_ELECTION_ALG, KEY_SERVED, CONFIG(election_alg), NULL, NULL},
    {"quorumListenOnAllIPs", KEY_BOOLEAN, KEY_SERVED, CONFIG(quorum_listen_on_all_ips), NULL, NULL},
    {"peerType", KEY_PEER_TYPE, KEY_SERVED, CONFIG(peer_type), NULL, NULL},
    {"syncEnabled", KEY_BOOLEAN, KEY_SERVED, CONFIG(sync_enabled), NULL, NULL},
    {"dynamicConfigFile", KEY_TEXT, KEY_SERVED, CONFIG(dynamic_config_file), NULL, NULL},
    {"standaloneEnabled", KEY_BOOLEAN, KEY_SERVED, CONFIG(standalone_enabled), NULL, NULL},
    {"localSessionsEnabled", KEY_BOOLEAN, KEY_SERVED, CONFIG(local_sessions_enabled), NULL, NULL},
    {"localSessionsUpgradingEnabled", KEY_BOOLEAN, KEY_SERVED,
     CONFIG(local_sessions_upgrading_enabled), NULL, NULL},
    {"reconfigEnabled", KEY_BOOLEAN, KEY_SERVED, CONFIG(reconfig_enabled), NULL, NULL},
    {"quorum.cnxn.threads.size", KEY_INT, KEY_SERVED, CONFIG(quorum_cnxn_threads_size), NULL, NULL},
    {"multiAddress.enabled", KEY_BOOLEAN, KEY_SERVED, CONFIG(multi_address_enabled), NULL, NULL},
    {"multiAddress.reachabilityCheckEnabled", KEY_BOOLEAN, KEY_SERVED,
     CONFIG(multi_address_reachability_check_enabled), NULL, NULL},
    {"multiAddress.reachabilityCheckTimeoutMs", KEY_INT, KEY_SERVED,
     CONFIG(multi_address_reachability_check_timeout_ms), NULL, NULL},
    {"autopurge.snapRetainCount", KEY_INT, KEY_SERVED, CONFIG(snap_retain_count), NULL, NULL},
    {"autopurge.purgeInterval", KEY_INT, KEY_SERVED, CONFIG(purge_interval_hours), NULL, NULL},
    {"oraclePath", KEY_TEXT, KEY_SERVED, CONFIG(oracle_path), NULL, NULL},
    {"secureClientPortAddress", KEY_TEXT, KEY_SERVED, OWN(secure_client_port_address), NULL, NULL},

    {"secureClientPort", KEY_INT, KEY_REFUSED, OWN(secure_client_port), "0", "TLS for clients"},
    {"observerMasterPort", KEY_INT, KEY_REFUSED, IGNORED_INT, "0", "an observer master"},
    {"sslQuorum", KEY_BOOLEAN, KEY_REFUSED, IGNORED_BOOL, NULL, "TLS between servers"},
    {"portUnification", KEY_BOOLEAN, KEY_REFUSED, IGNORED_BOOL, NULL, "TLS between servers"},
    {"quorum.auth.enableSasl", KEY_BOOLEAN, KEY_REFUSED, IGNORED_BOOL, NULL,
     "SASL between servers"},
    {"quorum.auth.serverRequireSasl", KEY_BOOLEAN, KEY_REFUSED, IGNORED_BOOL, NULL,
     "SASL between servers"},
    {"quorum.auth.learnerRequireSasl", KEY_BOOLEAN, KEY_REFUSED, IGNORED_BOOL, NULL,
     "SASL between servers"},

    {"sslQuorumReloadCertFiles", KEY_BOOLEAN, KEY_WARNS, IGNORED_BOOL, NULL, NULL},
    {"quorum.auth.learner.saslLoginContext", KEY_TEXT, KEY_WARNS, IGNORED_TEXT, "QuorumLearner",
     NULL},
    {"quorum.auth.server.saslLoginContext", KEY_TEXT, KEY_WARNS, IGNORED_TEXT, "QuorumServer",
     NULL},
    {"quorum.auth.kerberos.servicePrincipal", KEY_TEXT, KEY_WARNS, IGNORED_TEXT,
     "zkquorum/localhost", NULL},
    {"jvm.pause.monitor", KEY_BOOLEAN, KEY_WARNS, IGNORED_BOOL, NULL, NULL},
    {"jvm.pause.info-threshold.ms", KEY_LONG, KEY_WARNS, IGNORED_INT, NULL, NULL},
    {"jvm.pause.warn-threshold.ms", KEY_LONG, KEY_WARNS, IGNORED_INT, NULL, NULL},
    {"jvm.pause.sleep.time.ms", KEY_LONG, KEY_WARNS, IGNORED_INT, NULL, NULL},
};

static int read_property(struct config_parser *parser, const struct zk_property *property);
static int read_unlisted(struct config_parser *parser, const struct zk_property *property);
static int read_value(struct config_parser *parser, const struct config_key *key,
                      const struct zk_property *property);
static int read_number(struct config_parser *parser, const struct config_key *key,
                       const struct zk_property *property);
static int read_boolean(struct config_parser *parser, const struct config_key *key,
                        const struct zk_property *property);
static int read_peer_type(struct config_parser *parser, const struct config_key *key,
                          const struct zk_property *property);
static int not_served(struct config_parser *parser, const struct config_key *key,
                      const struct zk_property *property);

/* Returns whether Java makes another key of it, because it begins or ends with a blank. */
static bool is_odd(const char *key)
{
    char *copy = zk_xstrdup(key);
    bool is_odd = strcmp(zk_trim(copy), key) != 0;
    free(copy);
    return is_odd;
}

static bool is_same_to_java(const char *one, const char *other)
{
    char *copy = zk_xstrdup(one);
    char *other_copy = zk_xstrdup(other);
    bool is_same = strcmp(zk_trim(copy), zk_trim(other_copy)) == 0;
    free(copy);
    free(other_copy);
    return is_same;
}

/* Java trims the keys of its hash table, so "\ clientPort" and "clientPort" mean the same there,
 * and the one that comes later in the table wins. Where it stands before the other one in the file,
 * the two change places. */
static void put_winners_last(const struct zk_property **items, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count && !any; i++)
        any = is_odd(items[i]->key);
    for (size_t i = 0; i < count && any; i++)
        for (size_t k = i + 1; k < count; k++)
            if (items[i] > items[k] && is_same_to_java(items[i]->key, items[k]->key)) {
                const struct zk_property *winner = items[i];
                items[i] = items[k];
                items[k] = winner;
            }
}

int config_read_keys(struct config_parser *parser)
{
    struct zk_str key = {0};
    struct zk_str value = {0};
    int r = 0;
    /* From top to bottom, so that of several mistakes the first is named. Java goes through its
     * hash table. */
    const struct zk_property **items = config_by_line(&parser->properties);
    put_winners_last(items, parser->properties.count);
    for (size_t i = 0; i < parser->properties.count && r == 0; i++) {
        const struct zk_property *item = items[i];
        zk_str_clear(&key);
        zk_str_clear(&value);
        zk_str_append(&key, item->key);
        zk_str_append(&value, item->value);
        struct zk_property trimmed = {zk_trim(key.text), zk_trim(value.text), item->line,
                                      item->separated};
        r = read_property(parser, &trimmed);
    }
    free(items);
    zk_str_done(&key);
    zk_str_done(&value);
    return r;
}

static bool is_about_ensemble(const char *key)
{
    return zk_text_starts_with(key, "server.") || zk_text_starts_with(key, "group") ||
           zk_text_starts_with(key, "weight");
}

/* Returns NULL for a name that is not in the table. */
static const struct config_key *find_key(const char *name)
{
    if (is_about_ensemble(name))
        return NULL;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (strcmp(name, KEYS[i].name) == 0)
            return &KEYS[i];
    }
    return NULL;
}

static int read_property(struct config_parser *parser, const struct zk_property *property)
{
    if (zk_text_starts_with(property->key, "metricsProvider."))
        return config_read_metrics_key(parser, property);
    const struct config_key *found = find_key(property->key);
    if (found == NULL)
        return read_unlisted(parser, property);

    int r = read_value(parser, found, property);
    if (r == 0 && found->fate != KEY_SERVED)
        r = not_served(parser, found, property);
    return r;
}

/* Lines about the ensemble are read later, by qv_parse_dynamic_config. All others become settings,
 * as in Java, since some classes read only those. */
static int read_unlisted(struct config_parser *parser, const struct zk_property *property)
{
    if (is_about_ensemble(property->key) && config_find(parser, "dynamicConfigFile") != NULL)
        return config_fail(parser, parser->path, property,
                           "move the line into the file that dynamicConfigFile names",
                           "parameter: %s must be in a separate dynamic config file",
                           property->key);

    struct zk_str setting = {0};
    zk_str_append(&setting, "zookeeper.");
    zk_str_append(&setting, property->key);
    zk_settings_set(parser->ctx, zk_str_text(&setting), property->value);
    zk_str_done(&setting);
    return is_about_ensemble(property->key) ? 0 : config_check_unlisted(parser, property);
}

static void *field_of(struct config_parser *parser, const struct config_key *key)
{
    return (char *)parser + key->offset;
}

static int read_value(struct config_parser *parser, const struct config_key *key,
                      const struct zk_property *property)
{
    char **text;
    switch (key->type) {
    case KEY_TEXT:
        text = field_of(parser, key);
        free(*text);
        *text = zk_xstrdup(property->value);
        return 0;
    case KEY_PATH:
        if (property->value[0] == '\0') /* StringIndexOutOfBoundsException in Java, D-33 */
            return config_fail(parser, parser->path, property, "write the path of a directory",
                               "%s is not set", property->key);
        text = field_of(parser, key);
        free(*text);
        *text = config_file_path(parser, property->value);
        return 0;
    case KEY_INT:
    case KEY_LONG:
    case KEY_ELECTION_ALG:
        return read_number(parser, key, property);
    case KEY_BOOLEAN:
        return read_boolean(parser, key, property);
    case KEY_PEER_TYPE:
        return read_peer_type(parser, key, property);
    }
    zk_unreachable();
}

static int read_number(struct config_parser *parser, const struct config_key *key,
                       const struct zk_property *property)
{
    int32_t number;
    int64_t ignored;
    if (key->type == KEY_LONG && zk_parse_long(property->value, &ignored))
        return 0;
    if (key->type == KEY_LONG || !zk_parse_int(property->value, &number))
        return config_fail(parser, parser->path, property,
                           config_number_advice(property->value, key->type == KEY_LONG),
                           "For input string: \"%s\"", property->value);
    if (key->type == KEY_ELECTION_ALG && number != 3)
        return config_fail(parser, parser->path, property,
                           "remove the line, or write electionAlg=3",
                           "Invalid electionAlg value. Only 3 is supported.");
    *(int32_t *)field_of(parser, key) = number;
    return 0;
}

/* Java: QuorumPeerConfig.parseBoolean() */
static int read_boolean(struct config_parser *parser, const struct config_key *key,
                        const struct zk_property *property)
{
    bool is_true = strcasecmp(property->value, "true") == 0;
    if (!is_true && strcasecmp(property->value, "false") != 0)
        return config_fail(parser, parser->path, property, "write true or false",
                           "Invalid option %s for %s. Choose 'true' or 'false.'", property->value,
                           property->key);
    *(bool *)field_of(parser, key) = is_true;
    return 0;
}

static int read_peer_type(struct config_parser *parser, const struct config_key *key,
                          const struct zk_property *property)
{
    bool is_observer = strcasecmp(property->value, "observer") == 0;
    if (!is_observer && strcasecmp(property->value, "participant") != 0)
        return config_fail(parser, parser->path, property, "write observer or participant",
                           "Unrecognised peertype: %s", property->value);
    *(enum learner_type *)field_of(parser, key) =
        is_observer ? LEARNER_TYPE_OBSERVER : LEARNER_TYPE_PARTICIPANT;
    return 0;
}

/* Returns whether the line asks for anything, or only says what is so anyway. Its value is known to
 * be well-formed. */
static bool changes_something(const struct config_key *key, const struct zk_property *property)
{
    int32_t number;
    int32_t harmless;
    if (key->type == KEY_BOOLEAN)
        return strcasecmp(property->value, "true") == 0;
    if (key->harmless == NULL)
        return true;
    if (zk_parse_int(property->value, &number) && zk_parse_int(key->harmless, &harmless))
        return number > harmless;
    return strcmp(property->value, key->harmless) != 0;
}

static int not_served(struct config_parser *parser, const struct config_key *key,
                      const struct zk_property *property)
{
    if (!changes_something(key, property))
        return 0;
    if (key->fate == KEY_REFUSED)
        return config_fail(parser, parser->path, property,
                           "remove the line, or run this server with Java",
                           "%s is not served by zkpeer", key->what);
    config_no_effect(parser, property, "not served by zkpeer yet", "remove it");
    return 0;
}

/* ---- for the command line ------------------------------------------------------------------- */

const char *config_key_name(size_t index)
{
    return index < sizeof KEYS / sizeof *KEYS ? KEYS[index].name : NULL;
}

bool config_key_is_known(const char *name)
{
    return find_key(name) != NULL;
}

bool config_key_is_refused(const char *name, const char *value)
{
    const struct config_key *key = find_key(name);
    const struct zk_property property = {.value = (char *)value};
    return key != NULL && key->fate == KEY_REFUSED && changes_something(key, &property);
}
