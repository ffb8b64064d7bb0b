#!/usr/bin/env bash
# From a fresh Debian 12 to a metered request: installs what is missing, builds a release, starts
# the suite with a demo provider and sends one chat completion.
#
#   deploy/quickstart.sh            then serves until Ctrl-C
#   deploy/quickstart.sh --once     stops after the first request, with its exit status
#   --data DIR                      where the suite keeps everything (default: data)
#
# With TOLLGATE_BIN in the environment, that `tollgate` is run and nothing is built.
set -euo pipefail
self="$(realpath "$0")"
cd "$(dirname "$self")/.."

READY_TIMEOUT_S=60
LEDGER_TIMEOUT_S=10
COMPILER_BYTES=1800000000 # What one compiler may take of the memory.

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

build() {
  local jobs memory
  memory="$(awk '/MemAvailable/ { print $2 * 1024 }' /proc/meminfo)"
  jobs="$(awk -v m="$memory" -v c="$(nproc)" -v one="$COMPILER_BYTES" \
    'BEGIN { j = int(m / one); print (j < 1 ? 1 : j < c ? j : c) }')"
  if [[ ! -f build/release/build.ninja ]]; then
    cmake --preset release > build/release.log 2>&1 || { cat build/release.log >&2; exit 1; }
  fi
  cmake --build --preset release --target tollgate -j "$jobs"
}

# value NAME FILE: a string of a flat JSON object.
value() { sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$2"; }

# field NAME: the first string of that name in the JSON on standard input, unescaped.
field() {
  grep -oE "\"$1\":\"([^\"\\\\]|\\\\.)*\"" | head -1 |
    sed -e "s/^\"$1\":\"//" -e 's/"$//' -e 's/\\n/\n/g' -e 's/\\"/"/g' -e 's/\\\\/\\/g'
}

# header NAME FILE: a response header.
header() { tr -d '\r' < "$2" | sed -n "s/^$1: //Ip" | head -1; }

# free PORT: the port, or 0 (any free one) when somebody listens there.
free() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null && echo 0 || echo "$1"; }

balance() {
  "$tollgate" --ready-file "$ready" wallet demo -o json |
    sed -n 's/^ *"balance_usd": "\(.*\)",\{0,1\}$/\1/p'
}

# All of it is read before any of it runs: an edit of this file meanwhile does no harm.
main() {
  once=false
  data=data
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --once) once=true ;;
      --data) data="${2:?--data needs a folder}"; shift ;;
      -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$self"; exit 0 ;;
      *) echo "quickstart.sh: unknown argument '$1' (known: --once, --data DIR)" >&2; exit 2 ;;
    esac
    shift
  done

  step "Packages"
  deploy/install-deps.sh
  echo "All there."

  tollgate="${TOLLGATE_BIN:-}"
  if [[ -z "$tollgate" ]]; then
    step "Building a release (the first time takes some minutes)"
    mkdir -p build
    build
    tollgate=build/release/bin/tollgate
  fi

  step "Starting the suite with a demo provider"
  scratch="$(mktemp -d)"
  ready="$scratch/ready.json"
  "$tollgate" standalone --demo --data "$data" --ready-file "$ready" \
    --http "127.0.0.1:$(free 8080)" --directory "127.0.0.1:$(free 8081)" \
    --admin "127.0.0.1:$(free 8082)" --ops "127.0.0.1:$(free 8083)" \
    --billing-listen "127.0.0.1:$(free 8084)" --catalog-listen "127.0.0.1:$(free 8085)" \
    > "$scratch/standalone.log" 2>&1 &
  pid=$!

  stop() {
    kill -TERM "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
    rm -rf "$scratch"
  }
  trap stop EXIT

  for ((i = 0; i < READY_TIMEOUT_S * 50; i++)); do
    [[ -f "$ready" ]] && break
    if ! kill -0 "$pid" 2> /dev/null; then
      cat "$scratch/standalone.log" >&2
      echo "quickstart.sh: the suite ended before it served; more in $data/tollgate.log" >&2
      exit 1
    fi
    sleep 0.02
  done
  [[ -f "$ready" ]] || { echo "quickstart.sh: not ready within $READY_TIMEOUT_S s" >&2; exit 1; }

  http_url="$(value http_url "$ready")"
  directory_url="$(value directory_url "$ready")"
  api_key="$(value api_key "$ready")"

  step "The first request"
  request='{"model":"demo/chat","messages":[{"role":"user","content":"Hello, what do you cost?"}]}'
  cat << SHOWN
curl $http_url/v1/chat/completions \\
  -H "Authorization: Bearer $api_key" \\
  -H "Content-Type: application/json" \\
  -d '$request'
SHOWN
  before="$(balance)"
  status="$(curl -sS -o "$scratch/answer.json" -D "$scratch/headers" -w '%{http_code}' \
    "$http_url/v1/chat/completions" -H "Authorization: Bearer $api_key" \
    -H "Content-Type: application/json" -d "$request")" || status="none"
  if [[ "$status" != 200 ]]; then
    echo "quickstart.sh: the request failed with status $status:" >&2
    cat "$scratch/answer.json" >&2 2> /dev/null || true
    exit 1
  fi
  generation="$(header x-generation-id "$scratch/headers")"
  # The record reaches the ledger well within a second.
  after="$before"
  for ((i = 0; i < LEDGER_TIMEOUT_S * 20; i++)); do
    after="$(balance)"
    [[ "$after" != "$before" ]] && break
    sleep 0.05
  done
  cat << SHOWN

  answer          $(field content < "$scratch/answer.json")
  provider        $(header x-tollgate-provider "$scratch/headers")
  cost            $(header x-tollgate-cost "$scratch/headers") USD
  generation id   $generation
  balance before  $before USD
  balance after   $after USD
SHOWN
  if [[ "$after" == "$before" ]]; then
    echo "quickstart.sh: the request did not reach the ledger within $LEDGER_TIMEOUT_S s" >&2
    exit 1
  fi

  if [[ "$once" == true ]]; then
    exit 0
  fi
  cat << SHOWN

Point any OpenAI client at it:
  base URL        $http_url/v1
  key             $api_key
  models          demo/chat, demo/fast, demo/reasoner, demo/cached, demo/per-request
  directory       $directory_url
  the ledger      $tollgate --ready-file $data/ready.json statement demo
  stop            Ctrl-C (the data in $data/ stays; the next start takes seconds)
SHOWN
  trap 'exit 0' INT TERM
  wait "$pid"
}

main "$@"
