#!/usr/bin/env bash
# Runs the test projects, LANES of them beside each other, and ends on one line: N passed, N failed, N skipped.
# usage: [LANES=1] eng/test.sh CONFIGURATION [filter options of the test runner]
set -uo pipefail
cd "$(dirname "$0")/.." || exit

configuration=${1:?usage: eng/test.sh CONFIGURATION [filters]}
shift
filters=("$@")
# The tests run what people deploy, not what the compiler left.
export VIBEVOICE_PROGRAM=$PWD/artifacts/publish/vibevoice/vibevoice
export ECHO_WORKER_PROGRAM=$PWD/artifacts/publish/echo-worker/EchoWorker

mkdir -p artifacts
work=$(mktemp -d artifacts/tests.XXXXXX)
trap 'rm -rf "$work"' EXIT
export work configuration

# A part is a file of the options, one a line, after its project's name.
add_part() { # NAME PROJECT [OPTION…]
  local name=$1
  shift
  echo "$name" >>"$work/parts"
  printf '%s\n' "$@" "${filters[@]}" >"$work/$name.options"
}

# A project whose file 'parts.txt' names namespaces runs in that many parts, and one more of all the others, so that no
# test is in none.
add_project() { # FOLDER
  local project part=0 namespaces=() others=()
  project=$(basename "$1")
  if [[ ! -f $1/parts.txt ]]; then
    add_part "$project" "$project"
    return
  fi
  while read -r -a namespaces; do
    [[ ${namespaces[0]:-#} != \#* ]] || continue
    part=$((part + 1))
    add_part "$project.$part" "$project" --filter-namespace "${namespaces[@]}"
    others+=("${namespaces[@]}")
  done <"$1/parts.txt"
  add_part "$project.$((part + 1))" "$project" --filter-not-namespace "${others[@]}"
}

run_part() { # NAME
  local options=()
  mapfile -t options <"$work/$1.options"
  "artifacts/bin/${options[0]}/${configuration,,}/${options[0]}" --ansi off --progress off --ignore-exit-code 8 \
    "${options[@]:1}" >"artifacts/$1.log" 2>&1
  echo $? >"$work/$1.status"
  grep -v '^$' "artifacts/$1.log"
}
export -f run_part

count() { # NAME WHAT
  sed -n "s/^ *$2: \([0-9]*\).*/\1/p" "artifacts/$1.log" | tail -n 1
}

for folder in tests/*.Tests; do
  add_project "$folder"
done
# Not by '&': what a shell starts so ignores Ctrl+C, and the programs that the tests interrupt would, too.
xargs -P "${LANES:-1}" -n 1 bash -c 'run_part "$1"' bash <"$work/parts"

passed=0 failed=0 skipped=0
while read -r name; do
  part_passed=$(count "$name" succeeded) part_failed=$(count "$name" failed) part_skipped=$(count "$name" skipped)
  passed=$((passed + ${part_passed:-0}))
  skipped=$((skipped + ${part_skipped:-0}))
  failed=$((failed + ${part_failed:-0}))
  # A part that died without saying so, or was never run, counts as one failure.
  if [[ $(cat "$work/$name.status" 2>/dev/null) != 0 && ${part_failed:-0} -eq 0 ]]; then
    failed=$((failed + 1))
  fi
done <"$work/parts"

# Once more where the output of a run that is cut still shows it.
while read -r name; do
  [[ ! -f artifacts/$name.log ]] || grep -A 2 "^failed " "artifacts/$name.log" | cut -c 1-200 | grep -v "^--$"
done <"$work/parts"
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $((passed + skipped)) -gt 0 ]]
