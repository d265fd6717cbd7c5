/* Writes JSON for people to read, in the layout of Java's Jackson: a member a line, two blanks for
 * each level, "key" : value. Java: JsonOutputter, of which only the layout is here.
 *
 * A writer belongs to one thread. */
#ifndef ZK_BASE_JSON_H
#define ZK_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"

/* So many objects and lists may stand within each other. */
enum { JSON_DEPTH = 8 };

struct json_writer {
    struct zk_str *str; /* the caller's */
    size_t depth;
    struct {
        bool is_list;
        size_t count; /* members so far */
    } levels[JSON_DEPTH];
};

/* key is NULL for what stands in a list, and for the outermost object. */
void json_object_begin(struct json_writer *json, const char *key);
void json_object_end(struct json_writer *json);
void json_list_begin(struct json_writer *json, const char *key);
void json_list_end(struct json_writer *json);

void json_text(struct json_writer *json, const char *key, const char *text); /* NULL is null */
void json_long(struct json_writer *json, const char *key, int64_t value);
void json_bool(struct json_writer *json, const char *key, bool value);
/* A number that is a text already: "0.7143". */
void json_number(struct json_writer *json, const char *key, const char *number);

#endif
