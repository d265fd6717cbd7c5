"""The rules of the house that can be checked on the text of the sources: tidy.sh tells them."""

import glob
import re
import sys

from csource import code_only, comment_share, functions
from gate import Gate, read, sources

COLUMNS, FUNCTION_LINES, LONG_FUNCTION_LINES, FILE_LINES = 100, 70, 120, 800

# What only the ground floors base, runtime and io may call: they are the only callers of the operating system.
SYSTEM_CALLS = """
pthread_[a-z_]+|thrd_[a-z]+|mtx_[a-z]+|cnd_[a-z]+|sem_[a-z]+|fork|vfork|exec[lv][a-z]*|system|popen
socket|socketpair|bind|listen|accept4?|connect|send|sendto|sendmsg|recv|recvfrom|recvmsg|shutdown|[gs]etsockopt|getsockname
getpeername|getaddrinfo|gethostby[a-z]+|poll|ppoll|p?select|epoll_[a-z]+|fcntl|ioctl|pipe2?|dup[23]?
time|clock|clock_[a-z]+|gettimeofday|localtime(?:_r)?|gmtime(?:_r)?|sleep|usleep|nanosleep|sched_yield|alarm|timer_[a-z]+
open|openat|creat|close|p?readv?|p?writev?|lseek|fsync|fdatasync|ftruncate|truncate|rename|unlink|remove|mkdir|rmdir
stat|fstat|lstat|access|opendir|readdir|closedir|getcwd|chdir|realpath|mmap|munmap
fopen|fdopen|fclose|fread|fwrite|fprintf|vfprintf|printf|vprintf|dprintf|puts|fputs|putchar|fputc|putc|fgets|getline|perror|syslog
getenv|setenv|putenv|signal|sigaction|kill|raise|exit|_exit|abort|atexit|rand|srand|random|getrandom|getopt(?:_long)?
""".strip().replace("\n", "|")
# What nobody calls: state that is not seen, memory that is not bounded.
UNSAFE_CALLS = ("strtok|strtok_r|strerror|alloca|sprintf|vsprintf|strcpy|strcat|strncat|gets|atoi|atol|atoll|setjmp|longjmp"
                "|bzero|asprintf")
# Memory comes from base/alloc.h, which does not come back without it.
MEMORY_CALLS = "malloc|calloc|realloc|strdup|strndup|reallocarray"

# What people come to read: about a fifth of its lines should be comments that say why.
ALGORITHM = ("src/election/*.c", "src/zab/leader*.c", "src/zab/learner*.c", "src/zab/follower.c", "src/peer/quorum_peer_run.c")

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_STATEMENT = re.compile(r"[A-Za-z_][A-Za-z_0-9.>\[\]-]*( [*A-Za-z_][A-Za-z_0-9]*)?( [-+|&]?= |\().*;$"
                        r"|(if|while|for|switch) \(.*[){]$|(return|goto) .*;$|}( else.*)?$")


def check_lengths(gate, path, lines):
    for number, line in enumerate(lines, 1):
        text = re.sub(r" *\\$", "", line)
        # A text in quotes is not cut, so that it can be searched for.
        rest, quoted = _STRING.subn("", text)
        if len(text) > COLUMNS and not (quoted and len(rest) < COLUMNS * 0.7):
            gate.finding(path, number, f"{len(text)} columns; the limit is {COLUMNS}")
    # A table is as long as it has rows.
    if len(lines) > FILE_LINES and not path.endswith("_table.h"):
        gate.finding(path, FILE_LINES + 1, f"the file is longer than {FILE_LINES} lines")


def check_functions(gate, path):
    """How many there are."""
    found = functions(path)
    for function in found:
        limit = LONG_FUNCTION_LINES if function.is_long else FUNCTION_LINES
        if function.lines > limit:
            gate.finding(path, function.first, f"{function.name}() has {function.lines} lines; the limit is {limit}")
        if function.is_long and function.lines <= FUNCTION_LINES:
            gate.finding(path, function.first, f"{function.name}() has {function.lines} lines and needs no LONG")
    return len(found)


def check_leftovers(gate, path, lines):
    """What should have gone before a change is done; and files that do not begin with an essay."""
    if not path.startswith("tests/unit/") and not re.match(r"/\* [A-Z\"'a-z]", lines[0]):
        gate.finding(path, 1, "does not begin with a comment that says what it is for")
    in_comment = False
    for number, line in enumerate(lines, 1):
        if re.search(r"(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)", line) and not re.search(r"(TODO|FIXME|XXX)\(#[0-9]+\)", line):
            gate.finding(path, number, "a note to oneself without an issue: TODO(#n)")
        if re.match(r"#[ \t]*if[ \t]+[01]([ \t]|$)", line):
            gate.finding(path, number, "code that is switched off")
        if re.search(r"^[ \t]*//|[;{}] *// ", line):
            gate.finding(path, number, "comments are /* such */")
        was_comment, rest = in_comment, line
        while (mark := "*/" if in_comment else "/*") in rest:
            rest = rest[rest.index(mark) + 2:]
            in_comment = not in_comment
        # Inside a comment, or one that fills its line: a statement, or a block that opens or closes. An example is
        # set off by blanks.
        if (was_comment or re.match(r"[ \t]*/\*.*\*/$", line)) and not re.match(r"[ \t]*/?\*+   ", line):
            text = re.sub(r"[ \t]*\*/$", "", re.sub(r"^[ \t]*(/?\*+)?[ \t]*", "", line))
            if _STATEMENT.match(text):
                gate.finding(path, number, "looks like commented-out code")


def check_calls(gate, path, code):
    if not path.startswith(("src/", "include/")):
        return
    rules = [(UNSAFE_CALLS, "is called nowhere")]
    if not re.match(r"(src|include/zk)/(base|runtime|io)/|src/(main|zkdump)\.c$", path):
        rules += [(SYSTEM_CALLS, "is called in src/base, src/runtime and src/io only"),
                  (MEMORY_CALLS, "is called in src/base/alloc.c only")]
    for pattern, why in rules:
        call = re.compile(rf"(?<![A-Za-z0-9_.>])({pattern})\(")
        for number, line in enumerate(code, 1):
            for match in call.finditer(line):
                gate.finding(path, number, f"{match.group(1)}() {why}")
    for number, line in enumerate(code, 1):
        if re.match(r"(static )?_Thread_local|    static [^;(]*[;=]", line) and "static const " not in line:
            gate.finding(path, number, "writable static data")


def percent(part, whole):
    return f"{100 * part / max(whole, 1):.0f} %"


def tell_comments(shares):
    for path, (commented, lines) in shares.items():
        print(f"{percent(commented, lines):>5}  {lines:4} lines  {path}")


def main():
    gate, count = Gate(), 0
    shares = {path: comment_share(path) for pattern in ALGORITHM for path in sorted(glob.glob(pattern))}
    if sys.argv[1:] == ["--comments"]:
        tell_comments(shares)
        return
    files = sources("include", "src", "tests", "scripts")
    for path in files:
        text = read(path)
        lines = text.removesuffix("\n").split("\n")
        check_lengths(gate, path, lines)
        count += check_functions(gate, path)
        check_leftovers(gate, path, lines)
        check_calls(gate, path, code_only(text).split("\n"))
    share = percent(sum(part for part, _ in shares.values()), sum(whole for _, whole in shares.values()))
    gate.verdict(f"{len(files)} files, {count} functions; of the lines of the algorithm {share} hold a comment")


main()
