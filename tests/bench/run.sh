#!/usr/bin/env bash
# The benchmark: installs what is missing, builds what is measured (release), and runs
# tests/bench/run.py with these arguments.  See docs/performance.md.
#
#   tests/bench/run.sh               everything, about 25 minutes
#   tests/bench/run.sh --quick       everything, once and briefly
set -euo pipefail
cd "$(dirname "$0")/../.."

deploy/install-deps.sh --bench
tests/integration/setup_clients.sh build
[[ -f build/release/build.ninja ]] || cmake --preset release > /dev/null
cmake --build --preset release --target \
  tollgate tollgate-dataplane tollgate-billing tollgate-controlplane tollgate-catalog \
  bench-load bench-upstream bench-ledger bench-config
exec build/venv/bin/python tests/bench/run.py "$@"
