#!/usr/bin/env bash
# Installs what is missing for one purpose, and nothing where nothing is missing:
#   tests/deps.sh build|test|bench
# Debian and Ubuntu by apt-get (as root, or through sudo); elsewhere it says what is needed.
set -euo pipefail

declare -A package=(
  [cc]=gcc [make]=make [flex]=flex [bison]=bison [re2c]=re2c [xxhash.h]=libxxhash-dev [libc.h]=libc6-dev
  [cmocka.h]=libcmocka-dev [curl]=curl [python3]=python3 [varnishtest]=varnish [varnishd]=varnish [wrk]=wrk [readelf]=binutils
  [haproxy]=haproxy [nginx]=nginx-light [taskset]=util-linux [patch]=patch
)
build="cc make flex bison re2c xxhash.h libc.h"
case "${1:-build}" in
  build) need=$build ;;
  test) need="$build cmocka.h curl python3 varnishtest wrk readelf patch" ;;
  bench) need="$build python3 wrk haproxy nginx varnishd taskset" ;;
  *) echo "usage: tests/deps.sh build|test|bench" >&2; exit 2 ;;
esac

have() {
  case "$1" in
    libc.h) [ -e /usr/include/stdio.h ] ;;
    *.h) [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null ;;
  esac
}

missing=()
for tool in $need; do have "$tool" || missing+=("${package[$tool]}"); done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "weir: please install (names as in Debian): ${missing[*]}" >&2
  exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "weir: run as root, or install sudo or these packages: ${missing[*]}" >&2; exit 1; }
  run=(sudo)
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Services that packages bring (haproxy, nginx, varnish) are used as programs only, so they must not start here.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${run[@]}" tee $policy >/dev/null
  "${run[@]}" chmod +x $policy
  made_policy=1
fi
trap '[ -z "$made_policy" ] || "${run[@]}" rm -f '$policy EXIT
"${run[@]}" apt-get update -qq || true
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
