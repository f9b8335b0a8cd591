#!/usr/bin/env bash
# `weir test` of the files here, as `cases` says, prints what NAME.txt holds; XML is well-formed and counts what it holds,
# TAP numbers its points.   tests/weirtest/run.sh WEIR [--write]
# --write makes the goldens anew: read each change before it is committed. Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
check() { # NAME COMMAND…
  local name=$1
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name"; fi
}

valid_junit() { # FILE
  python3 - "$1" <<'PY'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
suites = root.findall("testsuite")
ok = root.tag == "testsuites" and list(root) == suites
def counts(e, cases):
    return (int(e.get("tests")), int(e.get("failures")), int(e.get("errors"))) == (
        len(cases), sum(c.find("failure") is not None for c in cases), sum(c.find("error") is not None for c in cases))
for s in suites:
    cases = s.findall("testcase")
    ok &= counts(s, cases) and s.get("name") and all(
        c.get("name") and c.get("classname") and float(c.get("time")) >= 0 for c in cases)
    ok &= {e.tag for e in s} <= {"testcase", "system-out"}
sys.exit(not (ok and counts(root, list(root.iter("testcase")))))
PY
}

valid_tap() { # FILE
  python3 - "$1" <<'PY'
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
plan = re.fullmatch(r"1\.\.(\d+)( # SKIP .*)?", lines[1])
points = [int(m[1]) for m in (re.match(r"(?:not )?ok (\d+) - ", l) for l in lines) if m]
known = re.compile(r"(not )?ok |#|  ---$|  \.\.\.$|  message: |    ")
ok = lines[0] == "TAP version 14" and plan and points == list(range(1, int(plan[1]) + 1))
sys.exit(not (ok and all(known.match(l) for l in lines[2:])))
PY
}

got=$(mktemp -d)
trap 'rm -rf "$got"' EXIT
while read -r name args; do
  [[ $name = \#* || -z $name ]] && continue
  # shellcheck disable=SC2086
  timeout 60 "$weir" test $args >"$got/out" 2>"$got/err"
  { echo "exit code $?"; echo "--- standard output"; cat "$got/out"; echo "--- standard error"; cat "$got/err"; } |
    sed -E 's/time="[0-9]+\.[0-9]{6}"/time="0.000000"/' >"$got/all"
  [ "$write" = --write ] && cp "$got/all" "$name.txt"
  check "$name" diff -au "$name.txt" "$got/all"
  case $name in
    *-junit) check "$name: JUnit XML" valid_junit "$got/out" ;;
    *-tap) check "$name: TAP" valid_tap "$got/out" ;;
    *-text) check "$name: ends with the counts" grep -qE '^[0-9]+ passed, [0-9]+ failed$' <(tail -1 "$got/out") ;;
  esac
done <cases
echo "$passed passed, $failed failed"
[ $failed = 0 ]
