#!/usr/bin/env bash
# Data directories with writes in them change hands: what members of one kind have written, in several epochs, members of the
# other kind start from, also with half an entry at the end, with an entry at the end that nobody else has, and with packed
# snapshots. Afterwards every acknowledged write is there once, and all members have the same history on disk. Java's own tools
# read what C has written.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/../interop/lib.sh"

need_client
start_play 'directories with writes'
round=0

# Of each member: " LINE:KIND" for each life, the first line of its log and its kind. The first life is Java's.
declare -A lives=([1]=' 1:java' [2]=' 1:java' [3]=' 1:java')

# become KIND...: members 1, 2, 3 are of these kinds from the next start on.
become() {
  local id=0 kind
  for kind; do
    id=$((id + 1))
    lives[$id]+=" $(($(wc -l <"$ZK_CLUSTER_DIR/$id/log") + 1)):$kind"
    sed -i -E "s/(\"id\": $id, \"kind\": )\"[a-z]+\"/\1\"$kind\"/" "$ZK_CLUSTER_DIR/cluster.json"
  done
}

data() {
  printf '%s\n' "$ZK_CLUSTER_DIR/$1/data/version-2"
}

# A member of Java that runs, as host:port.
server() {
  "$cluster" status --json |
    jq -r '"127.0.0.1:\(first(.peers[] | select(.kind == "java" and (.state == "LEADING" or .state == "FOLLOWING"))) | .client_port)"'
}

writes() {
  round=$((round + 1))
  /usr/bin/python3 "$here/load.py" run --servers "$(server)" --journal "$ZK_CLUSTER_DIR/journal.$round" --writes "$1" \
    --clients 3 --seed "$round" --seconds 900
}

nothing_is_lost() {
  local journal
  for journal in "$ZK_CLUSTER_DIR"/journal.*; do
    /usr/bin/python3 "$here/load.py" verify --servers "$(server)" --journal "$journal" || return 1
  done
}

# A write is acknowledged when two of the three have it on disk, so the third may still be without the last ones when its
# clients are done, the longer the busier the machine. A member that is stopped then lacks them, and an entry of one's own
# at the end of its log would get the zxid of a real one.
all_have_the_last_write() {
  /usr/bin/python3 "$here/disks.py" --wait 240 "$REPO/build/zkdump" "$ZK_CLUSTER_DIR"/[123]
}

disks_agree() {
  /usr/bin/python3 "$here/disks.py" "$REPO/build/zkdump" "$ZK_CLUSTER_DIR"/[123] && no_digest_differs
}

no_digest_differs() {
  local id differs=0
  for id in 1 2 3; do
    # shellcheck disable=SC2086  # a word for each life
    /usr/bin/python3 "$here/digests.py" "$ZK_CLUSTER_DIR/$id/log" ${lives[$id]} || differs=1
  done
  return $differs
}

has_logs_of_epochs() {
  local id
  for id in 1 2 3; do
    (cd "$(data "$id")" && ls)
    # Zxid 0x200000005 is the fifth of epoch 2.
    [[ $(cd "$(data "$id")" && printf '%s\n' log.* | sed -E 's/log\.(.+)[0-9a-f]{8}$/\1/' | sort -u | wc -l) -ge $1 ]] || return 1
  done
}

# serve_and_write KIND,KIND,KIND: a life of the ensemble, from the directories that are there to a clean end.
serve_and_write() {
  local kinds
  IFS=, read -ra kinds <<<"$1"
  become "${kinds[@]}"
  expect "$1 start from what is there" "$cluster" up
  expect "$1: what was acknowledged before is there once" nothing_is_lost
  expect "$1: clients write" writes 400
  expect "$1: all have the last write on disk" all_have_the_last_write
  expect "$1 are taken down" "$cluster" down
  expect "$1 have left the same history" disks_agree
}

# member_1_says WORDS: since its last start.
member_1_says() {
  local life=${lives[1]##* }
  tail -n "+${life%:*}" "$ZK_CLUSTER_DIR/1/log" | grep "$1"
}

# change_member_1 HOW WRITES FROM TO: member 1 runs as FROM and is killed, the end of its log is changed, and it starts as TO
# when clients have written so much to the others.
change_member_1() {
  local how=$1 meanwhile=$2 from=$3 to=$4
  become "$from" java java
  expect "member 1 ($from) serves" "$cluster" up
  expect "clients write, member 1 ($from) among them" writes 200
  expect "member 1 ($from) has the last write, like the others" all_have_the_last_write
  expect "member 1 ($from) is killed, like the others" "$cluster" kill all
  expect "member 1's log: $how" /usr/bin/python3 "$here/tail.py" "$how" "$REPO/build/zkdump" "$(data 1)"
  become "$to" java java
  expect "the others serve without it" "$cluster" start 2 3 --wait 240
  ((meanwhile == 0)) || expect "clients write meanwhile" writes "$meanwhile"
  expect "member 1 starts as $to and follows" "$cluster" start 1 --wait 240
  [[ $how != lead || $meanwhile != 0 ]] || expect "it was told TRUNC" member_1_says 'Truncating log to get in sync with the leader'
  # SYN-02
  expect "$to brought up to date: nothing is lost" nothing_is_lost
  expect "clients write, member 1 ($to) among them" writes 100
  expect "member 1 ($to) has the last write on disk, like the others" all_have_the_last_write
  expect "all are taken down" "$cluster" down
  # RST-01, RST-02, PER-05
  expect "$to has cut off what nobody else had, and has the same history" disks_agree
}

# java_reads CLASS FILE...: with a tool of Java's own.
java_reads() {
  local class=org.apache.zookeeper.server.$1 file jars=/usr/share/java path=''
  shift
  for file in zookeeper zookeeper-jute slf4j-log4j12 log4j-1.2 servlet-api netty-codec; do
    path+=$jars/$file.jar:
  done
  for file; do
    java -cp "$path" "$class" "$file" >"$ZK_CLUSTER_DIR.java" 2>&1 || { tail -n 5 "$ZK_CLUSTER_DIR.java" && return 1; }
    say "$class, ${file##*/}: the last line is: $(tail -n 1 "$ZK_CLUSTER_DIR.java" | cut -c1-100)"
    ! grep -E 'Exception|CRC ERROR|CRC doesn' "$ZK_CLUSTER_DIR.java" || return 1
  done
}

# Every entry that zkdump sees in the newest log, Java's tool sees as well.
java_reads_as_many() {
  local newest ours javas
  newest=$(find "$(data 1)" -name 'log.*' | sort | tail -n 1)
  java_reads persistence.TxnLogToolkit "$newest" || return 1
  ours=$("$REPO/build/zkdump" --json "$newest" | grep -c '"zxid"')
  javas=$(grep -c 'session 0x' "$ZK_CLUSTER_DIR.java")
  say "zkdump sees $ours entries, Java $javas"
  [[ $ours == "$javas" ]]
}

# snapCount is small, so that every life leaves logs and snapshots.
expect "three Java members serve" "$cluster" up --mix java,java,java --line snapCount=150 \
  --line snapshot.compression.method=
expect "clients write" writes 400
expect "all are taken down" "$cluster" down
serve_and_write c,java,c
serve_and_write java,c,c
serve_and_write c,c,java
expect "the logs are of four epochs" has_logs_of_epochs 4
# snap_count N: from the next start on.
snap_count() {
  sed -i "s/snapCount=[0-9]*/snapCount=$1/" "$ZK_CLUSTER_DIR/cluster.json" "$ZK_CLUSTER_DIR"/[123]/zoo.cfg
}

# pack_with METHOD: snapshots, from the next start on.
pack_with() {
  sed -i "s/compression.method=[a-z]*/compression.method=$1/" "$ZK_CLUSTER_DIR/cluster.json" "$ZK_CLUSTER_DIR"/[123]/zoo.cfg
}

# newest_snapshots_are ENDING: of all members.
newest_snapshots_are() {
  local id newest
  for id in 1 2 3; do
    newest=$(find "$(data "$id")" -name 'snapshot.*' -printf '%T@ %f\n' | sort -n | tail -n 1)
    say "member $id: $newest"
    [[ $newest == *."$1" ]] || return 1
  done
}

# Half an entry is cut off; an entry of a dead leader goes by SNAP when the others have written since, and by TRUNC when not
# (and when the leader remembers what it has committed, for its newest snapshot is older).
for change in 'tear 100' 'lead 100' 'lead 0'; do
  [[ $change != 'lead 0' ]] || snap_count 100000
  for kinds in 'java c' 'c java'; do
    # shellcheck disable=SC2086  # two words each
    change_member_1 $change $kinds
  done
done
snap_count 150
# Each kind starts from what the other has packed, with gz and with snappy.
pack_with gz
serve_and_write c,java,c
expect "all have packed their newest snapshots with gz" newest_snapshots_are gz
pack_with snappy
serve_and_write java,c,java
expect "all have packed their newest snapshots with snappy" newest_snapshots_are snappy
serve_and_write c,java,c
# PER-04
expect "Java's TxnLogToolkit sees as many entries as zkdump" java_reads_as_many
expect "Java's SnapshotFormatter reads what C wrote" java_reads SnapshotFormatter "$(data 1)"/snapshot.*
