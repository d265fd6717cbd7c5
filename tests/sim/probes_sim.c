/* The probes, answered by the simulator: probes_sim [SEED]. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "probes.h"
#include "world.h"

enum { PORT = 4000 };

static int program(int host, void *arg)
{
    (void)host;
    (void)arg;
    probes_run(PORT, "/probes");
    return 0;
}

static void print_line(void *arg, int host, int fd, const char *line, size_t length)
{
    (void)arg;
    (void)host;
    (void)fd;
    printf("%.*s\n", (int)length, line);
}

static bool has_ended(void *arg)
{
    (void)arg;
    return !world_is_running(1);
}

static void drive(void *arg)
{
    (void)arg;
    world_boot(1, program, NULL);
    if (!world_wait_until(has_ended, NULL, 600000))
        world_fail("the probes do not end");
}

int main(int argc, char **argv)
{
    const struct world_options options = {
        .seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1,
        .calm = true,
        .on_line = print_line,
    };
    struct world_report report = world_run(&options, drive, NULL);
    if (report.result != WORLD_OK)
        fprintf(stderr, "seed %" PRIu64 ": %s\n", options.seed, report.reason);
    return report.result == WORLD_OK ? 0 : 1;
}
