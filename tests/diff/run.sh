#!/usr/bin/env bash
# What `weir diff` says: NAME.old.weir and NAME.new.weir give NAME.txt.   tests/diff/run.sh WEIR [--write]
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
ok "Markdown has a row for each kind" "[ \$($weir diff rules.old.weir rules.new.weir --format markdown 2>/dev/null | grep -c '^| \`\`') = \$(grep -cE '^  [^ ].*  →  ' rules.txt) ]"
ok "HTML is well-formed" "$weir diff rules.old.weir rules.new.weir --format html 2>/dev/null | tail -n +2 | sed -e 's/<meta[^>]*>//g' | python3 -c 'import sys, xml.dom.minidom as m; m.parseString(sys.stdin.read())'"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
