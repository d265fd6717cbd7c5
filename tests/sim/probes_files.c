/* What a file system does with the calls of the product. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes.h"

enum { PATH_SIZE = 200 };

static char first[PATH_SIZE];
static char second[PATH_SIZE];
static char folder[PATH_SIZE];
static char inside[PATH_SIZE];

static void probe_bytes(void)
{
    char bytes[64] = "";
    say("-- bytes");
    long r = open(first, O_RDONLY | O_CLOEXEC);
    say("open nothing: %s", outcome(r));
    int fd = open(first, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    say("create: %s", outcome(fd));
    r = open(first, O_RDWR | O_CREAT | O_EXCL, 0644);
    say("create again: %s", outcome(r));
    say("write %ld", (long)write(fd, "0123456789", 10));
    r = pread(fd, bytes, 4, 3);
    say("pread %ld %.4s", r, bytes);
    say("pread at the end %ld", (long)pread(fd, bytes, 4, 10));
    say("pread beyond %ld", (long)pread(fd, bytes, 4, 100));
    lseek(fd, 8, SEEK_SET);
    say("read near the end %ld", (long)read(fd, bytes, 10));
    say("read at the end %ld", (long)read(fd, bytes, 10));
    say("lseek to the end %ld", (long)lseek(fd, 0, SEEK_END));
    r = ftruncate(fd, 4);
    say("cut: %s", outcome(r));
    r = ftruncate(fd, 8);
    say("lengthen: %s", outcome(r));
    r = pread(fd, bytes, 8, 0);
    say("now %ld, old %c, new %d", r, bytes[3], bytes[4]);
    say("pwrite beyond %ld", (long)pwrite(fd, "z", 1, 20));
    struct stat status;
    r = fstat(fd, &status);
    say("fstat: %s, size %ld, regular %d", outcome(r), (long)status.st_size,
        S_ISREG(status.st_mode));
    r = fsync(fd);
    say("fsync: %s", outcome(r));
    close(fd);

    fd = open(first, O_WRONLY | O_APPEND);
    say("write at the end %ld", (long)write(fd, "end", 3));
    r = read(fd, bytes, 1);
    say("read a file opened for writing: %s", outcome(r));
    close(fd);
    r = stat(first, &status);
    say("after appending: %s, size %ld", outcome(r), (long)status.st_size);
    fd = open(first, O_RDONLY);
    r = write(fd, "x", 1);
    say("write a file opened for reading: %s", outcome(r));
    close(fd);
    fd = open(first, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    fstat(fd, &status);
    say("emptied: size %ld", (long)status.st_size);
    close(fd);
}

/* What a log does: zeros far behind, then bytes in front of them. */
static void probe_holes(void)
{
    enum { FAR = 1 << 20 };
    char bytes[8] = "";
    struct stat status;
    say("-- holes");
    int fd = open(first, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    say("one zero far behind %ld", (long)pwrite(fd, "", 1, FAR - 1));
    say("bytes in front %ld", (long)pwrite(fd, "abcd", 4, 600));
    say("zeros over two of them %ld", (long)pwrite(fd, "\0\0", 2, 602));
    long r = pread(fd, bytes, 6, 599);
    say("in front %ld: %d %c%c %d", r, bytes[0], bytes[1], bytes[2], bytes[3]);
    r = pread(fd, bytes, 8, FAR - 4);
    say("at the end %ld: %d", r, bytes[3]);
    r = fdatasync(fd);
    say("fdatasync: %s", outcome(r));
    r = ftruncate(fd, 601);
    say("cut: %s", outcome(r));
    say("bytes behind the cut %ld", (long)pwrite(fd, "z", 1, 700));
    r = pread(fd, bytes, 4, 599);
    say("what was cut is zero %ld: %c %d", r, bytes[1], bytes[2]);
    fstat(fd, &status);
    say("size %ld", (long)status.st_size);
    close(fd);
    unlink(first);
}

static void probe_names(void)
{
    char bytes[64];
    say("-- names");
    int fd = open(first, O_RDWR);
    say("write %ld", (long)write(fd, "kept", 4));
    long r = rename(first, second);
    say("rename: %s", outcome(r));
    r = open(first, O_RDONLY);
    say("the old name: %s", outcome(r));
    say("still readable %ld", (long)pread(fd, bytes, 8, 0));
    int other = open(first, O_WRONLY | O_CREAT, 0644);
    say("write to another %ld", (long)write(other, "more", 4));
    close(other);
    r = rename(first, second);
    say("rename over another: %s", outcome(r));
    say("the replaced one is readable %ld", (long)pread(fd, bytes, 8, 0));
    close(fd);
    r = unlink(second);
    say("unlink: %s", outcome(r));
    r = unlink(second);
    say("unlink again: %s", outcome(r));
    r = rename(first, second);
    say("rename nothing: %s", outcome(r));
    r = rename(first, inside);
    say("rename nothing into nowhere: %s", outcome(r));
    r = open(inside, O_WRONLY | O_CREAT, 0644);
    say("create in no directory: %s", outcome(r));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void say_names(const char *path)
{
    char *names[16];
    size_t count = 0;
    DIR *stream = opendir(path);
    const struct dirent *entry;
    if (stream == NULL) {
        say("opendir: %s", outcome(-1));
        return;
    }
    while ((entry = readdir(stream)) != NULL && count < 16)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = strdup(entry->d_name);
    closedir(stream);
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++) {
        say("entry %s", names[i]);
        free(names[i]);
    }
}

static void probe_directories(const char *directory)
{
    char bytes[8];
    struct stat status;
    say("-- directories");
    long r = mkdir(folder, 0755);
    say("mkdir: %s", outcome(r));
    r = mkdir(folder, 0755);
    say("mkdir again: %s", outcome(r));
    r = mkdir(inside, 0755);
    say("mkdir inside: %s", outcome(r));
    close(open(first, O_WRONLY | O_CREAT, 0644));
    r = stat(folder, &status);
    say("stat: %s, a directory %d", outcome(r), S_ISDIR(status.st_mode));
    say_names(directory);
    say_names(folder);
    say_names(inside);
    say_names(first);
    r = open(folder, O_WRONLY);
    say("open for writing: %s", outcome(r));
    r = open(first, O_RDONLY | O_DIRECTORY);
    say("open a file as a directory: %s", outcome(r));
    r = unlink(folder);
    say("unlink a directory: %s", outcome(r));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = read(fd, bytes, 1);
    say("read: %s", outcome(r));
    r = fsync(fd);
    say("fsync: %s", outcome(r));
    close(fd);
    unlink(first);
}

void probe_files(const char *directory)
{
    snprintf(first, sizeof first, "%s/first", directory);
    snprintf(second, sizeof second, "%s/second", directory);
    snprintf(folder, sizeof folder, "%s/folder", directory);
    snprintf(inside, sizeof inside, "%s/folder/inside", directory);
    probe_bytes();
    probe_names();
    probe_holes();
    probe_directories(directory);
}
