#include "zk_test.h"

#include <errno.h>
#include <string.h>

#include "zk/base/error.h"

static void an_error_has_the_words_of_the_system(void **state)
{
    (void)state;
    assert_string_equal(zk_error_text(-ECONNREFUSED).text, "Connection refused");
    assert_string_equal(zk_error_text(-EADDRNOTAVAIL).text, "Cannot assign requested address");
}

static void the_sign_does_not_matter(void **state)
{
    (void)state;
    assert_string_equal(zk_error_text(ECONNREFUSED).text, zk_error_text(-ECONNREFUSED).text);
    assert_string_equal(zk_error_text(EPIPE).text, zk_error_text(-EPIPE).text);
}

static void where_the_words_of_the_system_mislead_we_have_our_own(void **state)
{
    (void)state;
    assert_string_equal(zk_error_text(-ECANCELED).text, "this side closed it");
    assert_string_equal(zk_error_text(-ETIMEDOUT).text, "timed out");
    assert_string_equal(zk_error_text(-EPROTO).text, "malformed message");
    assert_string_equal(zk_error_text(-EPIPE).text, "the far end closed the connection");
    assert_string_equal(zk_error_text(-EDESTADDRREQ).text, "the host name cannot be resolved");
}

static void an_unknown_error_shows_its_number(void **state)
{
    (void)state;
    assert_non_null(strstr(zk_error_text(-99999).text, "99999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_the_words_of_the_system),
        cmocka_unit_test(the_sign_does_not_matter),
        cmocka_unit_test(where_the_words_of_the_system_mislead_we_have_our_own),
        cmocka_unit_test(an_unknown_error_shows_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
