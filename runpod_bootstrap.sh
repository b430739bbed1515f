#!/usr/bin/env bash
# Starts what a RunPod endpoint needs: checks, retention, first-run installation, then the worker (ENDPOINT_TYPE=queue, the
# default) or the HTTP server (ENDPOINT_TYPE=lb) in this process's place, with this script's arguments.
# The logic is in the program; this file only puts it in order.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

log() { printf 'bootstrap: %s\n' "$*" >&2; }

find_program() {
  local candidate
  if [[ -n ${VIBEVOICE_PROGRAM:-} ]]; then
    if [[ ! -f $VIBEVOICE_PROGRAM || ! -x $VIBEVOICE_PROGRAM ]]; then
      log "VIBEVOICE_PROGRAM is '$VIBEVOICE_PROGRAM', which is not a program."
      exit 1
    fi
    printf '%s\n' "$VIBEVOICE_PROGRAM"
    return
  fi
  for candidate in "$here/vibevoice" "$here/artifacts/publish/vibevoice/vibevoice"; do
    if [[ -f $candidate && -x $candidate ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  command -v vibevoice && return
  log "the program 'vibevoice' is not beside this script, in artifacts/publish/vibevoice or on the PATH; run 'make publish' or set VIBEVOICE_PROGRAM."
  exit 1
}

# Before anything that takes time. In any case and with blanks, as the program reads its settings.
kind=${ENDPOINT_TYPE:-queue}
kind=${kind//[[:space:]]/}
case ${kind,,} in
  queue | '') command=worker ;;
  lb) command=serve ;;
  *)
    log "ENDPOINT_TYPE is '$ENDPOINT_TYPE', but must be 'queue' or 'lb'."
    exit 1
    ;;
esac

vibevoice=$(find_program)

# Which folder persists: VIBEVOICE_WORKSPACE, a mounted /workspace, a mounted /runpod-volume, else /workspace. In the same
# process the quick part of 'vibevoice doctor', since one more would cost every start a tenth of a second: what would make
# this start fail for certain ends it here, with what to do; other things that are no good are only told. Where something is
# installed already, the worker checks tools and model itself a moment later, and only the rest is checked here.
VIBEVOICE_WORKSPACE=$("$vibevoice" workspace --link --check)
export VIBEVOICE_WORKSPACE
log "workspace $VIBEVOICE_WORKSPACE"

# Old audio goes in the background, at most once a day; a bucket out of reach is a warning, never a stop.
bucket=${BUCKET_NAME:-}${BUCKET_ENDPOINT_URL:-}
if [[ -n ${bucket//[[:space:]]/} ]]; then
  # From a shell that ends at once: the retention is then init's child, and not a zombie of the worker that takes this
  # process's place and would never ask how it ended.
  ("$vibevoice" retention --daily &)
fi

if [[ ! -f $VIBEVOICE_WORKSPACE/VibeVoice/.setup_complete ]]; then
  log "first run: installing"
fi
# Returns at once when the marker is there and of this version; one of an older or a newer version is renewed. Two workers on one volume wait for each other.
"$vibevoice" install

exec "$vibevoice" "$command" "$@"
