/* The probes, answered by the kernel: probes_kernel PORT. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes.h"

int main(int argc, char **argv)
{
    char place[] = "/tmp/probes.XXXXXX";
    char directory[64];
    char command[64];
    if (argc != 2 || mkdtemp(place) == NULL) {
        fprintf(stderr, "Usage: probes_kernel PORT\n");
        return 2;
    }
    snprintf(directory, sizeof directory, "%s/files", place);
    snprintf(command, sizeof command, "rm -r %s", place);
    probes_run(atoi(argv[1]), directory);
    return system(command) == 0 ? 0 : 1;
}
