#!/usr/bin/env bash
# Runs the HTTP behaviour scripts (varnishtest), one concept each:
#   tests/http/run.sh WEIR_EDGE WEIR [NAME…]
# In a script: ${port} is a free port for Weir, ${serve} starts it (see serve), ${ready} waits for it. At the end of each
# the process must have ended with exit code 0, so that a sanitizer finding fails the script. Ends "N passed, N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
export WEIR_EDGE=$(realpath "$1") WEIR=$(realpath "$2")
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

run_one() { # FILE
  local name
  name=$(basename "$1" .vtc)
  for attempt in 1 2; do # a second try only where another process took the port meanwhile
    timeout 60 varnishtest -q -b 8m -t 30 -D port="$(free_port)" -D serve="$here/serve" -D ready="$here/ready" "$1" >"$work/$name.log" 2>&1 && break
    grep -q 'Address already in use' "$work/$name.log" || { attempt=2; false; break; }
  done && echo ok >"$work/$name.result"
}
export -f run_one free_port
export here work

if [ $# -gt 0 ]; then files=$(for n in "$@"; do echo "$here/$n.vtc"; done); else files=$(ls "$here"/*.vtc); fi
# Scripts mostly wait, so a few run side by side.
printf '%s\n' $files | xargs -P 6 -I{} bash -c 'run_one {}'
for f in $files; do
  name=$(basename "$f" .vtc)
  if [ -e "$work/$name.result" ]; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name"
    grep -aE '^\*{4} |^---- |ERROR|expect' "$work/$name.log" | tail -40
  fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
