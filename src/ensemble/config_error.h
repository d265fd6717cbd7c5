/* The words that a configuration is refused with, Java's where Java has some. Internal to the floor
 * ensemble. */
#ifndef ZK_ENSEMBLE_CONFIG_ERROR_H
#define ZK_ENSEMBLE_CONFIG_ERROR_H

#include "zk/base/attrs.h"

/* Puts the formatted words into *ret_error (the caller frees them). Always returns -EINVAL, so that
 * a check reads "return config_error(...)". */
ZK_NODISCARD int config_error(char **ret_error, const char *format, ...) ZK_PRINTF_LIKE(2, 3);

/* Java: NumberFormatException.forInputString() */
ZK_NODISCARD int config_error_number(char **ret_error, const char *text);
ZK_NODISCARD int config_error_hex(char **ret_error, const char *text);

#endif
