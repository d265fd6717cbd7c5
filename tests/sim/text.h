/* What several files of the simulator do with texts. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stddef.h>

/* Copies a text; what does not fit is cut. */
void text_copy(char *ret_text, size_t size, const char *text);

/* Appends to what stands in text, which has room for size bytes; what does not fit is cut. */
void text_append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where the value of a field begins in a line of a trace; NULL: it has no such field. */
const char *text_field(const char *line, const char *name);

#endif
