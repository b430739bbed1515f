#!/usr/bin/env bash
# Installs what the project needs from the system, for 'run', 'test', 'bench' or 'image'. Says nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?usage: eng/setup.sh run|test|bench|image}

# command -> package, for each package manager that is known here.
package_of() {
  case "$1:$2" in
    apt-get:pocketsphinx_continuous) echo "pocketsphinx pocketsphinx-en-us" ;;
    apt-get:node) echo nodejs ;;
    apt-get:debootstrap) echo debootstrap ;;
    *:ffmpeg | *:espeak-ng | *:npm) echo "$2" ;;
    apt-get:chromium | dnf:chromium | apk:chromium) echo chromium ;;
    apt-get:wrk | apk:wrk | brew:wrk) echo wrk ;;
    dnf:node | apk:node) echo nodejs ;;
    brew:node) echo node ;;
    # Not packaged everywhere; the tests that need it say so and are skipped.
    *) echo "" ;;
  esac
}

check_sdk() {
  local page=https://dotnet.microsoft.com/download/dotnet/10.0 wanted installed
  wanted=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)
  if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK $wanted is not installed; get it, or a later 10.0, from $page" >&2
    exit 1
  fi
  # In this folder the muxer looks for an SDK that global.json accepts.
  if ! dotnet --version >/dev/null 2>&1; then
    installed=$(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd ' ' -)
    echo "The .NET SDK $wanted or a later 10.0 is needed, but installed is: ${installed:-none}. Get it from $page" >&2
    exit 1
  fi
}

find_manager() {
  local name
  for name in apt-get dnf apk brew; do
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
}

install_missing() {
  local manager=$1 command=()
  shift
  case $manager in
    apt-get) command=(apt-get install -y) ;;
    dnf) command=(dnf install -y) ;;
    apk) command=(apk add) ;;
    brew) command=(brew install) ;;
    *)
      echo "Install these with your system's package manager: $*" >&2
      exit 1
      ;;
  esac

  local elevate=()
  if [[ $manager != brew && $(id -u) -ne 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      echo "These are missing: $*. Type:  sudo ${command[*]} $*" >&2
      exit 1
    fi
    elevate=(sudo -n)
  fi

  echo "Installing $*" >&2
  if [[ $manager == apt-get ]]; then
    ${elevate[@]+"${elevate[@]}"} apt-get update -qq
    elevate+=(env DEBIAN_FRONTEND=noninteractive)
  fi
  # The plus: an empty list is an unset one to the bash of macOS.
  ${elevate[@]+"${elevate[@]}"} "${command[@]}" "$@" >/dev/null
}

check_tools() {
  local manager missing=() unknown=() tool packages
  manager=$(find_manager)
  for tool in "$@"; do
    if ! command -v "$tool" >/dev/null; then
      packages=$(package_of "${manager:-none}" "$tool")
      if [[ -n $packages ]]; then
        # shellcheck disable=SC2206 # Several packages may stand in one answer.
        missing+=($packages)
      else
        unknown+=("$tool")
      fi
    fi
  done
  if ((${#unknown[@]})); then
    echo "Not packaged for this system, install by hand if you can: ${unknown[*]}" >&2
  fi
  if ((${#missing[@]})); then
    install_missing "${manager:-none}" "${missing[@]}"
  fi
}

check_node_modules() {
  # What was installed, not when: a folder that was copied or checked out is as young as it likes.
  local folder=tests/tools installed=tests/tools/node_modules/.installed-lock.json
  if ! cmp -s "$folder/package-lock.json" "$installed"; then
    echo "Installing the Node.js packages that the tests use" >&2
    npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error >/dev/null
    cp "$folder/package-lock.json" "$installed"
  fi
}

check_sdk
case $purpose in
  run) check_tools ffmpeg espeak-ng ;;
  bench) check_tools ffmpeg espeak-ng wrk ;;
  test)
    check_tools ffmpeg espeak-ng node npm pocketsphinx_continuous chromium
    check_node_modules
    ;;
  image) check_tools ffmpeg espeak-ng debootstrap ;;
  *) echo "eng/setup.sh: '$purpose' is not 'run', 'test', 'bench' or 'image'" >&2; exit 2 ;;
esac

# The hook keeps the layout uniform; a checkout without .git (an archive) has no hooks.
if [[ -d .git && -z $(git config --get core.hooksPath || true) ]]; then
  git config core.hooksPath .githooks
fi
