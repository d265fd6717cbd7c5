/* Feeds every file of a corpus to a fuzz target, as one cmocka test. CORPUS_DIR is the directory.
 * An empty one fails: nothing would be tested. Each input runs in a child process, so that one that
 * ends it does not hide the others, and every one that fails is named. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk_test.h"

enum {
    LARGEST_INPUT = 1 << 20,
    SLOWEST_INPUT_S = 20, /* under a sanitizer, on a busy machine */
};

/* The child ends by exit(), so that the leak checker looks at it. */
static void feed(const struct zk_str *input)
{
    uint8_t *bytes = zk_xmalloc(input->length); /* to the byte: a sanitizer sees the end */
    if (input->length > 0)
        memcpy(bytes, input->text, input->length);
    alarm(SLOWEST_INPUT_S);
    int r = LLVMFuzzerTestOneInput(bytes, input->length);
    free(bytes);
    exit(r);
}

static bool is_fine(const char *path)
{
    struct zk_str input = {0};
    int status = 0;
    assert_int_equal(file_read(path, LARGEST_INPUT, &input), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        feed(&input);
    assert_int_equal(waitpid(child, &status, 0), child);
    zk_str_done(&input);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void every_input_of_the_corpus_keeps_the_targets_promises(void **state)
{
    (void)state;
    struct zk_strings names = {0};
    size_t bad = 0;
    assert_int_equal(file_list(CORPUS_DIR, &names), 0);
    assert_true(names.count > 0);
    for (size_t i = 0; i < names.count; i++) {
        char *path = test_path(CORPUS_DIR, names.items[i]);
        if (!is_fine(path)) {
            print_error("ERROR: %s\n", path);
            bad++;
        }
        free(path);
    }
    zk_strings_done(&names);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_input_of_the_corpus_keeps_the_targets_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
