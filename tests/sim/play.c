/* A play is a file: prose in lines that begin with #, and blocks of commands, each with what the
 * peers then do beneath it:
 *
 *     kill leader
 *     until settled
 *     ----
 *        3105 ms  1 is LOOKING: ...
 *
 * A blank line ends a block. All blocks of a file happen in one world, in which nothing is left to
 * chance (world_options.in_turn). */
#include "play.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctx.h"

enum { EXIT_AS_WRITTEN = 0, EXIT_DIFFERS = 1, EXIT_WRONG = 2 };

enum { LINES_MAX = 4096, PLAY_SEED = 1, STEP_LIMIT = 2000000 };

static const char USAGE[] =
    "Usage: zksim play FILE... [OPTION]...\n"
    "\n"
    "Prints each play with what happens in it; where something else happens than is written, the\n"
    "first difference.\n"
    "\n"
    "  --quiet          print only what differs\n"
    "  --rewrite        write what happens into the files\n"
    "  --backend NAME   asm, ucontext or thread: how stacks are switched\n"
    "  --trace FILE     write the peers' trace\n"
    "  -h, --help       print this\n"
    "\n"
    "Exit: 0 all happens as it is written, 1 something else happens, 2 a file is no play.\n";

/* Lines of a file: those of a block are [first, rule) commands and (rule, end) what is expected. */
struct block {
    int first;
    int rule;
    int end;
    struct play_text told;
};

struct script {
    char *bytes;
    const char *lines[LINES_MAX];
    int line_count;
    struct block blocks[LINES_MAX / 2];
    int block_count;
};

static struct {
    bool quiet;
    bool rewrite;
    FILE *trace;
} args;

static struct play play;
static struct script script;

/* ---- text ----------------------------------------------------------------------------------- */

void play_text_add(struct play_text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (text->length + (size_t)length >= text->capacity) {
        text->capacity = 2 * (text->length + (size_t)length) + 256;
        text->bytes = realloc(text->bytes, text->capacity);
        if (text->bytes == NULL)
            abort();
    }
    va_start(list, format);
    vsnprintf(text->bytes + text->length, text->capacity - text->length, format, list);
    va_end(list);
    text->length += (size_t)length;
}

const char *play_text_bytes(const struct play_text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

void play_text_clear(struct play_text *text)
{
    free(text->bytes);
    *text = (struct play_text){.bytes = NULL};
}

/* ---- reading -------------------------------------------------------------------------------- */

static int complain(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    return EXIT_WRONG;
}

static char *read_whole(const char *path)
{
    struct play_text text = {.bytes = NULL};
    char buffer[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        play_text_add(&text, "%.*s", (int)got, buffer);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        play_text_clear(&text);
    return text.bytes;
}

static bool is_blank(int line)
{
    return line >= script.line_count || script.lines[line][0] == '\0';
}

/* Commands from this line on, up to the blank line behind what is expected. */
static int read_block(const char *file, int first)
{
    struct block *block = &script.blocks[script.block_count++];
    *block = (struct block){.first = first, .rule = first};
    while (!is_blank(block->rule) && strcmp(script.lines[block->rule], "----") != 0) {
        if (strlen(script.lines[block->rule]) >= SENTENCE_SIZE)
            return complain(file, block->rule + 1, "the command is too long");
        block->rule++;
    }
    if (is_blank(block->rule))
        return complain(file, first + 1, "commands without ---- beneath them");
    if (block->rule == first)
        return complain(file, first + 1, "---- without commands above it");
    block->end = block->rule + 1;
    while (!is_blank(block->end))
        block->end++;
    return 0;
}

static int read_script(const char *file)
{
    script.line_count = 0;
    script.block_count = 0;
    script.bytes = read_whole(file);
    if (script.bytes == NULL)
        return complain(file, 0, "cannot be read");
    char *line = script.bytes;
    while (*line != '\0' && script.line_count < LINES_MAX) {
        char *end = strchrnul(line, '\n');
        char *next = *end == '\n' ? end + 1 : end;
        *end = '\0';
        script.lines[script.line_count++] = line;
        line = next;
    }
    if (*line != '\0')
        return complain(file, LINES_MAX, "too many lines");
    for (int i = 0; i < script.line_count; i++) {
        if (is_blank(i) || script.lines[i][0] == '#')
            continue;
        int code = read_block(file, i);
        if (code != 0)
            return code;
        i = script.blocks[script.block_count - 1].end;
    }
    return script.block_count > 0 ? 0 : complain(file, 1, "nothing happens in it");
}

static void forget_script(void)
{
    for (int i = 0; i < script.block_count; i++)
        play_text_clear(&script.blocks[i].told);
    free(script.bytes);
    script.bytes = NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

static void drive(void *arg)
{
    (void)arg;
    for (int i = 0; i < script.block_count; i++) {
        struct block *block = &script.blocks[i];
        for (int line = block->first; line < block->rule; line++) {
            char command[SENTENCE_SIZE];
            snprintf(command, sizeof command, "%s", script.lines[line]);
            play.line = line + 1;
            play_command(&play, command);
        }
        block->told = play.teller.heard;
        play.teller.heard = (struct play_text){.bytes = NULL};
    }
    play_stop_all(&play);
}

void play_on_line(void *arg, int host, int fd, const char *line, size_t length)
{
    struct play *self = arg;
    char copy[4096];
    if (fd == FD_TRACE && length < sizeof copy) {
        memcpy(copy, line, length);
        copy[length] = '\0';
        teller_take(&self->teller, host, copy);
    }
    cluster_on_line(&self->cluster, host, fd, line, length);
    world_notify();
}

/* A peer may end itself in a play: then the play tells it. */
void play_on_exit(void *arg, int host, int code)
{
    struct play *self = arg;
    self->exit_codes[host] = code;
    self->cluster.stopping[host] = true;
    cluster_on_exit(&self->cluster, host, 0);
    teller_forget(&self->teller, host);
    world_notify();
}

static struct world_report run(const char *file)
{
    play = (struct play){.file = file, .cluster.options.trace = args.trace};
    const struct world_options options = {
        .seed = PLAY_SEED,
        .calm = true,
        .in_turn = true,
        .step_limit = STEP_LIMIT,
        .on_line = play_on_line,
        .on_exit = play_on_exit,
        .arg = &play,
    };
    struct world_report report = world_run(&options, drive, NULL);
    play_forget_speeches(&play);
    play_text_clear(&play.teller.heard);
    cluster_end(&play.cluster);
    return report;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* The length of the line at the beginning of text, without its end. */
static int line_length(const char *text)
{
    return (int)strcspn(text, "\n");
}

static bool is_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    return strncmp(text, line, length) == 0 && (text[length] == '\n' || text[length] == '\0');
}

static const char *next_line(const char *text)
{
    text += line_length(text);
    return *text == '\n' ? text + 1 : text;
}

/* From the first line that differs, both; at most so many of each. */
static bool compare_block(const char *file, const struct block *block)
{
    enum { SHOWN = 8 };
    const char *told = play_text_bytes(&block->told);
    int line = block->rule + 1;
    while (line < block->end && *told != '\0' && is_line(told, script.lines[line])) {
        told = next_line(told);
        line++;
    }
    if (line == block->end && *told == '\0')
        return true;
    printf("%s:%d: after \"%s\" something else happens\n", file, line + 1,
           script.lines[block->rule - 1]);
    for (int i = line; i < block->end && i < line + SHOWN; i++)
        printf("  expected: %s\n", script.lines[i]);
    for (int i = 0; *told != '\0' && i < SHOWN; i++, told = next_line(told))
        printf("  got:      %.*s\n", line_length(told), told);
    return false;
}

/* The script with what has happened beneath its commands. */
static void write_script(FILE *out)
{
    int line = 0;
    for (int i = 0; i < script.block_count; i++) {
        const struct block *block = &script.blocks[i];
        for (; line <= block->rule; line++)
            fprintf(out, "%s\n", script.lines[line]);
        fputs(play_text_bytes(&block->told), out);
        line = block->end;
    }
    for (; line < script.line_count; line++)
        fprintf(out, "%s\n", script.lines[line]);
}

static bool rewrite(const char *file)
{
    FILE *out = fopen(file, "w");
    if (out == NULL)
        return false;
    write_script(out);
    return fclose(out) == 0;
}

static int judge(const char *file, const struct world_report *report)
{
    bool same = true;
    if (play.wrong) {
        fprintf(stderr, "%s\n", report->reason);
        return EXIT_WRONG;
    }
    if (report->result != WORLD_OK) {
        printf("%s:%d: the world ends: %s\n", file, play.line, report->reason);
        return EXIT_DIFFERS;
    }
    if (args.rewrite)
        return rewrite(file) ? EXIT_AS_WRITTEN : complain(file, 0, "cannot be written");
    for (int i = 0; same && i < script.block_count; i++)
        same = compare_block(file, &script.blocks[i]);
    if (same && !args.quiet)
        write_script(stdout);
    return same ? EXIT_AS_WRITTEN : EXIT_DIFFERS;
}

static int play_file(const char *file)
{
    int code = read_script(file);
    if (code == 0) {
        struct world_report report = run(file);
        code = judge(file, &report);
    }
    forget_script();
    return code;
}

/* ---- the command line ----------------------------------------------------------------------- */

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "zksim: %s%s (try zksim play --help)\n", what, value);
    return EXIT_WRONG;
}

/* -1: go on; otherwise the exit code. */
static int parse_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"quiet", no_argument, NULL, 'q'},         {"rewrite", no_argument, NULL, 'r'},
        {"backend", required_argument, NULL, 'b'}, {"trace", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == ':')
            return usage_error("a value must follow ", argv[optind - 1]);
        if (option == '?') {
            const char letter[] = {'-', (char)optopt, '\0'}; /* one of perhaps several */
            return usage_error("I do not know ", optopt >= ' ' ? letter : argv[optind - 1]);
        }
        if (option == 'h') {
            fputs(USAGE, stdout);
            return EXIT_AS_WRITTEN;
        }
        args.quiet = args.quiet || option == 'q';
        args.rewrite = args.rewrite || option == 'r';
        if (option == 't' && (args.trace = fopen(optarg, "w")) == NULL)
            return usage_error("cannot write ", optarg);
        if (option == 'b' && !ctx_choose(optarg))
            return usage_error("there is no back end ", optarg);
    }
    for (int i = optind; i < argc; i++)
        if (access(argv[i], R_OK) < 0)
            return usage_error("cannot read ", argv[i]);
    return optind < argc ? -1 : usage_error("play which file?", "");
}

int play_main(int argc, char **argv)
{
    int code = parse_arguments(argc, argv);
    if (code >= 0)
        return code;
    code = EXIT_AS_WRITTEN;
    for (int i = optind; i < argc; i++) {
        int result = play_file(argv[i]);
        code = result > code ? result : code;
    }
    if (args.trace != NULL && fclose(args.trace) != 0)
        code = EXIT_WRONG;
    if (code == EXIT_AS_WRITTEN)
        printf("%d play%s, %s\n", argc - optind, argc - optind == 1 ? "" : "s",
               args.rewrite ? "written" : "all as written");
    return code;
}
