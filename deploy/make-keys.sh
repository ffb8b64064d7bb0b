#!/usr/bin/env bash
# Makes the secrets of a suite of separate programs, once: what is there already stays.
#
#   deploy/make-keys.sh DIR       for example /etc/tollgate/keys
#
#   pepper        under which keys are digested; control plane and data plane
#   seal          with which credentials and webhook secrets are sealed; control plane, data plane
#                 and billing
#   admin-token   the bearer token of the CLI
#   node-token    with which data-plane nodes read wallets, and ask for quotas
#   tokens        the digests of the tokens, for control plane and catalog
#
# Keep a copy of the first two: without the pepper no key is known, without the seal key no
# credential opens.
set -euo pipefail
dir="${1:?usage: make-keys.sh DIR}"
umask 077
mkdir -p "$dir"

random_hex() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# once NAME: reads the file's contents from standard input unless it is there.
once() { [[ -e "$dir/$1" ]] || cat > "$dir/$1"; }

echo "1:$(random_hex)" | once pepper
random_hex | once seal
echo "tga_$(random_hex)" | once admin-token
echo "tgn_$(random_hex)" | once node-token
digest() { tr -d '\n' < "$dir/$1" | sha256sum | cut -d ' ' -f 1; }
printf '%s\n' "admin admin $(digest admin-token)" "node node $(digest node-token)" | once tokens
ls -l "$dir"
