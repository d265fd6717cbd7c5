/* JSON in Jackson's layout. */
#include "zk/base/json.h"

#include <stdlib.h>

#include "zk_test.h"

static void members_and_lists_are_laid_out_as_jackson_does(void **state)
{
    (void)state;
    struct zk_str text = {0};
    struct json_writer json = {.str = &text};

    json_object_begin(&json, NULL);
    json_list_begin(&json, "connections");
    json_object_begin(&json, NULL);
    json_text(&json, "address", "127.0.0.1:1");
    json_long(&json, "received", -4);
    json_object_end(&json);
    json_object_begin(&json, NULL);
    json_object_begin(&json, "inner");
    json_bool(&json, "yes", true);
    json_object_end(&json);
    json_object_end(&json);
    json_list_end(&json);
    json_list_begin(&json, "none");
    json_list_end(&json);
    json_object_begin(&json, "nothing");
    json_object_end(&json);
    json_list_begin(&json, "ports");
    json_long(&json, NULL, 1);
    json_long(&json, NULL, 2);
    json_list_end(&json);
    json_number(&json, "avg", "0.7143");
    json_text(&json, "error", NULL);
    json_object_end(&json);

    assert_string_equal(zk_str_text(&text), "{\n"
                                            "  \"connections\" : [ {\n"
                                            "    \"address\" : \"127.0.0.1:1\",\n"
                                            "    \"received\" : -4\n"
                                            "  }, {\n"
                                            "    \"inner\" : {\n"
                                            "      \"yes\" : true\n"
                                            "    }\n"
                                            "  } ],\n"
                                            "  \"none\" : [ ],\n"
                                            "  \"nothing\" : { },\n"
                                            "  \"ports\" : [ 1, 2 ],\n"
                                            "  \"avg\" : 0.7143,\n"
                                            "  \"error\" : null\n"
                                            "}");
    zk_str_done(&text);
}

static void what_clients_have_chosen_cannot_leave_its_quotes(void **state)
{
    (void)state;
    struct zk_str text = {0};
    struct json_writer json = {.str = &text};
    json_object_begin(&json, NULL);
    json_text(&json, "a\"b", "\"\\\n\x01");
    json_object_end(&json);
    assert_string_equal(zk_str_text(&text), "{\n  \"a\\\"b\" : \"\\\"\\\\\\n\\u0001\"\n}");
    zk_str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_lists_are_laid_out_as_jackson_does),
        cmocka_unit_test(what_clients_have_chosen_cannot_leave_its_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
