/* JSON as Jackson's DefaultPrettyPrinter lays it out: a list stands on one line, except for objects
 * in it. */
#include "zk/base/json.h"

#include "zk/base/panic.h"

static void append_text(struct json_writer *json, const char *text)
{
    zk_str_append(json->str, "\"");
    zk_str_append_json(json->str, text);
    zk_str_append(json->str, "\"");
}

/* What stands before a value: comma, line end, blanks and its key. */
static void begin_value(struct json_writer *json, const char *key)
{
    if (json->depth == 0)
        return;
    bool is_list = json->levels[json->depth - 1].is_list;
    if (json->levels[json->depth - 1].count++ > 0)
        zk_str_append(json->str, is_list ? ", " : ",");
    if (is_list)
        return;
    zk_assert(key != NULL);
    zk_str_append(json->str, "\n");
    for (size_t i = 0; i < json->depth; i++)
        zk_str_append(json->str, json->levels[i].is_list ? "" : "  ");
    append_text(json, key);
    zk_str_append(json->str, " : ");
}

static void push(struct json_writer *json, bool is_list)
{
    zk_assert(json->depth < JSON_DEPTH);
    json->levels[json->depth].is_list = is_list;
    json->levels[json->depth].count = 0;
    json->depth++;
}

void json_object_begin(struct json_writer *json, const char *key)
{
    begin_value(json, key);
    zk_str_append(json->str, "{");
    push(json, false);
}

void json_object_end(struct json_writer *json)
{
    json->depth--;
    if (json->levels[json->depth].count == 0) {
        zk_str_append(json->str, " }");
        return;
    }
    zk_str_append(json->str, "\n");
    for (size_t i = 0; i < json->depth; i++)
        zk_str_append(json->str, json->levels[i].is_list ? "" : "  ");
    zk_str_append(json->str, "}");
}

void json_list_begin(struct json_writer *json, const char *key)
{
    begin_value(json, key);
    zk_str_append(json->str, "[ ");
    push(json, true);
}

void json_list_end(struct json_writer *json)
{
    json->depth--;
    zk_str_append(json->str, json->levels[json->depth].count == 0 ? "]" : " ]");
}

void json_text(struct json_writer *json, const char *key, const char *text)
{
    begin_value(json, key);
    if (text == NULL)
        zk_str_append(json->str, "null");
    else
        append_text(json, text);
}

void json_long(struct json_writer *json, const char *key, int64_t value)
{
    begin_value(json, key);
    zk_str_append_long(json->str, value);
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
    begin_value(json, key);
    zk_str_append(json->str, value ? "true" : "false");
}

void json_number(struct json_writer *json, const char *key, const char *number)
{
    begin_value(json, key);
    zk_str_append(json->str, number);
}
