#!/usr/bin/env bash
# What the compiler does not ask of the host, and what preflight asks of it.   tests/host/run.sh WEIR WEIR_EDGE
#  - `check` and `build` run without network, names, HOME and the right to write, and write nothing but their output;
#  - `preflight` finds what would keep a plan from starting, and that is what then keeps it from starting.
# Ends "N passed, N failed".
set -u
weir=$(realpath "$1") edge=$(realpath "$2")
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
dir=$(mktemp -d)
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
pids=
export NO_COLOR=1
unset CC

ok() { # NAME COMMAND
  if eval "$2"; then passed=$((passed + 1)); echo "ok   $1"; else failed=$((failed + 1)); echo "FAIL $1"; fi
}
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# ---- hermetic -----------------------------------------------------------------------------------------

src=$dir/src out=$dir/out tmp=$dir/tmp
mkdir "$src" "$out" "$tmp"
cp -r examples/02-tenants/. "$src"
(cd "$src" && python3 generate.py >/dev/null && rm -f generate.py)
cat >"$src/names.weir" <<'X'
language 1
backend app { server a no-such-host.invalid:80 }
frontend web {
  listen 203.0.113.9:1
  route { use app }
}
X
# In a namespace of its own without network and with the sources mounted read-only, where the kernel lets us; at the
# least without an environment.
cat >"$dir/alone" <<X
#!/bin/sh
mount --bind "$src" "$src" 2>/dev/null && mount -o remount,ro,bind "$src" 2>/dev/null
cd "$src" && exec "\$@"
X
chmod +x "$dir/alone"
if unshare -rnm true 2>/dev/null; then away="unshare -rnm"; else away=; echo "note: no namespaces here: only the environment is taken away"; fi
alone() { env -i PATH="$PATH" TMPDIR="$tmp" NO_COLOR=1 ASAN_OPTIONS="${ASAN_OPTIONS:-}" $away "$dir/alone" timeout 60 "$@" >"$dir/stdout" 2>"$dir/stderr"; }
tree() { (cd "$dir" && find src tmp -printf '%p %y %s %T@\n' | sort); }

before=$(tree)
[ -z "$away" ] || ok "the sources are read-only for this test" "! alone touch $src/x"
ok "check without network, HOME and the right to write" "alone '$weir' check site.weir names.weir && grep -q '^site.weir: ok' '$dir/stdout'"
ok "check writes nothing" "[ \"\$(tree)\" = \"\$before\" ]"
begin=$(date +%s%N)
alone "$weir" check names.weir
ok "names of servers are not looked up" "[ \$((\$(date +%s%N) - $begin)) -lt 2000000000 ]"
ok "build likewise" "alone '$weir' build site.weir -o $out/site.plan && alone '$weir' build names.weir -o $out/names.plan"
ok "build writes its output alone" "[ \"\$(ls $out | tr '\n' ' ')\" = 'names.plan site.plan ' ] && [ -z \"\$(ls -A $tmp)\" ]"
ok "the sources are as they were" "[ \"\$(tree | grep ^src)\" = \"\$(grep ^src <<<\"\$before\")\" ]"
ok "the same plan as with all of that" "(cd $src && XDG_CACHE_HOME=$dir/cache '$weir' build site.weir -o $dir/normal.plan >/dev/null) && cmp -s $dir/normal.plan $out/site.plan"

# ---- preflight ----------------------------------------------------------------------------------------

p1=$(port) p2=$(port) p3=$(port)
plan() { # NAME LISTEN SERVER
  printf 'language 1\nbackend app { server a %s }\nfrontend web {\n  listen %s\n  route { use app }\n}\n' "$3" "$2" >"$dir/$1.weir"
  "$weir" build "$dir/$1.weir" -o "$dir/$1.plan" >/dev/null 2>&1
}
preflight() { "$weir" preflight "$@" >"$dir/stdout" 2>"$dir/stderr"; }
# finds NAME EXIT-CODE REGEX ARGUMENTS…
finds() {
  local name=$1 code=$2 regex=$3 rc
  shift 3
  preflight "$@"
  rc=$?
  if [ $rc = "$code" ] && grep -qE -- "$regex" "$dir/stdout" "$dir/stderr"; then
    passed=$((passed + 1)) && echo "ok   $name"
  else
    failed=$((failed + 1)) && echo "FAIL $name: exit code $rc" && cat "$dir/stdout" "$dir/stderr"
  fi
}

plan good "127.0.0.1:$p1" 127.0.0.1:1
plan taken "127.0.0.1:$p2" 127.0.0.1:1
plan away 203.0.113.9:8080 127.0.0.1:1
plan name "127.0.0.1:$p1" no-such-host.invalid:80
plan local "127.0.0.1:$p1" localhost:80
python3 -c "
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $p2)); s.listen()
print('up', flush=True); time.sleep(120)" >"$dir/up" &
pids=$!
for _ in $(seq 200); do [ -s "$dir/up" ] && break; sleep 0.02; done

finds "a plan that can start" 0 "^ok    listen 127.0.0.1:$p1 \(frontend web\)$" "$dir/good.plan"
finds "and its count" 0 '^[0-9]+ checks, [0-9]+ warnings?, 0 failures$' "$dir/good.plan"
finds "an address in use" 1 "^fail  listen 127.0.0.1:$p2 \(frontend web\): in use" "$dir/taken.plan"
finds "an address of another machine" 1 '^fail  listen 203.0.113.9:8080 .*: not local' "$dir/away.plan"
finds "a name that does not resolve" 1 '^fail  name no-such-host.invalid \(backend app, server a\): cannot be resolved' "$dir/name.plan"
finds "a name that does" 0 '^ok    name localhost .*: (127\.0\.0\.1|\[::1\]):80$' "$dir/local.plan"
finds "what the kernel has" 0 '^ok    kernel SO_REUSEPORT$' "$dir/good.plan"
finds "a goal that descriptors allow" 0 '^ok    descriptors: .* room for [0-9]+ connections$' "$dir/good.plan" --connections 20
finds "a goal that they do not" 1 '^fail  descriptors: .*1000000000 connections need' "$dir/good.plan" --connections 1000000000
ok "workers that descriptors do not allow" "! (ulimit -n 100; '$weir' preflight '$dir/good.plan' --workers 20) >$dir/stdout && grep -q '^fail  descriptors: 100 are allowed, and 20 workers' $dir/stdout"
finds "a control socket" 0 "^ok    control $dir/sock$" "$dir/good.plan" --control "$dir/sock"
ok "which was not made" "[ ! -e $dir/sock ]"
finds "in no folder" 1 'fail  control /nosuch/sock: its folder does not exist' "$dir/good.plan" --control /nosuch/sock
finds "over a file" 1 'there is a file that is no socket' "$dir/good.plan" --control "$dir/good.plan"
finds "no plan" 1 'cannot load .*it is no ELF file' "$dir/good.weir"
finds "no file" 1 'cannot read .*: No such file' "$dir/nosuch.plan"
finds "help" 0 'weir preflight PLAN' --help
finds "which plan" 2 'which PLAN'
finds "a format that is none" 2 'text or json' "$dir/good.plan" --format xml

preflight "$dir/taken.plan" --format json
ok "as JSON" "python3 -c '
import json, sys
x = json.load(open(\"$dir/stdout\"))
bad = [c for c in x[\"checks\"] if c[\"result\"] == \"fail\"]
sys.exit(x[\"ok\"] is not False or len(x[\"digest\"]) != 32 or len(bad) != 1 or bad[0][\"kind\"] != \"listen\")'"
preflight "$dir/good.weir" --format json
ok "a refused plan as JSON" "python3 -c '
import json, sys
x = json.load(open(\"$dir/stdout\"))
sys.exit(x[\"ok\"] is not False or x[\"checks\"][0][\"kind\"] != \"plan\")'"
ok "weir-edge --preflight of a good plan" "timeout 20 '$edge' --preflight '$dir/good.plan' >$dir/stdout && grep -q '0 failures' $dir/stdout"
ok "of a bad one" "! timeout 20 '$edge' '$dir/taken.plan' --preflight >$dir/stdout && grep -q '^fail  listen' $dir/stdout"

# What it says is what happens.
for p in taken away name; do
  ok "$p does not start" "! timeout 20 '$edge' '$dir/$p.plan' --workers 1 2>/dev/null"
done
"$edge" "$dir/good.plan" --workers 1 --control "$dir/sock" 2>"$dir/log" &
pids="$pids $!" served=$!
for _ in $(seq 200); do [ -S "$dir/sock" ] && "$weir" ctl --control "$dir/sock" show plans >/dev/null 2>&1 && break; sleep 0.05; done
ok "good does" "'$weir' ctl --control '$dir/sock' show plans >/dev/null"
finds "and then its address is taken" 1 "^fail  listen 127.0.0.1:$p1 .*: in use" "$dir/good.plan"
finds "and its control socket" 1 "^fail  control $dir/sock: another process answers there" "$dir/good.plan" --control "$dir/sock"
kill -TERM $served && wait $served
ok "preflight disturbed nobody" "[ $? = 0 ]"
# As another user, where this one may become one.
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --clear-groups true 2>/dev/null && [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 1 ]; then
  plan low 127.0.0.1:1 127.0.0.1:1
  chmod 755 "$dir" && cp "$edge" "$dir/edge" && chmod 755 "$dir/edge" "$dir/low.plan"
  ok "a port that takes a privilege" "! setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all '$dir/edge' --preflight '$dir/low.plan' --control '$dir/sock' >$dir/stdout && grep -q '^fail  listen 127.0.0.1:1 .*: no permission: ports below' $dir/stdout"
  ok "a folder that may not be written" "grep -q '^fail  control .*: no permission to write' $dir/stdout"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
