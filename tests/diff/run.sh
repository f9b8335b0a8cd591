#!/usr/bin/env bash
# What `weir diff` says: NAME.old.weir and NAME.new.weir give NAME.txt (and NAME.FORMAT).   tests/diff/run.sh WEIR [--write]
# --write makes the goldens anew: read each change before it is committed. Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")" || exit 1
export NO_COLOR=1
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ok() { # NAME COMMAND
  if eval "$2"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $1"; fi
}

places() { sed -E 's/(old|new)\.weir:[0-9]+/\1.weir/g'; }

for f in *.old.weir; do
  name=${f%.old.weir}
  timeout 60 "$weir" diff "$name.old.weir" "$name.new.weir" >"$dir/got" 2>"$dir/err"
  ok "$name ends with 0" "[ $? = 0 ]"
  [ "$write" = --write ] && cp "$dir/got" "$name.txt"
  ok "$name" "diff -u $name.txt $dir/got"
  # Each request that is shown ends as is said, in the old and in the new program.
  python3 - "$weir" "$name" <<'PY' >"$dir/py" 2>&1
import json, shlex, subprocess, sys
weir, name = sys.argv[1:]
run = lambda *a: subprocess.run([weir, *a], capture_output=True, text=True)
d = json.loads(run("diff", f"{name}.old.weir", f"{name}.new.weir", "--format", "json").stdout)
for f in d["frontends"]:
    for c in f["classes"]:
        if not c["confirmed"]:
            continue
        for side, file in (("before", "old"), ("now", "new")):
            args = shlex.split(c["request"]["explain"])
            said = run("explain", f"{name}.{file}.weir", *args, "--frontend", f["name"])
            first = said.stdout.split("\n")[0]
            assert c[side].startswith(first), (c[side], first, said.stderr)
PY
  ok "$name: explain agrees" "[ ! -s $dir/py ] || { cat $dir/py; false; }"
done

# The other forms of two of them.
for name in rules hosts; do
  for format in markdown html json; do
    timeout 60 "$weir" diff "$name.old.weir" "$name.new.weir" --format "$format" >"$dir/got" 2>"$dir/err"
    [ "$write" = --write ] && cp "$dir/got" "$name.$format"
    ok "$name as $format" "diff -u $name.$format $dir/got"
  done
done

"$weir" build rules.old.weir -o "$dir/old.plan" >/dev/null 2>&1 && "$weir" build rules.new.weir -o "$dir/new.plan" >/dev/null 2>&1
"$weir" diff "$dir/old.plan" "$dir/new.plan" 2>/dev/null | tail -n +4 | places >"$dir/plans"
tail -n +4 rules.txt | places >"$dir/sources"
ok "plans compare as their sources do, but for the lines of rows" "diff $dir/sources $dir/plans"
ok "a plan and its source are equivalent" "$weir diff rules.old.weir $dir/old.plan --exit-code 2>/dev/null | grep -q '^equivalent: both have the same digest'"
"$weir" diff rules.old.weir rules.new.weir --exit-code >/dev/null 2>&1
ok "exit code 1 for a difference" "[ $? = 1 ]"
"$weir" diff same.old.weir same.new.weir --exit-code >/dev/null 2>&1
ok "exit code 0 where equivalence is proved" "[ $? = 0 ]"
"$weir" diff unknown.old.weir unknown.new.weir --exit-code >/dev/null 2>&1
ok "exit code 1 where it is unknown" "[ $? = 1 ]"
"$weir" diff rules.old.weir rules.new.weir --frontend nosuch >/dev/null 2>&1
ok "exit code 2 for a frontend that neither has" "[ $? = 2 ]"

ok "logs in each format" "timeout 120 python3 traffic.py $weir >$dir/py 2>&1 || { cat $dir/py; false; }"
# A log that does not say what the rules need is refused, with the option that says it.
refused() { # NAME WORDS ARGUMENTS…
  local name=$1 words=$2
  shift 2
  "$weir" diff "$@" >"$dir/out" 2>"$dir/err"
  ok "$name" "[ $? = 1 ] && [ ! -s $dir/out ] && grep -qF -- '$words' $dir/err || { cat $dir/err; false; }"
}
echo '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 12' >"$dir/plain.log"
seq 30 >"$dir/numbers.log"
gzip -c "$dir/plain.log" >"$dir/plain.log.gz"
refused "a log without hosts" "--traffic-host NAME" rules.old.weir rules.new.weir --traffic "$dir/plain.log"
refused "a log in no format" "are in no format that is known here" rules.old.weir rules.new.weir --traffic "$dir/numbers.log"
refused "a compressed log" "is compressed: zcat" rules.old.weir rules.new.weir --traffic "$dir/plain.log.gz"
refused "a log that is not there" "cannot read $dir/nosuch" rules.old.weir rules.new.weir --traffic "$dir/nosuch"
refused "a log of another format" "no request could be read" rules.old.weir rules.new.weir --traffic "$dir/plain.log" --traffic-format json
refused "which of several frontends" "say it with --traffic-frontend NAME, of \`a\`, \`b\`, \`gone\` or \`fresh\`" frontends.old.weir frontends.new.weir --traffic "$dir/plain.log"
ok "a log on standard input" "$weir diff rules.old.weir rules.new.weir --traffic - --traffic-host b.example <$dir/plain.log | grep -q '^  traffic 100 % of 1 request ends otherwise (1); of .* kinds, .* are in no request'"
ok "the frontend that received a log" "$weir diff frontends.old.weir frontends.new.weir --traffic $dir/plain.log --traffic-frontend b | grep -q '^  traffic none of 1 request ends otherwise'"
ok "HTML has the share of each kind" "$weir diff rules.old.weir rules.new.weir --traffic $dir/plain.log --traffic-host d.example --format html | grep -q '<td class=\"share\">100 %<span class=\"bar\"><span style=\"width:100.0%\"></span></span><small>1 request</small>'"
"$weir" diff rules.old.weir rules.new.weir --traffic-host a >/dev/null 2>&1
ok "--traffic-host says nothing without a log" "[ $? = 2 ]"
ok "every member of JSON lines is in the document" "grep -oE '\"[^\"]+\"' ../../grammar/traffic_fields.def | tr -d '\"' | while read -r name; do grep -qF \"\\\`\$name\\\`\" ../../grammar/TRAFFIC.md || { echo \$name; exit 1; }; done"

ok "warnings are said where they are asked for" "[ -z \"\$($weir diff rules.old.weir rules.new.weir 2>&1 >/dev/null)\" ] && $weir diff rules.old.weir rules.new.weir --warnings 2>&1 >/dev/null | grep -q '^warning'"
# A comment on GitHub takes 65,536 characters.
python3 - "$dir" <<'PY'
import sys
for name, to in (("old", "p"), ("new", "q")):
    with open(f"{sys.argv[1]}/many.{name}.weir", "w") as f:
        f.write("language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\nfrontend f {\n  listen 127.0.0.1:2\n  route {\n")
        f.writelines(f'    redirect to "/{to}{i}" 302 if path under "/{"long-name-" * 30}{i}"\n' for i in range(200))
        f.write("    reply 404\n  }\n}\n")
PY
"$weir" diff "$dir/many.old.weir" "$dir/many.new.weir" --format markdown >"$dir/many.md"
ok "Markdown fits a comment and says what it leaves out" "[ \$(wc -m <$dir/many.md) -lt 65536 ] && grep -q '^… and [0-9]* more, which' $dir/many.md"

# What the search had no time for is counted apart, so that nothing is lost.
for i in 1 7 7 150 199; do echo "10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] \"GET /$(printf 'long-name-%.0s' {1..30})$i HTTP/1.1\" 200 12"; done >"$dir/many.log"
for limit in 1ms 20s; do
  "$weir" diff "$dir/many.old.weir" "$dir/many.new.weir" --limit $limit --traffic "$dir/many.log" --format json >"$dir/many.json"
  ok "all that differs is counted, with --limit $limit" "python3 -c '
import json, sys
d = json.load(sys.stdin)
f = d[\"frontends\"][0]
assert f[\"differing\"] == 5 == sum(c[\"traffic\"][\"requests\"] for c in f[\"classes\"]) + f[\"unclassed\"], f
assert d[\"verdict\"] == \"different\" and (f[\"unclassed\"] == 0 or not f[\"complete\"])
' <$dir/many.json"
done

# Sets of one kind each, in which every rule was once held against every other: four rules are changed.
python3 - "$dir" <<'PY'
import sys
N = 8000
kinds = {
    "wildcards beside hosts": lambda i: f'host like "*.w{i}.example"' if i % 2 else f'host == "h{i}.example" and path starts-with "/a/"',
    "wildcards in the middle": lambda i: f'path like "/team{i}/*/report"',
    "one of two hosts": lambda i: f'(host == "a{i}.example" or host == "b{i}.example") and path under "/x/y"',
    "header values": lambda i: f'req.header["x-tenant"] == "t{i}"',
    "long paths": lambda i: f'path under "/a/path/that/goes/on/{i % 97}/and/on/{i}"',
    "regular expressions": lambda i: f'path matches re"^/item{i}/[0-9]+$"',
}
for k, (kind, rule) in enumerate(kinds.items()):
    print(kind, file=open(f"{sys.argv[1]}/set{k}.name", "w"))
    for name in ("old", "new"):
        with open(f"{sys.argv[1]}/set{k}.{name}.weir", "w") as f:
            f.writelines(["language 1\n", *(f"backend {b} {{ server x 127.0.0.1:1 }}\n" for b in "pqr"), "frontend f {\n  listen 127.0.0.1:2\n  route {\n"])
            for i in range(N):
                to = "q" if name == "new" and i % (N // 4) == 5 else "p" if i % 3 else "r"
                f.write(f"    use {to} if {rule(i)}\n")
            f.write("    reply 404\n  }\n}\n")
PY
for k in 0 1 2 3 4 5; do
  "$weir" diff "$dir/set$k.old.weir" "$dir/set$k.new.weir" --format json >"$dir/set.json"
  ok "8,000 rules: $(cat "$dir/set$k.name")" "python3 -c '
import json, sys
f = json.load(sys.stdin)[\"frontends\"][0]
assert f[\"complete\"] and sum(1 + c[\"alike\"] for c in f[\"classes\"]) == 4 and all(c[\"confirmed\"] for c in f[\"classes\"]), f
' <$dir/set.json"
done

ok "Markdown has a row for each kind" "[ \$($weir diff rules.old.weir rules.new.weir --format markdown 2>/dev/null | grep -c '^| \`\`') = \$(grep -cE '^  [^ ].*  →  ' rules.txt) ]"
ok "HTML is well-formed" "$weir diff rules.old.weir rules.new.weir --format html 2>/dev/null | tail -n +2 | sed -e 's/<meta[^>]*>//g' | python3 -c 'import sys, xml.dom.minidom as m; m.parseString(sys.stdin.read())'"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
