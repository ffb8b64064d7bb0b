#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing when none is.
#
#   deploy/install-deps.sh            what building and running needs (packages.txt)
#   deploy/install-deps.sh --tests    also the tests' (packages-tests.txt)
#   deploy/install-deps.sh --bench    also what the benchmark compares with (packages-bench.txt)
#
# As root, or as a user who may sudo.
set -euo pipefail
cd "$(dirname "$0")"

lists=(packages.txt)
[[ "${1:-}" == "--tests" ]] && lists+=(packages-tests.txt)
[[ "${1:-}" == "--bench" ]] && lists+=(packages-tests.txt packages-bench.txt)

installed() {
  [[ "$(dpkg-query -W -f '${Status}' "$1" 2> /dev/null)" == "install ok installed" ]]
}

missing=()
while read -r package command; do
  [[ -z "$package" || "$package" == \#* ]] && continue
  [[ -n "$command" ]] && command -v "$command" > /dev/null && continue
  installed "$package" || missing+=("$package")
done < <(cat "${lists[@]}")
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ "$(id -u)" -ne 0 ]]; then
  if ! command -v sudo > /dev/null; then
    echo "These packages are missing: ${missing[*]}" >&2
    echo "Install them as root: apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"
