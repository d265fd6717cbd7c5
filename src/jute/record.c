/* The one codec of all records. Java: org.apache.jute.Record, and what jute's compiler makes */
#include "zk/jute/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

/* Lists grow by doubling from here. */
enum { FIRST_ROOM = 4 };

/* Any list: its members stand in the same places whatever the type of its items is. */
struct any_list {
    JUTE_LIST(void);
};

static void *member_of(void *value, const struct jute_field *field)
{
    return (char *)value + field->offset;
}

static const void *member_of_const(const void *value, const struct jute_field *field)
{
    return (const char *)value + field->offset;
}

/* Its one field has no name of its own in Java. */
static const struct jute_field ustring_fields[] = {
    {.name = "element", .type = JUTE_TYPE_USTRING, .offset = 0},
};
const struct jute_record ustring_record = JUTE_RECORD(ustring, "ustring", ustring_fields);

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_common(const struct jute_record *element, const struct any_list *list)
{
    return element->common != NULL && list->items == element->common->items;
}

static struct any_list common_list(const struct jute_common_list *common)
{
    return (struct any_list){
        .present = true, .count = common->count, .items = (void *)common->items};
}

static void copy_elements(const struct jute_record *element, struct any_list *copy,
                          const struct any_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        jute_copy(element, jute_list_add(element, copy),
                  (const char *)list->items + i * element->size);
}

void *jute_list_add(const struct jute_record *element, void *list)
{
    struct any_list any;
    memcpy(&any, list, sizeof any);
    if (is_common(element, &any)) { /* which never changes */
        struct any_list own = {0};
        copy_elements(element, &own, &any);
        any = own;
    }
    /* The room is the first power of two times FIRST_ROOM that holds count: the list grows when
     * count has just filled it. */
    if (any.count == 0)
        any.items = zk_xrealloc(any.items, FIRST_ROOM * element->size);
    else if (any.count >= FIRST_ROOM && (any.count & (any.count - 1)) == 0)
        any.items = zk_xrealloc(any.items, 2 * any.count * element->size);
    void *item = (char *)any.items + any.count * element->size;
    memset(item, 0, element->size);
    any.count++;
    any.present = true;
    memcpy(list, &any, sizeof any);
    return item;
}

static void list_done(const struct jute_record *element, void *list)
{
    struct any_list any;
    memcpy(&any, list, sizeof any);
    memset(list, 0, sizeof any);
    if (is_common(element, &any))
        return;
    for (size_t i = 0; i < any.count; i++)
        jute_done(element, (char *)any.items + i * element->size);
    free(any.items);
}

/* Returns whether the bytes of that list come next; they are passed over then. */
static bool read_common_list(struct jute_in *in, const struct jute_common_list *common)
{
    struct buf_reader ahead = in->memory;
    const uint8_t *view;
    if (in->input != NULL || buf_get_view(&ahead, common->length, &view) < 0 ||
        memcmp(view, common->bytes, common->length) != 0)
        return false;
    in->memory = ahead;
    return true;
}

/* No memory is taken because of a number that somebody sends: each element is read before there is
 * room for the next. Their bytes together are held to the limit of one buffer (D-35). */
static int read_list(struct jute_in *in, const struct jute_record *element, void *ret_list)
{
    struct any_list list = {0};
    int32_t count;
    if (element->common != NULL && read_common_list(in, element->common)) {
        list = common_list(element->common);
        memcpy(ret_list, &list, sizeof list);
        return 0;
    }
    int r = jute_in_start_vector(in, &count);
    if (r < 0)
        return r;
    list.present = count >= 0;
    int64_t limit = jute_in_position(in) + in->max_length;
    for (int32_t i = 0; i < count; i++) {
        r = jute_read(in, element, jute_list_add(element, &list));
        if (r == 0 && jute_in_position(in) > limit)
            r = -EPROTO;
        if (r < 0) {
            list_done(element, &list);
            return r;
        }
    }
    memcpy(ret_list, &list, sizeof list);
    return 0;
}

static void write_list(struct jute_out *out, const struct jute_record *element, const void *list)
{
    struct any_list any;
    memcpy(&any, list, sizeof any);
    if (is_common(element, &any)) {
        jute_out_bytes(out, element->common->bytes, element->common->length);
        return;
    }
    jute_out_start_vector(out, any.present ? (int32_t)any.count : -1);
    for (size_t i = 0; i < any.count; i++)
        jute_write(out, element, (const char *)any.items + i * element->size);
}

static void copy_list(const struct jute_record *element, void *ret_list, const void *list)
{
    struct any_list any;
    struct any_list copy = {0};
    memcpy(&any, list, sizeof any);
    copy.present = any.present;
    if (is_common(element, &any))
        copy = any;
    else
        copy_elements(element, &copy, &any);
    memcpy(ret_list, &copy, sizeof copy);
}

/* The order counts. */
static bool lists_equal(const struct jute_record *element, const void *one, const void *other)
{
    struct any_list a;
    struct any_list b;
    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    bool equal = a.present == b.present && a.count == b.count;
    if (equal && a.items == b.items)
        return true;
    for (size_t i = 0; equal && i < a.count; i++)
        equal = jute_equal(element, (const char *)a.items + i * element->size,
                           (const char *)b.items + i * element->size);
    return equal;
}

/* ---- numbers that follow one another ----------------------------------------------------------
 * Most fields of most records are numbers. Those between two others are read or written at once:
 * a StatPersisted is one piece of 60 bytes, not nine. */

enum { RUN_BYTES = 128 };

/* Returns how many fields from the first on are numbers and fit into a run, and their bytes. */
static size_t count_run(const struct jute_record *record, size_t first, size_t *ret_bytes)
{
    size_t bytes = 0;
    size_t end = first;
    for (; end < record->field_count; end++) {
        size_t width = record->fields[end].width;
        if (width == 0 || bytes + width > RUN_BYTES)
            break;
        bytes += width;
    }
    *ret_bytes = bytes;
    return end - first;
}

static void store_number(uint8_t *bytes, const struct jute_field *field, const void *member)
{
    if (field->width == sizeof(int64_t))
        zk_store_long(bytes, *(const int64_t *)member);
    else if (field->width == sizeof(int32_t))
        zk_store_int(bytes, *(const int32_t *)member);
    else
        *bytes = *(const bool *)member ? 1 : 0;
}

static void load_number(const uint8_t *bytes, const struct jute_field *field, void *ret_member)
{
    if (field->width == sizeof(int64_t))
        *(int64_t *)ret_member = zk_load_long(bytes);
    else if (field->width == sizeof(int32_t))
        *(int32_t *)ret_member = zk_load_int(bytes);
    else
        *(bool *)ret_member = *bytes != 0;
}

/* ---- records --------------------------------------------------------------------------------- */

/* Reads the numbers from the first field on, as many as follow one another, from bytes in memory:
 * a transaction that is replayed has ten of them. */
static int read_numbers(struct buf_reader *memory, const struct jute_record *record, size_t first,
                        void *ret_value, size_t *ret_count)
{
    const struct jute_field *end = record->fields + record->field_count;
    const struct jute_field *field = record->fields + first;
    const uint8_t *bytes;
    for (; field < end && field->width > 0; field++) {
        if (buf_get_view(memory, field->width, &bytes) < 0)
            return -EPIPE;
        load_number(bytes, field, member_of(ret_value, field));
    }
    *ret_count = (size_t)(field - record->fields) - first;
    return 0;
}

/* Reads one field, or several numbers. *ret_count: how many. */
static int read_fields(struct jute_in *in, const struct jute_record *record, size_t first,
                       void *ret_value, size_t *ret_count)
{
    uint8_t run[RUN_BYTES];
    size_t length;
    const struct jute_field *field = &record->fields[first];
    if (field->width > 0 && in->input == NULL)
        return read_numbers(&in->memory, record, first, ret_value, ret_count);
    size_t count = count_run(record, first, &length);
    *ret_count = count > 0 ? count : 1;
    if (count > 0) {
        const uint8_t *next;
        int r = jute_in_view(in, length, run, &next);
        if (r < 0)
            return r;
        for (size_t i = 0; i < count; next += field[i++].width)
            load_number(next, &field[i], member_of(ret_value, &field[i]));
        return 0;
    }
    void *member = member_of(ret_value, field);
    if (field->type == JUTE_TYPE_USTRING)
        return jute_in_ustring(in, member);
    if (field->type == JUTE_TYPE_BUFFER)
        return jute_in_buffer(in, member);
    return field->type == JUTE_TYPE_RECORD ? jute_read(in, field->record, member)
                                           : read_list(in, field->record, member);
}

int jute_read(struct jute_in *in, const struct jute_record *record, void *ret_value)
{
    size_t count;
    for (size_t i = 0; i < record->field_count; i += count) {
        int r = read_fields(in, record, i, ret_value, &count);
        if (r == 0)
            continue;
        struct jute_record read = *record; /* what has been read so far goes again */
        read.field_count = i;
        jute_done(&read, ret_value);
        return r;
    }
    return 0;
}

/* Writes one field that is no number. */
static void write_field(struct jute_out *out, const struct jute_field *field, const void *member)
{
    if (field->type == JUTE_TYPE_USTRING)
        jute_out_ustring(out, member);
    else if (field->type == JUTE_TYPE_BUFFER)
        jute_out_buffer(out, *(struct buf *const *)member);
    else if (field->type == JUTE_TYPE_RECORD)
        jute_write(out, field->record, member);
    else
        write_list(out, field->record, member);
}

void jute_write(struct jute_out *out, const struct jute_record *record, const void *value)
{
    uint8_t run[RUN_BYTES];
    for (size_t i = 0; i < record->field_count;) {
        size_t length;
        const struct jute_field *field = &record->fields[i];
        size_t count = count_run(record, i, &length);
        uint8_t *room = count > 0 ? jute_out_room(out, length) : NULL;
        uint8_t *next = room != NULL ? room : run;
        for (size_t j = 0; j < count; next += field[j++].width)
            store_number(next, &field[j], member_of_const(value, &field[j]));
        if (count > 0 && room == NULL)
            jute_out_bytes(out, run, length);
        else if (count == 0)
            write_field(out, field, member_of_const(value, field));
        i += count > 0 ? count : 1;
    }
}

/* Returns how many bytes a field that is no number takes. */
static size_t field_size(const struct jute_field *field, const void *member)
{
    const struct buf *buffer;
    struct any_list list;
    size_t size = 4;
    if (field->type == JUTE_TYPE_USTRING)
        return size + ((const struct ustring *)member)->length;
    if (field->type == JUTE_TYPE_BUFFER) {
        buffer = *(struct buf *const *)member;
        return size + (buffer != NULL ? buffer->length : 0);
    }
    if (field->type == JUTE_TYPE_RECORD)
        return jute_size(field->record, member);
    memcpy(&list, member, sizeof list);
    if (is_common(field->record, &list))
        return field->record->common->length;
    for (size_t i = 0; i < list.count; i++)
        size += jute_size(field->record, (const char *)list.items + i * field->record->size);
    return size;
}

size_t jute_size(const struct jute_record *record, const void *value)
{
    size_t size = 0;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct jute_field *field = &record->fields[i];
        size += field->width > 0 ? field->width : field_size(field, member_of_const(value, field));
    }
    return size;
}

struct buf *jute_to_buf(const struct jute_record *record, const void *value)
{
    struct buf *bytes = buf_new(jute_size(record, value));
    struct jute_out out = jute_out_of_buf(bytes);
    jute_write(&out, record, value);
    zk_assert(out.error == 0); /* only a length of more than 31 bits fails */
    return bytes;
}

void jute_done(const struct jute_record *record, void *value)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct jute_field *field = &record->fields[i];
        void *member = member_of(value, field);
        switch (field->type) {
        case JUTE_TYPE_INT:
            *(int32_t *)member = 0;
            break;
        case JUTE_TYPE_LONG:
            *(int64_t *)member = 0;
            break;
        case JUTE_TYPE_BOOLEAN:
            *(bool *)member = false;
            break;
        case JUTE_TYPE_USTRING:
            ustring_done(member);
            break;
        case JUTE_TYPE_BUFFER:
            buf_unref(*(struct buf **)member);
            *(struct buf **)member = NULL;
            break;
        case JUTE_TYPE_RECORD:
            jute_done(field->record, member);
            break;
        case JUTE_TYPE_VECTOR:
            list_done(field->record, member);
            break;
        }
    }
}

void jute_copy(const struct jute_record *record, void *ret_value, const void *value)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct jute_field *field = &record->fields[i];
        const void *from = member_of_const(value, field);
        void *to = member_of(ret_value, field);
        switch (field->type) {
        case JUTE_TYPE_INT:
            *(int32_t *)to = *(const int32_t *)from;
            break;
        case JUTE_TYPE_LONG:
            *(int64_t *)to = *(const int64_t *)from;
            break;
        case JUTE_TYPE_BOOLEAN:
            *(bool *)to = *(const bool *)from;
            break;
        case JUTE_TYPE_USTRING:
            *(struct ustring *)to = ustring_copy(from);
            break;
        case JUTE_TYPE_BUFFER: {
            struct buf *buffer = *(struct buf *const *)from;
            *(struct buf **)to = buffer != NULL ? buf_ref(buffer) : NULL;
            break;
        }
        case JUTE_TYPE_RECORD:
            jute_copy(field->record, to, from);
            break;
        case JUTE_TYPE_VECTOR:
            copy_list(field->record, to, from);
            break;
        }
    }
}

static bool buffers_equal(const struct buf *one, const struct buf *other)
{
    if (one == NULL || other == NULL)
        return one == other;
    return one->length == other->length &&
           (one->length == 0 || memcmp(one->bytes, other->bytes, one->length) == 0);
}

static bool members_equal(const struct jute_field *field, const void *one, const void *other)
{
    switch (field->type) {
    case JUTE_TYPE_INT:
        return *(const int32_t *)one == *(const int32_t *)other;
    case JUTE_TYPE_LONG:
        return *(const int64_t *)one == *(const int64_t *)other;
    case JUTE_TYPE_BOOLEAN:
        return *(const bool *)one == *(const bool *)other;
    case JUTE_TYPE_USTRING:
        return ustring_equal(one, other);
    case JUTE_TYPE_BUFFER:
        return buffers_equal(*(struct buf *const *)one, *(struct buf *const *)other);
    case JUTE_TYPE_RECORD:
        return jute_equal(field->record, one, other);
    case JUTE_TYPE_VECTOR:
        return lists_equal(field->record, one, other);
    }
    zk_unreachable();
}

bool jute_equal(const struct jute_record *record, const void *one, const void *other)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (!members_equal(&record->fields[i], member_of_const(one, &record->fields[i]),
                           member_of_const(other, &record->fields[i])))
            return false;
    return true;
}
