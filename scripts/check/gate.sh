# shellcheck shell=bash
# What the gates share: the list of sources, findings, the verdict. A gate says nothing but its
# findings, one a line as file:line: text, and ends with a line that says what it looked at.
# Source it after lib.sh.

# shellcheck disable=SC2034  # the gates use them
readonly BUILD_DIR=${ZKPEER_BUILD_DIR:-$REPO/build/dev}
readonly ARCHIVE=$BUILD_DIR/libzkpeer.a
FINDINGS=0

# sources DIRECTORY...: the C sources and headers below them, relative to the repository.
sources() {
  local directory
  for directory; do
    [[ ! -d $REPO/$directory ]] || (cd "$REPO" && find "$directory" -name '*.[ch]')
  done | sort
}

# report: the lines of the input are findings.
report() {
  local line
  while IFS= read -r line; do
    say "$line"
    FINDINGS=$((FINDINGS + 1))
  done
}

# verdict WHAT: the end of a gate. WHAT says what was looked at.
verdict() {
  if ((FINDINGS > 0)); then
    say "$FINDINGS finding$( ((FINDINGS == 1)) || printf s)"
    exit 1
  fi
  say "$1"
}

# gate_in_python NAME [ARGUMENT]...: the gate is NAME.py beside this file.
gate_in_python() {
  PYTHONDONTWRITEBYTECODE=1 ZK_SCRIPT=$SCRIPT ZKPEER_BUILD_DIR=$BUILD_DIR \
    python3 "$REPO/scripts/check/$1.py" "${@:2}"
}

# need_archive: the archive must have been built.
need_archive() {
  [[ -f $ARCHIVE ]] ||
    die "there is no ${ARCHIVE#"$REPO"/}; build it with: cmake --preset dev && cmake --build --preset dev"
}

# no_arguments "$@": for gates that take none but --help.
no_arguments() {
  while (($# > 0)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
}
