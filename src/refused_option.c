/* The option that a program refuses. */
#include "refused_option.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

/* getopt means the letter in optopt, or, if that is none, the word before optind. A letter beyond
 * ASCII is several bytes, of which it names one; then the whole word is shown. getopt still stands
 * at that word, unless the byte was its last. */
const char *refused_option(int argc, char **argv, char letter[3])
{
    if (optopt > ' ' && optopt < 0x7f) {
        letter[0] = '-';
        letter[1] = (char)optopt;
        letter[2] = '\0';
        return letter;
    }
    bool is_in_next = optopt != 0 && optind < argc && argv[optind][0] == '-' &&
                      strchr(argv[optind], (char)optopt) != NULL;
    return argv[is_in_next ? optind : optind - 1];
}
