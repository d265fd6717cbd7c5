# shellcheck shell=bash
# shellcheck disable=SC2154  # head: the array of whoever calls
# Reading stories. A head of "key: value" lines (a line that begins with a blank goes on with the
# value above), an empty line, then text and steps. Lines that begin with # are for nobody.

readonly STORIES=$REPO/scripts/stories

# story_file NAME: a name in scripts/stories, or a path.
story_file() {
  if [[ -f $STORIES/$1.story ]]; then
    printf '%s\n' "$STORIES/$1.story"
  elif [[ -f $1 ]]; then
    printf '%s\n' "$1"
  else
    die_usage "there is no story '$1'; see: scripts/play.sh --list"
  fi
}

# story_head FILE: fills the caller's array `head`.
story_head() {
  local line key=''
  head=([peers]=3 [observers]=0 [tick]=${ZK_CLUSTER_TICK:-500} [namespaces]=no)
  while IFS= read -r line && [[ -n $line ]]; do
    if [[ $line == '#'* ]]; then
      continue
    elif [[ $line =~ ^(question|asked|peers|observers|tick|namespaces|lines|properties|determined|undetermined):\ (.+)$ ]]; then
      key=${BASH_REMATCH[1]}
      head[$key]=${BASH_REMATCH[2]}
    elif [[ $line == ' '* && -n $key ]]; then
      read -r line <<<"$line"
      head[$key]+=" $line"
    else
      die_usage "$1: the head of a story has no line '$line'"
    fi
  done <"$1"
  for key in question determined; do
    [[ -n ${head[$key]:-} ]] || die_usage "$1: the head of a story needs '$key: ...'"
  done
  [[ ${head[peers]} =~ ^[1-9]$ && ${head[observers]} =~ ^[0-9]$ ]] ||
    die_usage "$1: peers and observers are numbers below 10"
  [[ ${head[tick]} =~ ^[1-9][0-9]{1,3}$ && ${head[namespaces]} =~ ^(yes|no)$ ]] ||
    die_usage "$1: tick is a number of milliseconds, namespaces is yes or no"
}

# story_kinds OPTION KINDS: who plays.
story_kinds() {
  [[ $2 =~ ^(c|java)(,(c|java))*$ ]] || die_usage "$1 is a list such as c,java,c, not '$2'"
}

# story_body FILE: all after the first empty line.
story_body() {
  awk 'body && !/^#/ { print } !NF { body = 1 }' "$1"
}

# story_facts TEXT: one fact a line, words only.
story_facts() {
  tr ';' '\n' <<<"$1" | sed -E 's/,| and / /g; s/  +/ /g; s/^ //; s/ $//'
}

# "1 2 follow 3" is about the subjects 1 and 2, and says "follow 3".
story_subjects() {
  grep -oE '^([0-9] )+' <<<"$1"
}

story_predicate() {
  sed -E 's/^([0-9] )+//' <<<"$1"
}

# story_check FILE: every step is one that we know, before anything starts.
story_check() {
  local line step facts fact number=0 steps=0
  local who='([1-9]|leader|followers|observers|looking|voters|all)'
  local fact_form='^([1-9] )+(leads?|looks?|votes? for [1-9]|(follows?|observes?) [1-9]|(is|are) (down|frozen))$'
  fact_form+='|^(epoch|round) [0-9]+$'
  local path='/[a-z]+(/[a-z0-9-]*)?'
  local client_form="^[A-Z][a-z]+ ("
  client_form+='connects to [1-9]( for [0-9]+ ms)?( read-only)?|continues [A-Z][a-z]+ at [1-9]|moves to [1-9]|is barred from [1-9]|'
  client_form+="creates $path [a-z]+( ephemeral)?( sequential as $path)?|lists $path( [a-z0-9-]+)*|"
  client_form+="writes $path [a-z]+( unanswered| refused| and is cut off)?|reads $path( still)? [a-z]+|syncs $path( unanswered)?|"
  client_form+="watches $path|sees ($path (changed|created|deleted)|nothing)|is cut off|dies|leaves)\$"
  while IFS= read -r line; do
    number=$((number + 1))
    [[ $line == '> '* ]] || continue
    step=${line#> } steps=$((steps + 1))
    if [[ $step == 'expect '* ]]; then
      facts=$(story_facts "${step#expect }") || die "I cannot read line $number of $1"
      while IFS= read -r fact; do
        [[ $fact =~ $fact_form ]] || die_usage "$1:$number: '$fact' is nothing that I can look at"
      done <<<"$facts"
    elif [[ $step == [A-Z]* ]]; then
      [[ $step =~ $client_form ]] || die_usage "$1:$number: '$step' is nothing that a client does in a story"
    elif ! [[ $step =~ ^(start|stop|kill|restart|pause|resume)(\ $who)+$ ||
      $step =~ ^partition\ [1-9]([,/][1-9])*$ || $step == heal ||
      $step =~ ^log\ [1-9]:\ .+$ || $step =~ ^quiet\ [1-9]$ || $step =~ ^mend\ [1-9]$ ||
      $step =~ ^write\ [1-9]\ /[a-z]+\ ([a-z]+(\ unanswered)?|[0-9]+\ times)$ || $step =~ ^read\ [1-9]\ /[a-z]+\ [a-z0-9]+$ ||
      $step =~ ^wrong\ (election|quorum)\ port\ of\ [1-9]\ in\ [1-9]$ ]]; then
      die_usage "$1:$number: '$step' is no step of a story"
    fi
  done <"$1"
  ((steps > 0)) || die_usage "$1 has no steps"
}

story_list() {
  local file
  local -A head
  for file in "$STORIES"/*.story; do
    story_head "$file"
    printf '%-26s %s\n' "$(basename "$file" .story)" "${head[question]}"
  done
}
