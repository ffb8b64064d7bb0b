#!/usr/bin/env bash
# Builds the unit tests with sanitizers and runs them.
#
#   tests/sanitizers.sh          both
#   tests/sanitizers.sh asan     AddressSanitizer and UndefinedBehaviorSanitizer: what parses
#   tests/sanitizers.sh tsan     ThreadSanitizer: what is concurrent
#
# Only tests labelled "unit" run: they start no other process, so every line they reach is
# instrumented.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-deps.sh --tests
for preset in ${1:-asan tsan}; do
  cmake --preset "$preset"
  cmake --build --preset "$preset"
  ctest --preset "$preset" -j "$(nproc)" -L unit
done
