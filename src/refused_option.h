/* The option that a program refuses, as its user typed it: for main.c and zkdump.c. */
#ifndef REFUSED_OPTION_H
#define REFUSED_OPTION_H

/* Returns the option at which getopt() has answered ':' or '?': "-x", which is written to letter,
 * or a word of argv. The main thread, right behind that answer. */
const char *refused_option(int argc, char **argv, char letter[3]);

#endif
