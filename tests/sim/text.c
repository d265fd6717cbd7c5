/* Texts that grow within their room, and the fields of trace lines. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_copy(char *ret_text, size_t size, const char *text)
{
    const size_t length = strnlen(text, size - 1);
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

void text_append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + length, size - length, format, args);
    va_end(args);
}

const char *text_field(const char *line, const char *name)
{
    const size_t length = strlen(name);
    const char *at = strstr(line, name);
    while (at != NULL && (at == line || at[-1] != '"' || strncmp(at + length, "\":", 2) != 0))
        at = strstr(at + 1, name);
    return at != NULL ? at + length + 2 : NULL;
}
