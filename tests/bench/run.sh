#!/usr/bin/env bash
# The benchmark: installs what is missing, builds what is measured (release), and runs
# tests/bench/run.py with these arguments.  See docs/performance.md.
#
#   tests/bench/run.sh               everything, about 25 minutes
#   tests/bench/run.sh --quick       everything, once and briefly
#   tests/bench/run.sh --tuned ...   of the build that deploy/build-tuned.sh makes; the first option
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=(tollgate tollgate-dataplane tollgate-billing tollgate-controlplane tollgate-catalog
  bench-load bench-upstream bench-ledger bench-config)

deploy/install-deps.sh --bench
if [[ "${1:-}" == "--tuned" ]]; then
  shift
  deploy/build-tuned.sh "${targets[@]}"
  set -- --binaries "$PWD/build/tuned/bin" "$@"
else
  tests/integration/setup_clients.sh build
  [[ -f build/release/build.ninja ]] || cmake --preset release > /dev/null
  cmake --build --preset release --target "${targets[@]}"
fi
exec build/venv/bin/python tests/bench/run.py "$@"
