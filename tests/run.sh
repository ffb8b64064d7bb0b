#!/usr/bin/env bash
# Installs what is missing, builds, runs every test and prints the summary last.
#
#   tests/run.sh            everything
#   tests/run.sh -L unit    arguments are handed to ctest
#
# The build goes to build/dev (CMake preset "dev"). What is installed comes from Debian's packages
# (deploy/install-deps.sh); clients for the integration tests come from PyPI and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-deps.sh --tests
cmake --preset dev
cmake --build --preset dev
exec ctest --preset dev -j "$(nproc)" "$@"
