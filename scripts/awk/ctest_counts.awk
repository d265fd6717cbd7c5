# Counts single tests in the output of ctest -V: each test of a cmocka program, and each other
# program as one. A program that dies counts the tests it has not come to as failed, a test that
# skips itself too; one that fails as a whole counts at least one.
# Prints "passed failed", then the names of the programs that failed.
match($0, /^[0-9]+: /) {
    number = substr($0, 1, RLENGTH - 2)
    text = substr($0, RLENGTH + 1)
    if (match(text, /^\[==========\] Running [0-9]+ test/)) {
        split(text, word, " ")
        planned[number] += word[3]
    }
    if (text ~ /^\[       OK \]/)
        good[number]++
}
/ Test +#[0-9]+: / {
    number = $0
    sub(/.* Test +#/, "", number)
    name = number
    sub(/:.*/, "", number)
    sub(/^[0-9]+: /, "", name)
    sub(/ .*/, "", name)
    is_good = / Passed +[0-9.]+ sec/
    bad = planned[number] - good[number]
    if (!planned[number]) {
        good[number] = is_good
        bad = !is_good
    } else if (!is_good && bad == 0) {
        bad = 1
    }
    passed += good[number]
    failed += bad
    if (bad || !is_good)
        list = list "\n" number " " name
}
END { print passed + 0, failed + 0 list }
