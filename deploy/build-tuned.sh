#!/usr/bin/env bash
# Builds the programs of build/tuned/bin: a release whose code is laid out for what requests walk
# through, which costs a tenth to a fifth less of the processor than build/release
# (docs/performance.md).
#
#   deploy/build-tuned.sh [TARGET...]      default: the programs that are installed
#
# It builds twice: once to record the benchmark's loads, half a minute of them, and once with what
# they showed. Both take the time of a release build, together some twenty minutes of two cores.
# The profile is of this source and compiler alone, and is recorded again each time.
set -euo pipefail
cd "$(dirname "$0")/.."

services=(tollgate-dataplane tollgate-billing tollgate-controlplane tollgate-catalog)
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(tollgate "${services[@]}")
# What the loads have to do with: both kinds of bodies, streams, TLS, and translation both ways.
loads=json_c1,json_c64,prompt_100k,sse_flat_out,json_tls_upstream,chat_to_messages
loads+=,messages_to_chat,sse_chat_to_messages,sse_messages_to_chat

deploy/install-deps.sh --tests
tests/integration/setup_clients.sh build

# build record|use TARGET...: a build with other flags makes everything anew.
build() {
  cmake --preset tuned -DTOLLGATE_PROFILE="$1" > /dev/null
  cmake --build --preset tuned --target "${@:2}"
}

echo "1 of 3: building what records"
rm -rf build/tuned build/profile
build record "${services[@]}" bench-load bench-upstream
echo "2 of 3: recording"
build/venv/bin/python tests/bench/run.py --binaries "$PWD/build/tuned/bin" \
  --proxies tollgate --workloads "$loads" --quick --out build/tuned/loads > /dev/null
if ! compgen -G "build/profile/*.gcda" > /dev/null; then
  echo "build-tuned.sh: the programs wrote no profile into build/profile" >&2
  exit 1
fi
echo "3 of 3: building what is installed"
build use "${targets[@]}"
