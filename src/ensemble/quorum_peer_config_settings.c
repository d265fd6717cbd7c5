/* What Java calls system properties: -Dzookeeper.name=value on the command line, or name=value in
 * zoo.cfg, which Java turns into the same. One table says which of them have an effect here, which
 * would change safety or meaning and are refused (D-28), and which are only warned of. A
 * name that nobody knows is warned of as well, with the nearest name that is known (D-118): Java
 * takes a misspelled key without a word, and a server then runs with a default that nobody meant.
 *
 * The names are those of Java 3.8.0's sources and its administrator's guide. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/sha.h"
#include "zk/io/stream.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

enum {
    NAME_SIZE = 64, /* longer keys resemble no name */
};

/* How the value of a served setting is read. That of the others is not looked at, unless they are
 * refused and BOOLEAN: those ask for something only if they are true. */
enum setting_type {
    TEXT,
    BOOLEAN,
    YES_OR_NO,
    NUMBER,
    LONG_NUMBER, /* Java: Long.getLong() */
    DECIMAL,     /* Java: Integer.parseInt(), so 010 is ten */
    PORT,        /* a whole number from 0 to 65535 */
    RATIO,       /* a number that may have a fraction */
    SIZE_FACTOR, /* the same, and at most 1 */
    URL_PATH,    /* begins with a slash */
    HASH,        /* the name of a hash that zkpeer has */
    COMPRESSION, /* how snapshots are packed */
};

struct config_setting {
    const char *name; /* behind "zookeeper."; one that ends with a dot stands for a whole family */
    enum key_fate fate;
    const char *harmless; /* the value with which it changes nothing; NULL: there is none */
    const char *what;     /* the name of the feature, for the refusal */
    enum setting_type type;
};

static const char PREFIX[] = "zookeeper.";
static const char COMMAND_LINE[] = "command line";

static const struct config_setting SETTINGS[] = {
    {"4lw.commands.whitelist", KEY_SERVED, NULL, NULL, TEXT},
    {"cnxTimeout", KEY_SERVED, NULL, NULL, NUMBER},
    {"datadir.autocreate", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"db.autocreate", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"digest.enabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"electionPortBindRetry", KEY_SERVED, NULL, NULL, NUMBER},
    {"extendedTypesEnabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"fastleader.maxNotificationInterval", KEY_SERVED, NULL, NULL, NUMBER},
    {"fastleader.minNotificationInterval", KEY_SERVED, NULL, NULL, NUMBER},
    {"forceSnapshotSync", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"jute.maxbuffer.extrasize", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.maxConcurrentDiffSyncs", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.maxConcurrentSnapSyncs", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.maxTimeToWaitForEpoch", KEY_SERVED, NULL, NULL, NUMBER},
    {"leaderConnectDelayDuringRetryMs", KEY_SERVED, NULL, NULL, NUMBER},
    {"multiAddress.enabled", KEY_SERVED, NULL, NULL, TEXT},
    {"multiAddress.reachabilityCheckEnabled", KEY_SERVED, NULL, NULL, TEXT},
    {"multiAddress.reachabilityCheckTimeoutMs", KEY_SERVED, NULL, NULL, NUMBER},
    {"nio.directBufferBytes", KEY_SERVED, NULL, NULL, NUMBER},
    {"nio.numSelectorThreads", KEY_SERVED, NULL, NULL, NUMBER},
    {"nio.numWorkerThreads", KEY_SERVED, NULL, NULL, NUMBER},
    {"nio.sessionlessCnxnTimeout", KEY_SERVED, NULL, NULL, NUMBER},
    {"observer.election.DelayMs", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"observer.reconnectDelayMs", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"quorumCnxnTimeoutMs", KEY_SERVED, NULL, NULL, NUMBER},
    {"readonlymode.enabled", KEY_SERVED, NULL, NULL, BOOLEAN}, /* in zoo.cfg refused by a rule */
    {"snapshotSizeFactor", KEY_SERVED, NULL, NULL, SIZE_FACTOR},
    {"tcpKeepAlive", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"forceSync", KEY_SERVED, NULL, NULL, YES_OR_NO},
    {"fsync.warningthresholdms", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"preAllocSize", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"snapshot.compression.method", KEY_SERVED, NULL, NULL, COMPRESSION},
    {"snapshot.trust.empty", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"txnLogSizeLimitInKb", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"version", KEY_SERVED, NULL, NULL, TEXT}, /* of the configuration */

    {"client.portUnification", KEY_REFUSED, "false", "TLS for clients", BOOLEAN},
    {"client.secure", KEY_REFUSED, "false", "TLS for clients", BOOLEAN},
    {"enforce.auth.enabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"sessionRequireClientSASLAuth", KEY_REFUSED, "false", "authentication of clients", BOOLEAN},
    {"testingonly.initialZxid", KEY_REFUSED, NULL, "a first zxid for tests", TEXT},

    {"DigestAuthenticationProvider.digestAlg", KEY_SERVED, NULL, NULL, HASH},
    {"DigestAuthenticationProvider.enabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"DigestAuthenticationProvider.", KEY_SERVED, NULL, NULL, TEXT},
    {"SASLAuthenticationProvider.", KEY_WARNS, NULL, NULL, TEXT},
    {"X509AuthenticationProvider.", KEY_WARNS, NULL, NULL, TEXT},
    {"admin.commandURL", KEY_SERVED, NULL, NULL, URL_PATH},
    {"admin.enableServer", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"admin.idleTimeout", KEY_SERVED, NULL, NULL, NUMBER},
    {"admin.serverAddress", KEY_SERVED, NULL, NULL, TEXT},
    {"admin.serverPort", KEY_SERVED, NULL, NULL, PORT},
    {"admin.", KEY_WARNS, NULL, NULL, TEXT},
    {"advancedFlowControlEnabled", KEY_WARNS, NULL, NULL, TEXT},
    {"allowSaslFailedClients", KEY_WARNS, "false", NULL, TEXT},
    {"audit.", KEY_WARNS, "false", NULL, TEXT},
    {"authProvider.", KEY_WARNS, NULL, NULL, TEXT}, /* D-314 */
    {"bitHashCacheSize", KEY_WARNS, NULL, NULL, TEXT},
    {"clientCnxnSocket", KEY_WARNS, NULL, NULL, TEXT},
    {"clientTcpKeepAlive", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"closeSessionTxn.enabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"commitLogCount", KEY_SERVED, NULL, NULL, DECIMAL},
    {"commitProcessor.maxCommitBatchSize", KEY_SERVED, NULL, NULL, NUMBER},
    {"commitProcessor.maxReadBatchSize", KEY_SERVED, NULL, NULL, NUMBER},
    {"commitProcessor.numWorkerThreads", KEY_SERVED, NULL, NULL, NUMBER},
    {"commitProcessor.", KEY_WARNS, NULL, NULL, TEXT},
    {"connection_throttle_decrease_ratio", KEY_SERVED, NULL, NULL, RATIO},
    {"connection_throttle_drop_decrease", KEY_SERVED, NULL, NULL, RATIO},
    {"connection_throttle_drop_increase", KEY_SERVED, NULL, NULL, RATIO},
    {"connection_throttle_fill_count", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_fill_time", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_freeze_time", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_global_session_weight", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_local_session_weight", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_renew_session_weight", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_tokens", KEY_SERVED, NULL, NULL, NUMBER},
    {"connection_throttle_weight_enabled", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"emulate353TTLNodes", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"enableEagerACLCheck", KEY_WARNS, "false", NULL, TEXT},
    {"enforce.auth.schemes", KEY_SERVED, NULL, NULL, TEXT},
    {"enforceQuota", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"ensembleAuthName", KEY_WARNS, NULL, NULL, TEXT},
    {"flushDelay", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"follower.skipLearnerRequestToNextProcessor", KEY_WARNS, "false", NULL, TEXT},
    {"forward_learner_requests_to_commit_processor_disabled", KEY_WARNS, "false", NULL, TEXT},
    {"globalOutstandingLimit", KEY_SERVED, NULL, NULL, NUMBER},
    {"intBufferStartingSizeBytes", KEY_WARNS, NULL, NULL, TEXT},
    {"jmx.", KEY_WARNS, NULL, NULL, TEXT},
    {"kerberos.", KEY_WARNS, NULL, NULL, TEXT},
    {"largeRequestMaxBytes", KEY_SERVED, NULL, NULL, NUMBER},
    {"largeRequestThreshold", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.ackLoggingFrequency", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.closeSocketAsync", KEY_WARNS, "false", NULL, TEXT},
    {"leaderServes", KEY_SERVED, NULL, NULL, YES_OR_NO},
    {"learner.asyncSending", KEY_WARNS, "false", NULL, TEXT},
    {"learner.closeSocketAsync", KEY_WARNS, "false", NULL, TEXT},
    {"letAnySaslUserDoX", KEY_WARNS, NULL, NULL, TEXT},
    {"log.dir", KEY_WARNS, NULL, NULL, TEXT},
    {"log.file", KEY_WARNS, NULL, NULL, TEXT},
    {"log.threshold", KEY_WARNS, NULL, NULL, TEXT},
    {"maxBatchSize", KEY_SERVED, NULL, NULL, NUMBER},
    {"maxCnxns", KEY_SERVED, NULL, NULL, NUMBER},
    {"maxGetChildrenResponseCacheSize", KEY_WARNS, NULL, NULL, TEXT},
    {"maxInProcessingDeadWatchers", KEY_WARNS, NULL, NULL, TEXT},
    {"maxResponseCacheSize", KEY_WARNS, NULL, NULL, TEXT},
    {"maxWriteQueuePollTime", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"messageTracker.", KEY_WARNS, "false", NULL, TEXT},
    {"netty.", KEY_WARNS, NULL, NULL, TEXT},
    {"nio.", KEY_WARNS, NULL, NULL, TEXT},
    {"observer.syncEnabled", KEY_WARNS, "true", NULL, TEXT},
    {"observerMaster.sizeLimit", KEY_WARNS, NULL, NULL, TEXT},
    {"outstandingHandshake.limit", KEY_WARNS, NULL, NULL, TEXT},
    {"pathStats.", KEY_WARNS, "false", NULL, TEXT},
    {"request.timeout", KEY_WARNS, NULL, NULL, TEXT},
    {"request_stale_connection_check", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"request_stale_latency_check", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"request_throttle_drop_stale", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"request_throttle_max_requests", KEY_SERVED, NULL, NULL, NUMBER},
    {"request_throttle_stall_time", KEY_SERVED, NULL, NULL, NUMBER},
    {"request_throttler.shutdownTimeout", KEY_SERVED, NULL, NULL, NUMBER},
    {"requireKerberosConfig", KEY_WARNS, NULL, NULL, TEXT},
    {"root.logger", KEY_WARNS, NULL, NULL, TEXT},
    {"sasl.", KEY_WARNS, NULL, NULL, TEXT},
    {"security.auth_to_local", KEY_WARNS, NULL, NULL, TEXT},
    {"serverCnxnFactory", KEY_WARNS, "org.apache.zookeeper.server.NIOServerCnxnFactory", NULL,
     TEXT},
    {"skipACL", KEY_SERVED, NULL, NULL, YES_OR_NO},
    {"snapCount", KEY_SERVED, NULL, NULL, NUMBER},
    {"snapSizeLimitInKb", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"ssl.", KEY_WARNS, NULL, NULL, TEXT},
    {"superUser", KEY_WARNS, NULL, NULL, TEXT},
    {"throttled_op_wait_time", KEY_SERVED, NULL, NULL, NUMBER},
    {"watchManagerName", KEY_WARNS, NULL, NULL, TEXT},
    {"watcherCleanIntervalInSeconds", KEY_WARNS, NULL, NULL, TEXT},
    {"watcherCleanThreadsNum", KEY_WARNS, NULL, NULL, TEXT},
    {"watcherCleanThreshold", KEY_WARNS, NULL, NULL, TEXT},
};

/* Settings whose name has no "zookeeper." in front: they can only be given on the command line. */
static const struct config_setting BARE_SETTINGS[] = {
    {"follower.nodelay", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"jute.maxbuffer", KEY_SERVED, NULL, NULL, NUMBER},
    {"leader.nodelay", KEY_SERVED, NULL, NULL, BOOLEAN},
    {"readonlymode.enabled", KEY_SERVED, NULL, NULL, BOOLEAN}, /* in zoo.cfg refused by a rule */
    {"learner.closeSocketAsync", KEY_WARNS, "false", NULL, TEXT},
    {"leader.closeSocketAsync", KEY_WARNS, "false", NULL, TEXT},
    {"znode.container.checkIntervalMs", KEY_SERVED, NULL, NULL, NUMBER},
    {"znode.container.maxNeverUsedIntervalMs", KEY_SERVED, NULL, NULL, LONG_NUMBER},
    {"znode.container.maxPerMinute", KEY_SERVED, NULL, NULL, NUMBER},
};

/* What a line of zoo.cfg about the ensemble begins with; N is a number. */
static const char *const PATTERNS[] = {"server.N", "group.N", "weight.N"};

static int check_known_setting(struct config_parser *parser, const struct config_setting *setting,
                               const struct zk_property *property);
static void warn_unknown(struct config_parser *parser, const struct zk_property *property,
                         const char *name);
static int check_on_command_line(struct config_parser *parser, const struct zk_property *property);
static void counts_as_false(struct config_parser *parser, const struct zk_property *property);

/* ---- looking up ----------------------------------------------------------------------------- */

static const struct config_setting *find_in(const struct config_setting *settings, size_t count,
                                            const char *name)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(settings[i].name);
        bool family = settings[i].name[length - 1] == '.';
        if (family ? strncmp(name, settings[i].name, length) == 0
                   : strcmp(name, settings[i].name) == 0)
            return &settings[i];
    }
    return NULL;
}

static const struct config_setting *find_setting(const char *name)
{
    return find_in(SETTINGS, sizeof SETTINGS / sizeof *SETTINGS, name);
}

static const struct config_setting *find_bare_setting(const char *name)
{
    return find_in(BARE_SETTINGS, sizeof BARE_SETTINGS / sizeof *BARE_SETTINGS, name);
}

/* ---- a line of zoo.cfg ---------------------------------------------------------------------- */

int config_check_unlisted(struct config_parser *parser, const struct zk_property *property)
{
    if (strncmp(property->key, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0) {
        config_no_effect(parser, property,
                         "the file begins with a byte-order mark, which is part of "
                         "this key",
                         "save the file as UTF-8 without that mark");
        parser->config.has_mistake = true;
        return 0;
    }
    const struct config_setting *setting = find_setting(property->key);
    if (setting != NULL)
        return check_known_setting(parser, setting, property);
    if (find_bare_setting(property->key) != NULL)
        config_no_effect(parser, property, "the same line has no effect in Java",
                         "give it on the command line: -D%s=%s", property->key, property->value);
    else
        warn_unknown(parser, property, property->key);
    return 0;
}

/* The default holds where the value is no port. Java takes a number of any size and then starts no
 * admin server. */
static int check_port(struct config_parser *parser, const struct zk_property *property)
{
    int64_t port;
    if (!zk_decode_long(property->value, &port) || port < 0 || port > UINT16_MAX)
        config_no_effect(parser, property, "it is not a port, so the default holds",
                         "write a number from 0 to 65535");
    return 0;
}

/* Where the value is no number Java takes its default and says nothing. Only cnxTimeout is read
 * with parseInt: config_check_cnx_timeout(). */
static bool is_whole_number(enum setting_type type, const char *value)
{
    int64_t number;
    int32_t decimal;
    if (type == DECIMAL)
        return zk_parse_int(value, &decimal);
    return zk_decode_long(value, &number) &&
           (type == LONG_NUMBER || (number >= INT32_MIN && number <= INT32_MAX));
}

static int check_whole_number(struct config_parser *parser, const struct config_setting *setting,
                              const struct zk_property *property)
{
    if (strcmp(setting->name, "cnxTimeout") == 0 || is_whole_number(setting->type, property->value))
        return 0;
    int64_t number;
    const bool is_number = config_is_in_digits(property->value) ||
                           (setting->type != DECIMAL && zk_decode_long(property->value, &number));
    config_no_effect(parser, property,
                     is_number ? "it is too large or too small, so the default holds"
                               : "it is not a whole number, so the default holds",
                     "%s", config_number_advice(property->value, setting->type == LONG_NUMBER));
    return 0;
}

/* Java takes whatever is not "true" for false, and says nothing: enforce.auth.enabled=yes lets
 * everybody in. */
static int check_boolean(struct config_parser *parser, const struct zk_property *property)
{
    if (strcasecmp(property->value, "true") != 0 && strcasecmp(property->value, "false") != 0)
        counts_as_false(parser, property);
    return 0;
}

/* Java compares with one of the two words, and takes all else for the other. */
static int check_yes_or_no(struct config_parser *parser, const struct zk_property *property)
{
    if (strcmp(property->value, "yes") != 0 && strcmp(property->value, "no") != 0)
        config_no_effect(parser, property, "it is neither yes nor no, so the default holds",
                         "write yes or no");
    return 0;
}

/* Returns whether the value is a number, which may have a fraction. */
static bool is_ratio(const struct zk_property *property, double *ret_ratio)
{
    char *end;
    *ret_ratio = strtod(property->value, &end);
    return end != property->value && *end == '\0';
}

/* What ZKDatabase makes of it is Java's, too: the default holds, and a line says so. */
static int check_size_factor(struct config_parser *parser, const struct zk_property *property)
{
    double factor;
    if (!is_ratio(property, &factor) || !(factor <= 1))
        config_no_effect(parser, property, "it is not a number up to 1, so the default holds",
                         "write a number such as 0.33");
    return 0;
}

/* In Java a value that is no number ends the start with an exception (D-312). */
static int check_ratio(struct config_parser *parser, const struct zk_property *property)
{
    double ratio;
    if (is_ratio(property, &ratio))
        return 0;
    return config_refuse_setting(parser, property, "write a number such as 0.02",
                                 "For input string: \"%s\"", property->value);
}

/* Every request asks for a path with a slash in front, so none could reach this one. In Java such a
 * path ends the start, if there is an admin server. */
static int check_url_path(struct config_parser *parser, const struct zk_property *property)
{
    if (property->value[0] != '/')
        config_no_effect(parser, property, "no request can ask for it",
                         "write a path that begins with a slash, such as /commands");
    return 0;
}

/* With a hash that we do not have no client could authenticate. Java has whatever its security
 * providers have, and does not start without the one that is named. */
static int check_hash(struct config_parser *parser, const struct zk_property *property)
{
    if (zk_hash_named(property->value) != ZK_HASH_UNKNOWN)
        return 0;
    return config_refuse_setting(parser, property, "write SHA1 or SHA-256, or remove it",
                                 "the hash %s is not served by zkpeer", property->value);
}

/* Java takes a word that it does not know without a line in the log, and packs nothing. */
static int check_packing(struct config_parser *parser, const struct zk_property *property)
{
    const bool snappy = strcasecmp(property->value, "snappy") == 0;
    if (snappy && !zk_snappy_is_there())
        return config_refuse_setting(parser, property,
                                     "install it (Debian: libsnappy1v5), or write gz",
                                     "libsnappy is not on this machine");
    if (!snappy && property->value[0] != '\0' && strcasecmp(property->value, "gz") != 0)
        config_no_effect(parser, property, "nobody can pack like that, so snapshots are not packed",
                         "write gz or snappy, or remove it");
    return 0;
}

static int check_value(struct config_parser *parser, const struct config_setting *setting,
                       const struct zk_property *property)
{
    switch (setting->type) {
    case TEXT:
        return 0;
    case BOOLEAN:
        return check_boolean(parser, property);
    case YES_OR_NO:
        return check_yes_or_no(parser, property);
    case NUMBER:
    case LONG_NUMBER:
    case DECIMAL:
        return check_whole_number(parser, setting, property);
    case PORT:
        return check_port(parser, property);
    case RATIO:
        return check_ratio(parser, property);
    case SIZE_FACTOR:
        return check_size_factor(parser, property);
    case URL_PATH:
        return check_url_path(parser, property);
    case HASH:
        return check_hash(parser, property);
    case COMPRESSION:
        return check_packing(parser, property);
    }
    return 0;
}

static int check_known_setting(struct config_parser *parser, const struct config_setting *setting,
                               const struct zk_property *property)
{
    if (setting->fate == KEY_SERVED)
        return check_value(parser, setting, property);
    if (setting->harmless != NULL && strcasecmp(property->value, setting->harmless) == 0)
        return 0;
    const bool asks_for_it = setting->type != BOOLEAN || strcasecmp(property->value, "true") == 0;
    if (setting->fate == KEY_REFUSED && !asks_for_it)
        return check_value(parser, setting, property);
    if (setting->fate == KEY_REFUSED)
        return config_refuse_setting(parser, property, "remove it, or run this server with Java",
                                     "%s is not served by zkpeer", setting->what);
    config_no_effect(parser, property, "not served by zkpeer yet", "remove it");
    return 0;
}

/* Java: QuorumCnxManager(), where an exception ends the start of a member of an ensemble */
int config_check_cnx_timeout(struct config_parser *parser)
{
    const struct zk_property origin = config_origin(parser, "zookeeper.cnxTimeout");
    if (origin.value == NULL || is_whole_number(NUMBER, origin.value))
        return 0;
    if (parser->config.distributed)
        return config_refuse_setting(parser, &origin, config_number_advice(origin.value, false),
                                     "For input string: \"%s\"", origin.value);
    config_no_effect(parser, &origin,
                     config_is_in_digits(origin.value)
                         ? "it is too large or too small, and a server alone does not use it"
                         : "it is not a whole number, and a server alone does not use it",
                     "%s, or remove it", config_number_advice(origin.value, false));
    return 0;
}

/* ---- the metrics provider -------------------------------------------------------------------- */

/* A wrong port is refused, as in Java, whose provider cannot be configured then. Of the classes
 * only Java's two are known. */
int config_read_metrics_key(struct config_parser *parser, const struct zk_property *property)
{
    static const char PROMETHEUS[] =
        "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider";
    static const char DEFAULT[] = "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider";
    const char *name = property->key + sizeof "metricsProvider." - 1;
    int64_t port;
    zk_settings_set(parser->ctx, property->key, property->value);
    if (strcmp(name, "className") == 0) {
        if (strcmp(property->value, PROMETHEUS) != 0 && strcmp(property->value, DEFAULT) != 0)
            config_no_effect(parser, property, "zkpeer has no such metrics provider",
                             "write %s, or remove it", PROMETHEUS);
    } else if (strcmp(name, "httpPort") == 0) {
        if (!zk_decode_long(property->value, &port) || port < 0 || port > UINT16_MAX)
            return config_refuse_setting(parser, property, "write a number from 0 to 65535",
                                         "%s is not a port", property->value);
    } else if (strcmp(name, "exportJvmInfo") == 0) {
        if (strcasecmp(property->value, "false") != 0)
            config_no_effect(parser, property, "zkpeer has no JVM to tell of", "remove it");
    } else if (strcmp(name, "httpHost") != 0) {
        config_no_effect(parser, property, "not served by zkpeer yet", "remove it");
    }
    return 0;
}

/* ---- names that nobody knows ---------------------------------------------------------------- */

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Returns how many letters must be changed, added or left out to turn one text into the other,
 * whatever their case; limit + 1 if that is more than limit. */
static size_t distance(const char *one, const char *other, size_t limit)
{
    size_t row[NAME_SIZE + 1];
    size_t length = strlen(other);
    if (strlen(one) > NAME_SIZE || length > NAME_SIZE)
        return limit + 1;
    for (size_t k = 0; k <= length; k++)
        row[k] = k;
    for (size_t i = 0; one[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 1; k <= length; k++) {
            bool same = ascii_lower(one[i]) == ascii_lower(other[k - 1]);
            size_t changed = diagonal + (same ? 0 : 1);
            diagonal = row[k];
            size_t shorter = row[k - 1] < row[k] ? row[k - 1] : row[k];
            row[k] = shorter + 1 < changed ? shorter + 1 : changed;
        }
    }
    return row[length] <= limit ? row[length] : limit + 1;
}

/* Keeps name if it is nearer to key than the nearest one so far. */
static void consider(const char *key, const char *name, size_t *nearest, const char **ret_name)
{
    size_t d = distance(key, name, *nearest);
    if (d < *nearest) {
        *nearest = d;
        *ret_name = name;
    }
}

/* A number in a key becomes N, as in the patterns. */
static void number_to_n(const char *key, char ret_text[NAME_SIZE + 1])
{
    size_t length = 0;
    for (const char *c = key; *c != '\0' && length < NAME_SIZE; c++) {
        bool digit = *c >= '0' && *c <= '9';
        if (!digit || length == 0 || ret_text[length - 1] != 'N')
            ret_text[length++] = digit ? 'N' : *c;
    }
    ret_text[length] = '\0';
}

/* Returns the known name that a person may have meant, or NULL if none is near. */
static const char *nearest_name(const char *key)
{
    const char *name = NULL;
    char pattern[NAME_SIZE + 1];
    size_t nearest = strlen(key) / 4 + 2; /* one letter in four may be wrong, and one more */
    if (strlen(key) > NAME_SIZE)
        return NULL;
    for (size_t i = 0; config_key_name(i) != NULL; i++)
        consider(key, config_key_name(i), &nearest, &name);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++)
        consider(key, SETTINGS[i].name, &nearest, &name);
    for (size_t i = 0; i < sizeof BARE_SETTINGS / sizeof *BARE_SETTINGS; i++)
        consider(key, BARE_SETTINGS[i].name, &nearest, &name);
    number_to_n(key, pattern);
    for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++)
        consider(pattern, PATTERNS[i], &nearest, &name);
    return name;
}

static void warn_unknown(struct config_parser *parser, const struct zk_property *property,
                         const char *name)
{
    const char *why = "neither zkpeer nor Java 3.8.0 knows this key";
    const char *nearest = nearest_name(name);
    if (nearest != NULL)
        config_no_effect(parser, property, why, "did you mean %s?", nearest);
    else if (!property->separated)
        config_no_effect(parser, property, why,
                         "this line is not key=value: remove it, or put a # "
                         "before it");
    else
        config_no_effect(parser, property, why, "remove it");
}

/* ---- the command line ----------------------------------------------------------------------- */

int config_check_command_line(struct config_parser *parser)
{
    const char *key;
    const char *value;
    int r = 0;
    for (size_t i = 0; r == 0 && zk_settings_at(parser->ctx, i, &key, &value); i++) {
        struct zk_property property = {
            .key = zk_xstrdup(key), .value = zk_xstrdup(value), .separated = true};
        r = check_on_command_line(parser, &property);
        free(property.key);
        free(property.value);
    }
    return r;
}

/* property has line 0: it stands on the command line. */
static int check_on_command_line(struct config_parser *parser, const struct zk_property *property)
{
    const struct config_setting *setting = find_bare_setting(property->key);
    if (setting != NULL)
        return check_known_setting(parser, setting, property);
    if (strncmp(property->key, PREFIX, sizeof PREFIX - 1) != 0) {
        if (find_setting(property->key) != NULL)
            config_no_effect(parser, property, "its name lacks \"zookeeper.\"",
                             "write -Dzookeeper.%s", property->key);
        else
            config_no_effect(parser, property, "zkpeer is no Java program", "remove it");
        return 0;
    }
    const char *name = property->key + sizeof PREFIX - 1;
    setting = find_setting(name);
    if (setting != NULL)
        return check_known_setting(parser, setting, property);
    /* Java's guide says that -D gives such a key a value; Java's code does not look at it. */
    if (config_key_is_refused(name, property->value))
        return config_refuse_setting(parser, property, "remove it, or run this server with Java",
                                     "%s is not served by zkpeer", name);
    if (config_key_is_known(name))
        config_no_effect(parser, property, "it is a key of zoo.cfg", "write it there: %s=%s", name,
                         property->value);
    else
        warn_unknown(parser, property, name);
    return 0;
}

/* ---- what is said about them ---------------------------------------------------------------- */

/* Appends the line with its place, or the option -D. */
static void append_with_place(const struct config_parser *parser,
                              const struct zk_property *property, struct zk_str *where)
{
    if (property->line > 0)
        zk_str_printf(where, "%s:%d: ", parser->path, property->line);
    else
        zk_str_append(where, "-D");
    config_append_visible(where, property->key);
    zk_str_append(where, "=");
    config_append_visible(where, property->value);
}

/* "No effect" would be wrong for a setting that is true unless it is set. */
static void counts_as_false(struct config_parser *parser, const struct zk_property *property)
{
    struct zk_str where = {0};
    append_with_place(parser, property, &where);
    zk_log(parser->ctx, ZK_LOG_CONFIG_COUNTS_AS_FALSE, zk_str_text(&where));
    config_add_warning(parser,
                       "%s counts as false: it is neither true nor false; write true or false",
                       zk_str_text(&where));
    zk_str_done(&where);
}

void config_no_effect(struct config_parser *parser, const struct zk_property *property,
                      const char *why, const char *next_format, ...)
{
    struct zk_str where = {0};
    struct zk_str next = {0};
    va_list args;
    append_with_place(parser, property, &where);
    va_start(args, next_format);
    zk_str_vprintf(&next, next_format, args);
    va_end(args);
    zk_log(parser->ctx, ZK_LOG_CONFIG_NO_EFFECT, zk_str_text(&where), why, zk_str_text(&next));
    config_add_warning(parser, "%s has no effect: %s; %s", zk_str_text(&where), why,
                       zk_str_text(&next));
    zk_str_done(&next);
    zk_str_done(&where);
}

struct zk_property config_origin(const struct config_parser *parser, const char *key)
{
    const struct zk_property *line = NULL;
    struct zk_property origin = {.key = (char *)key, .separated = true};
    if (strncmp(key, PREFIX, sizeof PREFIX - 1) == 0)
        line = config_find(parser, key + sizeof PREFIX - 1);
    if (line != NULL)
        origin = *line;
    /* The setting was trimmed, the line was not. */
    origin.value = (char *)zk_settings_get(parser->ctx, key);
    return origin;
}

int config_refuse_setting(struct config_parser *parser, const struct zk_property *property,
                          const char *advice, const char *words_format, ...)
{
    struct zk_str words = {0};
    va_list args;
    va_start(args, words_format);
    zk_str_vprintf(&words, words_format, args);
    va_end(args);
    int r = 0;
    if (property->line > 0)
        r = config_fail(parser, parser->path, property, advice, "%s", zk_str_text(&words));
    else
        r = config_fail(parser, COMMAND_LINE, NULL, advice, "-D%s=%s: %s", property->key,
                        property->value, zk_str_text(&words));
    zk_str_done(&words);
    return r;
}
