#!/usr/bin/env bash
# Packs the libraries. usage: eng/pack.sh [VERSION [FOLDER]]; without them the project's version, to artifacts/packages.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-}
folder=${2:-artifacts/packages}
log=artifacts/pack.log
mkdir -p artifacts
# The same commit gives the same package, to the byte.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

# Its own intermediate folder: another version would make the ordinary build start again.
for project in src/VibeVoice src/VibeVoice.Extensions.AI src/RunPod.Worker src/RunPod.Worker.Emulator; do
  if ! dotnet pack "$project" --configuration Release --output "$folder" --artifacts-path artifacts/package-build \
    -p:RunAnalyzers=false ${version:+-p:Version="$version"} -v quiet --nologo >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
done
