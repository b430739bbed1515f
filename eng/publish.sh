#!/usr/bin/env bash
# Publishes the programs with everything they need but the system's tools: artifacts/publish/vibevoice and echo-worker.
set -euo pipefail
cd "$(dirname "$0")/.."

log=artifacts/publish.log
mkdir -p artifacts
staging=artifacts/publish/.staging.$$
trap 'rm -rf "$staging"' EXIT

# Its own intermediate folder: a build for one runtime and a build for none would make each other restore again.
publish() {
  local project=$1
  shift
  rm -rf "$staging"
  dotnet publish "$project" --configuration Release --output "$staging" \
    --artifacts-path artifacts/publish-build -p:RunAnalyzers=false -v quiet --nologo "$@" >"$log" 2>&1
}

fail() {
  cat "$log" >&2
  exit 1
}

# Only a pack that no registry has (NU11xx, NETSDK1112) is worth another way; anything else is an error here too.
lacks_packs() {
  grep -qE 'error (NU11[0-9]{2}|NETSDK1112)' "$log"
}

finish() {
  local target=artifacts/publish/$1
  rm -rf "$target"
  mkdir -p "$(dirname "$target")"
  mv "$staging" "$target"
}

# With the runtime, compiled ahead where its packs are to be had.
publish_self_contained() {
  local project=$1
  if ! publish "$project" --use-current-runtime --self-contained -p:PublishReadyToRun=true; then
    lacks_packs || fail
    echo "The runtime packs for a self-contained program are not to be had; publishing one that needs the .NET 10 runtime." >&2
    # For a named runtime the SDK wants its pack even where the program brings none, so none is named.
    publish "$project" --no-self-contained || fail
  fi
}

# Native code starts quickest, but needs a compiler's pack and a linker of this system.
publish_native() {
  local project=$1
  if ! publish "$project" --use-current-runtime -p:PublishAot=true; then
    echo "$project cannot be compiled to native code here (artifacts/publish.native.log); publishing it with the runtime." >&2
    cp "$log" artifacts/publish.native.log
    publish_self_contained "$project"
  fi
}

publish_self_contained src/VibeVoice.Server
finish vibevoice
publish_native samples/EchoWorker
rm -f "$staging"/*.{dbg,pdb,xml}
finish echo-worker
