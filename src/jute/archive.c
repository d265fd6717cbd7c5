/* Jute's basic types over streams and memory. Java: org.apache.jute.BinaryInputArchive,
 * BinaryOutputArchive.
 *
 * What comes from outside is a length first. It is held against the limit before anything is done
 * with it, and even then memory is taken in pieces, as the bytes arrive: a peer that announces two
 * megabytes and sends ten bytes costs one piece. Bytes in memory have arrived, so what they hold is
 * taken in one piece, once it is known to be all there. */
#include "zk/jute/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/utf8.h"
#include "zk/runtime/settings.h"

enum {
    PIECE = 8192,                /* bytes that are taken before any of them has arrived */
    MIN_EXTRA_MAX_BUFFER = 1024, /* Java: BinaryInputArchive.extraMaxBuffer is at least this */
};

/* ---- strings --------------------------------------------------------------------------------- */

struct ustring ustring_of(const char *text)
{
    struct ustring string = {.text = zk_xstrdup(text), .length = text != NULL ? strlen(text) : 0};
    return string;
}

struct ustring ustring_copy(const struct ustring *from)
{
    struct ustring string = {.text = NULL, .length = from->length};
    if (from->text != NULL) {
        string.text = zk_xmalloc(from->length + 1);
        memcpy(string.text, from->text, from->length + 1);
    }
    return string;
}

bool ustring_equal(const struct ustring *a, const struct ustring *b)
{
    if (a->text == NULL || b->text == NULL)
        return a->text == b->text;
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

void ustring_done(struct ustring *string)
{
    free(string->text);
    *string = (struct ustring){0};
}

/* ---- writing --------------------------------------------------------------------------------- */

struct jute_out jute_out_of(struct zk_output *output)
{
    return (struct jute_out){.output = output};
}

struct jute_out jute_out_of_buf(struct buf *buf)
{
    return (struct jute_out){.buf = buf};
}

void jute_out_bytes(struct jute_out *out, const void *bytes, size_t length)
{
    if (out->buf != NULL)
        buf_put_bytes(out->buf, bytes, length);
    else if (out->error == 0 && length > 0)
        out->error = zk_output_write(out->output, bytes, length);
}

uint8_t *jute_out_room(struct jute_out *out, size_t length)
{
    if (out->buf != NULL)
        return buf_extend(out->buf, length);
    return out->error == 0 ? zk_output_room(out->output, length) : NULL;
}

void jute_out_int(struct jute_out *out, int32_t value)
{
    uint8_t bytes[4];
    uint8_t *room = jute_out_room(out, sizeof bytes);
    zk_store_int(room != NULL ? room : bytes, value);
    if (room == NULL)
        jute_out_bytes(out, bytes, sizeof bytes);
}

void jute_out_long(struct jute_out *out, int64_t value)
{
    uint8_t bytes[8];
    uint8_t *room = jute_out_room(out, sizeof bytes);
    zk_store_long(room != NULL ? room : bytes, value);
    if (room == NULL)
        jute_out_bytes(out, bytes, sizeof bytes);
}

/* A length is an int: nothing that we keep in memory is longer. */
static void out_counted(struct jute_out *out, const void *bytes, size_t length)
{
    if (length > INT32_MAX) {
        if (out->error == 0)
            out->error = -EOVERFLOW;
        return;
    }
    jute_out_int(out, (int32_t)length);
    jute_out_bytes(out, bytes, length);
}

void jute_out_string(struct jute_out *out, const char *text)
{
    if (text != NULL)
        out_counted(out, text, strlen(text));
    else
        jute_out_int(out, -1);
}

void jute_out_ustring(struct jute_out *out, const struct ustring *string)
{
    if (string->text != NULL)
        out_counted(out, string->text, string->length);
    else
        jute_out_int(out, -1);
}

void jute_out_buffer(struct jute_out *out, const struct buf *buffer)
{
    if (buffer != NULL)
        out_counted(out, buffer->bytes, buffer->length);
    else
        jute_out_int(out, -1);
}

void jute_out_start_vector(struct jute_out *out, int32_t count)
{
    jute_out_int(out, count);
}

int jute_out_flush(struct jute_out *out)
{
    if (out->error == 0 && out->output != NULL)
        out->error = zk_output_flush(out->output);
    return out->error;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Java: BinaryInputArchive.checkLength(), and the static fields of that class. */
int32_t jute_max_length(const struct zk_context *ctx)
{
    int64_t max_buffer = zk_settings_get_integer(ctx, "jute.maxbuffer", JUTE_MAX_BUFFER);
    int64_t extra =
        zk_settings_get_integer(ctx, "zookeeper.jute.maxbuffer.extrasize", (int32_t)max_buffer);
    if (extra < MIN_EXTRA_MAX_BUFFER)
        extra = MIN_EXTRA_MAX_BUFFER;
    int64_t sum = max_buffer + extra;
    return sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

struct jute_in jute_in_of(const struct zk_context *ctx, struct zk_input *input)
{
    return (struct jute_in){.input = input, .max_length = jute_max_length(ctx)};
}

struct jute_in jute_in_of_bytes(const struct zk_context *ctx, const void *bytes, size_t length)
{
    return (struct jute_in){
        .memory = {.bytes = bytes, .length = length},
        .max_length = jute_max_length(ctx),
    };
}

int64_t jute_in_position(const struct jute_in *in)
{
    return in->input != NULL ? zk_input_position(in->input) : (int64_t)in->memory.position;
}

/* Returns where the next length bytes stand: in memory, or in the stream's buffer, where most bytes
 * of a snapshot are found. NULL: not all of them are there. */
static const uint8_t *view_arrived(struct jute_in *in, size_t length)
{
    const uint8_t *view;
    if (in->input != NULL)
        return zk_input_view(in->input, length);
    return buf_get_view(&in->memory, length, &view) < 0 ? NULL : view;
}

int jute_in_view(struct jute_in *in, size_t length, uint8_t *bytes, const uint8_t **ret_view)
{
    *ret_view = view_arrived(in, length);
    if (*ret_view != NULL)
        return 0;
    if (in->input == NULL)
        return -EPIPE;
    *ret_view = bytes;
    return zk_input_read(in->input, bytes, length);
}

int jute_in_int(struct jute_in *in, int32_t *ret_value)
{
    uint8_t bytes[4];
    const uint8_t *view;
    int r = jute_in_view(in, sizeof bytes, bytes, &view);
    if (r < 0)
        return r;
    *ret_value = zk_load_int(view);
    return 0;
}

int jute_in_long(struct jute_in *in, int64_t *ret_value)
{
    uint8_t bytes[8];
    const uint8_t *view;
    int r = jute_in_view(in, sizeof bytes, bytes, &view);
    if (r < 0)
        return r;
    *ret_value = zk_load_long(view);
    return 0;
}

/* The length of a string or buffer: -1, or within the limit. Java: checkLength() */
static int in_length(struct jute_in *in, int32_t *ret_length)
{
    int32_t length;
    int r = jute_in_int(in, &length);
    if (r < 0)
        return r;
    if (length < -1 || length > in->max_length)
        return -EPROTO;
    *ret_length = length;
    return 0;
}

/* Replaces bytes that are no UTF-8, and characters that Java writes otherwise than they came, by
 * what a server of Java has from then on. Two strings that differ only in these are the same to it,
 * and so they must be here. */
static void make_javas(struct ustring *string)
{
    if (zk_utf8_is_ascii(string->text, string->length))
        return;
    char *text = zk_xmalloc(3 * string->length + 1);
    size_t length = zk_utf8_through_java(string->text, string->length, text);
    text[length] = '\0';
    free(string->text);
    string->text = zk_xrealloc(text, length + 1);
    string->length = length;
}

/* Reads in pieces: memory is taken as the bytes arrive. */
static int ustring_from_stream(struct zk_input *input, size_t length, char **ret_text)
{
    size_t have = 0;
    size_t piece = length < PIECE ? length : PIECE;
    char *text = zk_xmalloc(piece + 1);
    for (; have < length; piece = length - have < PIECE + have ? length - have : PIECE + have) {
        if (have > 0)
            text = zk_xrealloc(text, have + piece + 1);
        int r = zk_input_read(input, text + have, piece);
        if (r < 0) {
            free(text);
            return r;
        }
        have += piece;
    }
    *ret_text = text;
    return 0;
}

static char *text_of(const uint8_t *bytes, size_t length)
{
    char *text = zk_xmalloc(length + 1);
    memcpy(text, bytes, length);
    return text;
}

int jute_in_ustring(struct jute_in *in, struct ustring *ret_string)
{
    int32_t length;
    int r = in_length(in, &length);
    if (r < 0)
        return r;
    if (length == -1) {
        *ret_string = (struct ustring){0};
        return 0;
    }
    struct ustring string = {.length = (size_t)length};
    const uint8_t *view = view_arrived(in, string.length);
    if (view != NULL)
        string.text = text_of(view, string.length);
    else if (in->input == NULL)
        return -EPIPE;
    else if ((r = ustring_from_stream(in->input, string.length, &string.text)) < 0)
        return r;
    string.text[string.length] = '\0';
    make_javas(&string);
    *ret_string = string;
    return 0;
}

int jute_in_text(struct jute_in *in, char **ret_text)
{
    struct ustring string;
    int r = jute_in_ustring(in, &string);
    if (r < 0)
        return r;
    if (string.text == NULL || strlen(string.text) != string.length) {
        ustring_done(&string);
        return -EPROTO;
    }
    *ret_text = string.text;
    return 0;
}

static int buffer_from_stream(struct zk_input *input, size_t length, struct buf **ret_buffer)
{
    struct buf *buffer = buf_new(length < PIECE ? length : PIECE);
    for (size_t left = length; left > 0;) {
        uint8_t bytes[PIECE];
        size_t piece = left < PIECE ? left : PIECE;
        int r = zk_input_read(input, bytes, piece);
        if (r < 0) {
            buf_unref(buffer);
            return r;
        }
        buf_put_bytes(buffer, bytes, piece);
        left -= piece;
    }
    *ret_buffer = buffer;
    return 0;
}

/* What stands behind the length. */
static int buffer_of_length(struct jute_in *in, int32_t length, struct buf **ret_buffer)
{
    if (length == -1) {
        *ret_buffer = NULL;
        return 0;
    }
    const uint8_t *view = view_arrived(in, (size_t)length);
    if (view == NULL)
        return in->input != NULL ? buffer_from_stream(in->input, (size_t)length, ret_buffer)
                                 : -EPIPE;
    *ret_buffer = buf_new_copy(view, (size_t)length);
    return 0;
}

int jute_in_buffer(struct jute_in *in, struct buf **ret_buffer)
{
    int32_t length;
    int r = in_length(in, &length);
    return r < 0 ? r : buffer_of_length(in, length, ret_buffer);
}

int jute_in_buffer_again(struct jute_in *in, struct buf **buffer)
{
    int32_t length;
    struct buf *fresh;
    int r = in_length(in, &length);
    if (r < 0)
        return r;
    bool fits = *buffer != NULL && length >= 0 && (size_t)length <= (*buffer)->room;
    const uint8_t *view =
        fits && buf_is_unshared(*buffer) ? view_arrived(in, (size_t)length) : NULL;
    if (view != NULL) {
        (*buffer)->length = 0;
        buf_put_bytes(*buffer, view, (size_t)length);
        return 0;
    }
    r = buffer_of_length(in, length, &fresh);
    if (r < 0)
        return r;
    buf_unref(*buffer);
    *buffer = fresh;
    return 0;
}

int jute_in_start_vector(struct jute_in *in, int32_t *ret_count)
{
    int32_t count;
    int r = jute_in_int(in, &count);
    if (r < 0)
        return r;
    *ret_count = count < -1 ? 0 : count; /* K-21 */
    return 0;
}
