/* Rules for paths. Positions count UTF-16 units, as Java's do. Java: common.PathUtils */
#include "zk/server/path_utils.h"

#include <stdint.h>

#include "zk/base/str.h"
#include "zk/base/utf8.h"

/* Characters that cannot be shown, surrogates and private ones. Those beyond U+FFFF are pairs of
 * surrogates to Java. */
static bool is_invalid_character(int32_t character)
{
    return (character > 0 && character <= 0x1f) || (character >= 0x7f && character <= 0x9f) ||
           (character >= 0xd800 && character <= 0xf8ff) || character >= 0xfff0;
}

/* Returns whether the dots that end at text[at], one or two, are a whole element of the path. */
static bool is_relative_element(const struct ustring *path, size_t at, size_t dots)
{
    bool begins = path->text[at - dots] == '/';
    bool ends = at + 1 == path->length || path->text[at + 1] == '/';
    return begins && ends;
}

/* Returns what is wrong with the character at text[at]; NULL: nothing. */
static const char *problem_at(const struct ustring *path, size_t at, int32_t character)
{
    if (character == 0)
        return "null character not allowed";
    if (character == '/' && path->text[at - 1] == '/')
        return "empty node name specified";
    if (character == '.') {
        size_t dots = path->text[at - 1] == '.' ? 2 : 1;
        if (is_relative_element(path, at, dots))
            return "relative paths not allowed";
        return NULL;
    }
    return is_invalid_character(character) ? "invalid character" : NULL;
}

/* Returns whether a byte is a character that no rule is about, as nearly all are: what stands
 * behind '.' and '/' in ASCII, or before them. */
static bool is_plain(char byte)
{
    return (byte > '/' && byte < 0x7f) || (byte > ' ' && byte < '.');
}

static bool has_problem(struct path_problem *ret_problem, const char *text)
{
    zk_text_copy(ret_problem->text, sizeof ret_problem->text, text);
    return false;
}

/* Java: validatePath() */
bool path_utils_validate_path(const struct ustring *path, struct path_problem *ret_problem)
{
    if (path->text == NULL)
        return has_problem(ret_problem, "Path cannot be null");
    if (path->length == 0)
        return has_problem(ret_problem, "Path length must be > 0");
    if (path->text[0] != '/')
        return has_problem(ret_problem, "Path must start with / character");
    if (path->length == 1)
        return true; /* the root */
    if (path->text[path->length - 1] == '/')
        return has_problem(ret_problem, "Path must not end with / character");

    for (size_t at = 1, unit = 1; at < path->length; unit++) {
        if (is_plain(path->text[at])) {
            at++;
            continue;
        }
        size_t used = 1;
        int32_t character = zk_utf8_decode(path->text + at, path->length - at, &used);
        if (character < 0) {
            character = 0xfffd;
            used = 1;
        }
        const char *problem = problem_at(path, at, character);
        if (problem != NULL) {
            zk_text_printf(ret_problem->text, sizeof ret_problem->text, "%s @%zu", problem, unit);
            return false;
        }
        at += used;
    }
    return true;
}
