#!/usr/bin/env bash
# Runs the test projects one after another and ends on one line: N passed, N failed, N skipped.
# usage: eng/test.sh CONFIGURATION [filter options of the test runner]
set -uo pipefail
cd "$(dirname "$0")/.." || exit

configuration=${1:?usage: eng/test.sh CONFIGURATION [filters]}
shift
passed=0 failed=0 skipped=0
# The tests run what people deploy, not what the compiler left.
export VIBEVOICE_PROGRAM=$PWD/artifacts/publish/vibevoice/vibevoice
export ECHO_WORKER_PROGRAM=$PWD/artifacts/publish/echo-worker/EchoWorker

for folder in tests/*.Tests; do
  name=$(basename "$folder")
  log=artifacts/$name.log
  "artifacts/bin/$name/${configuration,,}/$name" --ansi off --progress off --ignore-exit-code 8 "$@" 2>&1 | tee "$log" | grep -v '^$'
  status=${PIPESTATUS[0]}
  count() { sed -n "s/^ *$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1; }
  project_passed=$(count succeeded) project_failed=$(count failed) project_skipped=$(count skipped)
  passed=$((passed + ${project_passed:-0}))
  skipped=$((skipped + ${project_skipped:-0}))
  failed=$((failed + ${project_failed:-0}))
  # A project that died without saying so counts as one failure.
  if [[ $status -ne 0 && ${project_failed:-0} -eq 0 ]]; then
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $((passed + skipped)) -gt 0 ]]
