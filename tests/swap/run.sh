#!/usr/bin/env bash
# Hot swap under load: plans are pushed while 64 kept-alive clients ask without a pause, and no request may fail.
#   tests/swap/run.sh WEIR WEIR_EDGE [--short]
# --short pushes fewer plans, for slow builds of the runtime. Takes at most 40 s; ends "N passed, N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
weir=$(realpath "$1") edge=$(realpath "$2")
pushes=100 gap=0.04
[ "${3:-}" = --short ] && pushes=20 gap=0.15
work=$(mktemp -d)
cd "$work" || exit 1
edge_pid='' origin_pid='' slow_pid='' wrk_pid='' passed=0 failed=0
control=$work/control

cleanup() {
  for p in $edge_pid $origin_pid $slow_pid $wrk_pid; do kill -9 "$p" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

ok() { passed=$((passed + 1)); echo "ok   $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $1"; }
check() { # NAME COMMAND…: passes where the command does
  local name=$1
  shift
  if "$@"; then ok "$name"; else bad "$name"; fi
}
finish() {
  echo "$passed passed, $failed failed"
  [ $failed = 0 ]
  exit
}

read -r port one two slow added < <(python3 "$here/tool.py" ports 5)

# site NAME TENANTS [FRONTEND]: a configuration with that many tenants, and its plan.
site() {
  for ((i = 0; i < $2; i++)); do echo "t$i.example  app"; done >"$1.map"
  cat >"$1.weir" <<END
language 1
map tenants: host -> backend { file "$1.map" }
check alive: http {
  get    "/healthz"
  expect status == 200
}
backend app {
  check  alive every 500ms
  server one 127.0.0.1:$one
  server two 127.0.0.1:$two
}
backend slow { server s 127.0.0.1:$slow }
frontend edge {
  listen 127.0.0.1:$port
  route {
    reply 200 { body "$1\n" } if path == "/which"
    use slow if path == "/slow"
    use tenants[host]
    reply 404 { body "no such tenant\n" }
  }
}
${3:-}
END
  "$weir" build "$1.weir" -o "$1.plan"
}

# The servers behind it are another process, so that they outlive the one under test.
origins() {
  cat >origins.weir <<END
language 1
frontend one {
  listen 127.0.0.1:$one
  route { reply 200 { body "from one\n" } }
}
frontend two {
  listen 127.0.0.1:$two
  route { reply 200 { body "from two\n" } }
}
END
  "$weir" build origins.weir -o origins.plan
}

get() { curl -s -m 5 "http://127.0.0.1:$1$2"; }
push() { "$weir" push "$1.plan" --control "$control" >>push.log 2>&1; }
ctl() { "$weir" ctl --control "$control" "$@"; }
states() { ctl show plans json | python3 "$here/tool.py" states; }

# until COMMAND…: tries it for at most 5 s.
until_true() {
  for _ in $(seq 100); do
    "$@" && return 0
    sleep 0.05
  done
  return 1
}
serves() { [ "$(get "$1" /which)" = "$2" ]; }
refuses() { ! get "$1" / >/dev/null; }

check "plans are built" eval 'origins && site a 1000 && site b 1001 && site c 1000 "frontend more {
  listen 127.0.0.1:$added
  route { reply 200 { body \"c\n\" } }
}"'
[ $failed = 0 ] || finish

"$edge" origins.plan --workers 1 2>origins.log &
origin_pid=$!
"$edge" a.plan --control "$control" --workers 2 2>edge.log &
edge_pid=$!
check "it serves the first plan" until_true serves "$port" a
[ $failed = 0 ] || { cat edge.log; finish; }

# --- many pushes under load
wrk -t1 -c64 -d60s -H "Host: t7.example" "http://127.0.0.1:$port/" >wrk.log 2>&1 &
wrk_pid=$!
sleep 0.3
pushed=0 tried=0
until=$((SECONDS + 12)) # a slow machine pushes fewer
while [ $tried -lt $pushes ] && [ $SECONDS -lt $until ]; do
  for name in b a; do
    push $name && pushed=$((pushed + 1))
    tried=$((tried + 1))
    sleep $gap
  done
done
# --- what is no plan, still under load
head -c 5000 /dev/urandom >garbage.plan
head -c $(($(stat -c %s a.plan) / 2)) a.plan >cut.plan
python3 "$here/tool.py" flip a.plan flipped.plan
for bad_plan in garbage cut flipped; do
  check "a plan that is $bad_plan is refused" eval '! python3 "$here/tool.py" push "$control" $bad_plan.plan >refused.log'
done
check "with the reason" grep -q "this is no plan that can be used" refused.log
check "and the old plan serves" serves "$port" a
check "all of it under load" kill -INT $wrk_pid # wrk then says what it counted
wait $wrk_pid
wrk_pid=''
requests=$(awk '/requests in/ {print $1}' wrk.log)
echo "     $pushed pushes during ${requests:-no} requests"
check "all $tried pushes succeed" test $pushed = $tried -a $tried -ge 10
check "no request fails" eval '! grep -E "Socket errors|Non-2xx" wrk.log'
check "there were requests" test "${requests:-0}" -gt 1000
check "one plan is active, and all before it are gone" until_true eval '[ "$(states)" = "1 active" ]'
check "the count of swaps is right" eval "ctl show info json | grep -q '\"swaps\": $tried,'"
served=$(ctl show servers json | python3 "$here/tool.py" sum requests)
check "servers kept their counters over all swaps" test "${served:-0}" -ge "${requests:-1}"
reused=$(ctl show servers json | python3 "$here/tool.py" sum reuses)
connects=$(ctl show servers json | python3 "$here/tool.py" sum connects)
check "and their idle connections ($connects opened, $reused reused)" test "${connects:-9999999}" -lt $((${reused:-0} / 4))

# --- listeners
push c
check "a listener is added" until_true serves "$added" c
push a
check "and removed" until_true refuses "$added"

# --- a request that is slower than a swap
python3 "$here/tool.py" slow "$slow" 1.5 &
slow_pid=$!
until_true eval '(exec 3<>/dev/tcp/127.0.0.1/$slow) 2>/dev/null'
get "$port" /slow >slow.out &
slow_get=$!
sleep 0.5
push b
check "new requests are decided by the new plan" serves "$port" b
check "the old plan drains" eval '[[ "$(states)" = *"1 draining"* ]]'
wait $slow_get
check "the request in flight is answered" grep -qx "slow answer" slow.out
check "then the old plan is gone" until_true eval '[ "$(states)" = "1 active" ]'

# --- reload by signal: a plan file that is broken changes nothing
cp cut.plan a.plan.new && mv a.plan.new a.plan
kill -HUP $edge_pid
check "a reload that fails is said" until_true grep -q "the old plan stays" edge.log
check "and the old plan serves" serves "$port" b
cp c.plan a.plan.new && mv a.plan.new a.plan
kill -HUP $edge_pid
check "a reload that works swaps" until_true serves "$port" c

# --- the end under load
python3 "$here/tool.py" load "$port" t7.example load.begun >load.log &
load_pid=$!
check "clients ask" until_true test -e load.begun
sleep 0.5
kill -TERM $edge_pid
wait $edge_pid
rc=$?
edge_pid=''
wait $load_pid
check "SIGTERM under load: every request is answered ($(cat load.log))" grep -q " 0 lost" load.log
check "and the exit code is 0" test $rc = 0
check "the control socket is removed" test ! -e "$control"
kill -TERM $origin_pid
wait $origin_pid
check "the process of the servers ends with 0 as well" test $? = 0
origin_pid=''
[ $failed = 0 ] || { echo "--- edge.log"; tail -20 edge.log origins.log; echo "--- push.log"; sort push.log | uniq -c | tail -5; echo "--- wrk.log"; cat wrk.log; }
finish
