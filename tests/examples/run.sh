#!/usr/bin/env bash
# Runs each example as its README says: starts `weir run`, types the lines after "$ " in the ```console blocks, and
# compares what comes back.   tests/examples/run.sh WEIR [NAME…]
# The examples' ports are moved to free ones, in a copy. Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
passed=0 failed=0 pid=
bin=$(mktemp -d)
ln -s "$weir" "$bin/weir"
export PATH=$bin:$PATH
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$bin"' EXIT

# Rewrites every 127.0.0.1:PORT of the copied files to a port that is free now.
move_ports() {
  python3 - "$@" <<'PY'
import re, socket, sys
texts = {f: open(f).read() for f in sys.argv[1:]}
ports = sorted({p for t in texts.values() for p in re.findall(r"127\.0\.0\.1:(\d{4})", t)})
socks = {p: socket.socket() for p in ports}
for s in socks.values():
    s.bind(("127.0.0.1", 0))
for f, t in texts.items():
    open(f, "w").write(re.sub(r"127\.0\.0\.1:(\d{4})", lambda m: f"127.0.0.1:{socks[m.group(1)].getsockname()[1]}", t))
PY
}

check() { # EXAMPLE COMMAND EXPECTED
  local got
  got=$(bash -c "$2" 2>&1)
  if [ "$got" = "$3" ]; then
    passed=$((passed + 1))
    echo "ok   $1: $2"
  else
    failed=$((failed + 1))
    printf 'FAIL %s: %s\n--- expected\n%s\n--- got\n%s\n' "$1" "$2" "$3" "$got"
  fi
}

run_example() { # NAME
  local dir command="" expected="" inside=
  dir=$(mktemp -d)
  cp -r "examples/$1/." "$dir"
  pushd "$dir" >/dev/null || exit 1
  [ -e generate.py ] && python3 generate.py
  move_ports site.weir README.md
  weir run site.weir --workers 1 >run.log 2>&1 &
  pid=$!
  local port
  port=$(grep -o 'listen 127.0.0.1:[0-9]*' site.weir | head -1 | cut -d: -f2)
  for _ in $(seq 200); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.05; done
  while IFS= read -r line; do
    case "$line" in
      '```console') inside=1; continue ;;
      '```') [ -n "$inside" ] && [ -n "$command" ] && check "$1" "$command" "$expected"; inside= command= expected=; continue ;;
    esac
    [ -n "$inside" ] || continue
    if [ "${line:0:2}" = '$ ' ]; then
      [ -n "$command" ] && check "$1" "$command" "$expected"
      command=${line:2} expected=
    else
      expected+=${expected:+$'\n'}$line
    fi
  done <README.md
  kill $pid
  if wait $pid; then passed=$((passed + 1)); echo "ok   $1: stops cleanly"; else failed=$((failed + 1)); echo "FAIL $1: ended with $?"; cat run.log; fi
  pid=
  popd >/dev/null || exit 1
  rm -rf "$dir"
}

[ $# -gt 0 ] || set -- $(ls examples | grep -E '^[0-9]')
for e in "$@"; do run_example "$e"; done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
