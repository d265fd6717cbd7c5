/* FileHeader. Java: persistence.FileHeader */
#include "zk/jute/persistence.h"

static const struct jute_field file_header_fields[] = {
    JUTE_FIELD(file_header, magic, "magic"),
    JUTE_FIELD(file_header, version, "version"),
    JUTE_FIELD(file_header, dbid, "dbid"),
};
const struct jute_record file_header_record =
    JUTE_RECORD(file_header, "FileHeader", file_header_fields);
