#!/usr/bin/env bash
# Publishes the program to artifacts/publish/vibevoice, with everything it needs but the system's tools.
set -euo pipefail
cd "$(dirname "$0")/.."

target=artifacts/publish/vibevoice
staging=artifacts/publish/.vibevoice.$$
log=artifacts/publish.log
mkdir -p artifacts
trap 'rm -rf "$staging"' EXIT

# Its own intermediate folder: a build for one runtime and a build for none would make each other restore again.
publish() {
  dotnet publish src/VibeVoice.Server --configuration Release --output "$staging" \
    --artifacts-path artifacts/publish-build --use-current-runtime -p:RunAnalyzers=false -v quiet --nologo "$@" >"$log" 2>&1
}

if ! publish --self-contained -p:PublishReadyToRun=true; then
  # Only a pack that no registry has (NU11xx, NETSDK1112) is worth another way; anything else is an error here too.
  if ! grep -qE 'error (NU11[0-9]{2}|NETSDK1112)' "$log"; then
    cat "$log" >&2
    exit 1
  fi
  echo "The runtime packs for a self-contained program are not to be had; publishing one that needs the .NET 10 runtime." >&2
  if ! publish --no-self-contained; then
    cat "$log" >&2
    exit 1
  fi
fi

rm -rf "$target"
mkdir -p "$(dirname "$target")"
mv "$staging" "$target"
