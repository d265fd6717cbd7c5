/* Names of data files. Java: persistence.Util */
#include "zk/persistence/util.h"

#include <string.h>

#include "zk/base/panic.h"
#include "zk/base/str.h"

char *util_path_join(const char *directory, const char *name)
{
    struct zk_str path = {0};
    zk_str_append(&path, directory);
    zk_str_append(&path, "/");
    zk_str_append(&path, name);
    return zk_str_take(&path);
}

static char *make_name(const char *directory, const char *prefix, int64_t zxid)
{
    struct zk_str path = {0};
    zk_str_append(&path, directory);
    zk_str_append(&path, "/");
    zk_str_append(&path, prefix);
    zk_str_append(&path, ".");
    zk_str_append_hex(&path, zxid);
    return zk_str_take(&path);
}

char *util_make_snapshot_name(const char *directory, int64_t zxid)
{
    return make_name(directory, SNAPSHOT_FILE_PREFIX, zxid);
}

char *util_make_log_name(const char *directory, int64_t zxid)
{
    return make_name(directory, LOG_FILE_PREFIX, zxid);
}

bool util_get_zxid_from_name(const char *name, const char *prefix, int64_t *ret_zxid,
                             const char **ret_suffix)
{
    zk_assert(prefix[0] != '\0');
    size_t prefix_length = strlen(prefix);
    if (strncmp(name, prefix, prefix_length) != 0 || name[prefix_length] != '.')
        return false;
    const char *digits = name + prefix_length + 1;
    size_t length = strcspn(digits, ".");
    char hex[32];
    if (length >= sizeof hex)
        return false;
    memcpy(hex, digits, length);
    hex[length] = '\0';
    if (!zk_parse_hex(hex, ret_zxid))
        return false;
    if (ret_suffix != NULL)
        *ret_suffix = digits[length] == '.' ? digits + length + 1 : "";
    return true;
}

bool util_get_zxid_from_path(const char *path, const char *prefix, int64_t *ret_zxid)
{
    const char *slash = strrchr(path, '/');
    return util_get_zxid_from_name(slash != NULL ? slash + 1 : path, prefix, ret_zxid, NULL);
}
