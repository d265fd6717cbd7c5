/* The probes, answered by the kernel: probes_kernel PORT. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes.h"

int main(int argc, char **argv)
{
    char directory[] = "/tmp/probes.XXXXXX";
    if (argc != 2 || mkdtemp(directory) == NULL) {
        fprintf(stderr, "usage: probes_kernel PORT\n");
        return 2;
    }
    probes_run(atoi(argv[1]), directory);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command) == 0 ? 0 : 1;
}
