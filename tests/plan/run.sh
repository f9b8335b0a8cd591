#!/usr/bin/env bash
# What the commands print and how they end, on the examples.   tests/plan/run.sh WEIR
# Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
cd "$(dirname "$0")/../.."
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp examples/01-hello/site.weir "$dir/site.weir"
cp examples/03-api-versions/site.weir "$dir/api.weir"
printf 'language 1\nfrontend web {\n  listen 127.0.0.1:8080\n  route { use nosuch }\n}\n' >"$dir/bad.weir"
cd "$dir" || exit 1
export NO_COLOR=1
unset CC

# expect NAME EXIT-CODE STDOUT-REGEX STDERR-REGEX ARGUMENTS…; an empty regex wants no output at all.
expect() {
  local name=$1 code=$2 out=$3 err=$4 rc
  shift 4
  "$weir" "$@" >out.txt 2>err.txt </dev/null
  rc=$?
  if [ $rc = "$code" ] && has out.txt "$out" && has err.txt "$err"; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name: exit code $rc, wanted $code"
    sed 's/^/  out: /' out.txt | head -20
    sed 's/^/  err: /' err.txt | head -20
  fi
}

has() { if [ -z "$2" ]; then [ ! -s "$1" ]; else grep -qE -- "$2" "$1"; fi; }

ok() { # NAME COMMAND
  if eval "$2"; then passed=$((passed + 1)); echo "ok   $1"; else failed=$((failed + 1)); echo "FAIL $1"; fi
}

expect "no command" 2 '' '^usage: weir COMMAND'
expect "help" 0 '^  build FILE -o PLAN ' '' --help
expect "version" 0 '^weir [0-9.]+, language 1, abi [0-9]+$' '' --version
expect "unknown command" 2 '' 'unknown command `chek`; did you mean `check`\?' chek
for c in check build show explain diff graph preflight run doc push ctl; do
  expect "help of $c" 0 "weir $c" '' $c --help
done

expect "check" 0 '^site.weir: ok \(3 frontends, 1 backend\)$' '' check site.weir
expect "check of several" 0 '^api.weir: ok' '' check site.weir api.weir
expect "check finds errors" 1 '^site.weir: ok' '^bad.weir: 1 error$' check bad.weir site.weir
expect "check as JSON" 1 '"file":"bad.weir"|bad\.weir' '' check bad.weir --format=json
expect "check of a missing file" 1 '' '^weir: cannot read x.weir: No such file or directory$' check x.weir
expect "check of a folder" 1 '' '^weir: cannot read \.: Is a directory$' check .
expect "check of nothing" 2 '' 'which FILE' check
expect "unknown option" 2 '' 'unknown option `--formt`; did you mean `--format`\?' check --formt json site.weir

expect "build" 0 '^site.plan  digest [0-9a-f]{32}  [0-9.]+ (bytes|MB)  [0-9.]+ s$' '' build site.weir -o site.plan
expect "build, held against all rules" 0 '^validated  12 rules and rows of maps, by [0-9]+ requests$' '' build api.weir --validate=full -o api.plan
# Twelve regular expressions at once: the search for requests would take a minute and more.
hard=$(for c in ab bc cd de ef fg gh hi ij jk kl lz; do printf 'path matches re"%s.*%s.*[0-9]{2}" and ' ${c:0:1} ${c:1}; done)
printf 'language 1\nbackend b { server s 127.0.0.1:9000 }\nfrontend f {\n  listen 127.0.0.1:8080\n  route {\n    use b if %s\n    reply 404\n  }\n}\n' "${hard% and }" >hard.weir
ok "a condition that is hard to search does not hold up the build" "timeout 40 $weir build hard.weir -o hard.plan >/dev/null"
expect "and is said to be" 0 '^validated  1 rules and rows of maps, by [0-9]+ requests; of some, the conditions are too hard to search$' '' build hard.weir --validate=full -o hard.plan
ok "gives the same bytes" "$weir build api.weir -o less.plan >/dev/null && cmp -s api.plan less.plan"
expect "no such validation" 2 '' '--validate is full, not `some`' build api.weir --validate=some -o api.plan
expect "build of errors" 1 '' '^bad.weir: 1 error$' build bad.weir -o bad.plan
ok "writes no plan" "[ ! -e bad.plan ]"
expect "standard library" 0 '^  stdconf/health ' '' doc
expect "a part of it" 0 '^template http-get\(at: string = "/"' '' doc stdconf/health
expect "all of it" 0 '^let private: list<cidr>' '' doc stdconf
expect "no part of it" 1 '' 'did you mean `stdconf/health`' doc stdconf/helth
printf 'language 1\n## Who is let in.\nlet who: string = env("WHO")\nproxy web {\n  listen env("AT", 127.0.0.1:8080)\n  server a 127.0.0.1:1\n  route { use web if host == who; reply 404 }\n}\n' >env.weir
expect "doc of a file" 0 '^    Who is let in\.$' '' doc env.weir
expect "a value that is not given" 1 '' 'error\[E0222\]' build env.weir -o env.plan
WHO=a.example expect "not from the environment" 1 '' 'error\[E0222\]' build env.weir -o env.plan
expect "a given value" 0 'digest' '' build env.weir -o env.plan --env WHO=a.example
expect "is a source of the plan" 0 '^  --env WHO ' '' show env.plan
expect "and decides" 0 '^use web$' '' explain env.weir 'GET http://b.example/' --env WHO=b.example
expect "a malformed value" 1 '' 'no endpoint: 80' check env.weir --env WHO=a --env AT=80
expect "a nameless value" 2 '' 'NAME=VALUE' check env.weir --env WHO
expect "build without -o" 2 '' '-o PLAN' build site.weir
expect "build over the source" 2 '' 'overwrite' build site.weir -o site.weir
expect "build into no folder" 1 '' '^weir: cannot write no/such/x.plan: No such file or directory$' build site.weir -o no/such/x.plan
expect "build into a folder" 1 '' '^weir: cannot write .: Is a directory$' build site.weir -o .
expect "build into a device" 0 '^/dev/null  digest ' '' build site.weir -o /dev/null
ok "which stays one" "[ -c /dev/null ]"
expect "build without a compiler" 1 '' 'cannot find the C compiler `no-such-cc`' build site.weir -o x.plan --no-cache --cc no-such-cc
printf '#!/bin/sh\ntouch started; while [ ! -e go ]; do sleep 0.02; done\nexec cc "$@"\n' >slow-cc && chmod +x slow-cc
mkdir tmp
TMPDIR=$dir/tmp "$weir" build site.weir -o ended.plan --no-cache --cc ./slow-cc >out.txt 2>err.txt &
pid=$!
for _ in $(seq 200); do [ -e started ] && break; sleep 0.02; done
kill -TERM $pid && touch go && wait $pid
ok "a build that is ended writes nothing and leaves nothing" "[ -e started ] && [ ! -e ended.plan ] && [ -z \"\$(ls tmp)\" ]"
HOME=$dir/nohome XDG_CACHE_HOME='' expect "build without a home" 0 '^x.plan ' '' build site.weir -o x.plan
ok "makes no home" "[ ! -e nohome ]"
for f in tokens ast ir rows tables c; do
  expect "dump of $f" 0 '.' '' build site.weir --dump=$f
done
expect "dump of errors" 1 '' '^bad.weir: 1 error$' build bad.weir --dump=ir
expect "no such form" 2 '' 'did you mean `tables`' build site.weir --dump table

expect "show" 0 '^digest    [0-9a-f]{32}$' '' show site.plan
expect "show names sources" 0 '^  site.weir ' '' show site.plan
expect "show names frontends" 0 '^  web +127.0.0.1:8080$' '' show site.plan
expect "show names backends" 0 '^  app +2 servers$' '' show site.plan
expect "show of what is no plan" 1 '' '^weir: cannot read site.weir: it is no plan' show site.weir
ok "show as JSON" "'$weir' show site.plan --format json | python3 -c 'import json, sys; m = json.load(sys.stdin); assert m[\"counts\"][\"frontends\"] == 3 and m[\"sources\"][0][\"path\"] == \"site.weir\"'"
"$weir" show site.plan | head -1 >out.txt 2>err.txt
ok "show into a pipe that closes" "[ ! -s err.txt ]"
head -c 1500 site.plan >cut.plan
expect "show of half a plan" 1 '' '^weir: cannot read cut.plan: ' show cut.plan

expect "push without a socket" 2 '' '--control SOCK' push site.plan
expect "push of what is no plan" 1 '' 'cannot push site.weir: it is no plan' push site.weir --control none.sock
expect "push to nobody" 1 '' 'none.sock' push site.plan --control none.sock
expect "ctl to nobody" 1 '' 'none.sock' ctl --control none.sock show plans
expect "ctl without words" 2 '' 'what to ask' ctl --control none.sock
expect "run of errors" 1 '' '^error\[E0201\]' run bad.weir
expect "run with a time without unit" 2 '' 'takes a time with its unit' run site.weir --stop-timeout 5

echo "$passed passed, $failed failed"
[ $failed = 0 ]
