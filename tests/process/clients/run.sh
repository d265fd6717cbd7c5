#!/usr/bin/env bash
# What clients can tell of C and Java, in short.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"
usage() {
  cat <<'TEXT'
Usage: run.sh [--long] PART...

Whether a client can tell C from Java. Prints one line a test, "ok ..." or "FAILED ...".

  basics        one session that writes, watches and outlives its leader; an ephemeral node whose client is killed
  differential  20,000 requests to C and to Java, alone and to ensembles of three
  scenarios     what clients see of C and of Java, scenario by scenario (CLI-...), alone and in ensembles of three
                (scenarios-alone and scenarios-three are its two halves)
  poison        requests that ruin Java, to ours in every role
  hostile       clients that want to use a server up (--long: ten times as many): what they took is back
  consistency   every reply against the order of zxids, while servers of a mix are broken (--long: ten minutes of four mixes)
  suites        the tests that others wrote, without what takes long
      --long    with it
  -h, --help    this text

Exit: 0 all passed, 1 some failed, 2 wrong usage.
TEXT
}

readonly HERE=$REPO/tests/process/clients
export PYTHONDONTWRITEBYTECODE=1
status=0

part() {
  /usr/bin/python3 "$HERE/$1.py" "${@:2}" || status=1
}

install() {
  need_packages "to try clients" python3:python3 util-linux:unshare iproute2:ip \
    python3-kazoo:/usr/lib/python3/dist-packages/kazoo/__init__.py zookeeper:/usr/share/java/zookeeper.jar \
    libzookeeper-mt-dev:/usr/include/zookeeper/zookeeper.h gcc:gcc
  "$REPO/scripts/java-node.sh" --install
}

install_suites() {
  need_packages "to run the tests that others wrote" python3-pytest:/usr/lib/python3/dist-packages/pytest/__init__.py \
    python3-mock:/usr/lib/python3/dist-packages/mock/__init__.py cmake:cmake g++:g++ make:make \
    python3-objgraph:/usr/lib/python3/dist-packages/objgraph.py libcppunit-dev:/usr/include/cppunit/Test.h \
    libcurator-recipes-java:/usr/share/java/curator-recipes.jar default-jdk-headless:javac golang-go:go \
    golang-github-samuel-go-zookeeper-dev:/usr/share/gocode/src/github.com/samuel/go-zookeeper/zk/server_help.go \
    junit5:/usr/share/java/junit-platform-console.jar libmockito-java:/usr/share/java/mockito-core.jar \
    libcommons-collections4-java:/usr/share/java/commons-collections4.jar libhamcrest-java:/usr/share/java/hamcrest.jar \
    libcommons-io-java:/usr/share/java/commons-io.jar libcommons-lang3-java:/usr/share/java/commons-lang3.jar \
    libdropwizard-metrics-java:/usr/share/java/metrics-core.jar libsnappy-java:/usr/share/java/snappy-java.jar \
    python3-tooz:/usr/lib/python3/dist-packages/tooz/tests/test_coordination.py \
    python3-taskflow:/usr/lib/python3/dist-packages/taskflow/tests/utils.py \
    python3-testtools:/usr/lib/python3/dist-packages/testtools/__init__.py \
    python3-testscenarios:/usr/lib/python3/dist-packages/testscenarios/__init__.py \
    python3-fixtures:/usr/lib/python3/dist-packages/fixtures/__init__.py \
    python3-oslotest:/usr/lib/python3/dist-packages/oslotest/__init__.py
}

(($# > 0)) || die_usage "which part: basics, differential, poison, hostile, consistency, scenarios, suites"
long=(--short)
for word in "$@"; do
  case $word in
    --long) long=() ;;
    -h | --help) usage && exit 0 ;;
    basics | differential | poison | hostile | consistency | scenarios | scenarios-alone | scenarios-three | suites) ;;
    *) die_usage "there is no part '$word'" ;;
  esac
done
install
for word in "$@"; do
  case $word in
    basics) part basics ;;
    differential)
      part differential --a java --b c --alone --requests 10000 --shrink 20
      part differential --a java --b c --alone --extended --seed 2 --requests 4000 --shrink 20
      part differential --a java --b c --alone --extended --quotas --seed 4 --requests 2000 --shrink 20
      part differential --a java,java,java --b c,c,c --seed 3 --requests 6000 --shrink 20
      ;;
    poison) part poison ;;
    hostile) part hostile "${long[@]}" ;;
    consistency)
      if ((${#long[@]} > 0)); then
        part consistency c,java,c
      else
        part consistency --seconds 600 c,c,c java,java,java c,java,c java,c,java
      fi
      ;;
    scenarios) part scenarios ;;
    scenarios-alone) part scenarios --shape alone ;;
    scenarios-three) part scenarios --shape three ;;
    suites)
      install_suites
      part suites "${long[@]}"
      ;;
    --long) ;;
  esac
done
exit "$status"
