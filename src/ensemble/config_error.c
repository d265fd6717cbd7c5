/* See config_error.h. Java: ConfigException, IllegalArgumentException */
#include "ensemble/config_error.h"

#include <errno.h>
#include <stdarg.h>

#include "zk/base/str.h"

int config_error(char **ret_error, const char *format, ...)
{
    struct zk_str words = {0};
    va_list args;
    va_start(args, format);
    zk_str_vprintf(&words, format, args);
    va_end(args);
    *ret_error = zk_str_take(&words);
    return -EINVAL;
}

int config_error_number(char **ret_error, const char *text)
{
    return config_error(ret_error, "For input string: \"%s\"", text);
}

int config_error_hex(char **ret_error, const char *text)
{
    return config_error(ret_error, "For input string: \"%s\" under radix 16", text);
}
