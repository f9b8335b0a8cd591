#!/usr/bin/env bash
# Runs each fuzzer of a build folder for some seconds: tests/fuzz/run.sh BUILD_FOLDER SECONDS
# Corpus of NAME_fuzz: tests/fuzz/NAME/. Ends "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
build=$1 seconds=$2 passed=0 failed=0
try() { # NAME COMMAND…
  local name=$1
  shift
  if timeout $((seconds * 3 + 120)) "$@"; then passed=$((passed + 1)); echo "ok   $name"; else failed=$((failed + 1)); echo "FAIL $name"; fi
}
for f in tests/fuzz/*_fuzz.c; do
  name=$(basename "$f" _fuzz.c)
  try "$name" "$build/fuzz/${name}_fuzz" "tests/fuzz/$name" "$seconds"
done
try differential "$build/fuzz/differential" --seconds "$seconds" --seed "${SEED:-1}"
try lints "$build/fuzz/lints" --seconds "$seconds" --seed "${SEED:-1}"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
