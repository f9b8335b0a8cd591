#!/usr/bin/env bash
# Golden diagnostics: `weir check NAME.weir` in this folder prints, on standard error, what NAME.txt holds (without the
# line of counts at the end).   tests/diag/run.sh WEIR [--write]
# Names that begin with "analyze" are checked with --analyze, analyze-overlaps with --warn W0502.
# --write makes the goldens anew: read each change before it is committed. Every code of diagnostics.def has a golden, here or in
# tests/weirtest.
# Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1"; }

got=$(mktemp)
trap 'rm -f "$got"' EXIT
for f in *.weir; do
  name=${f%.weir}
  flags=()
  [[ $name == analyze* ]] && flags=(--analyze)
  [[ $name == analyze-overlaps ]] && flags=(--warn W0502)
  timeout 60 "$weir" check "${flags[@]}" "$f" 2>"$got.all" >/dev/null
  rc=$?
  # The counts, and the empty line before them, are the command's own.
  grep -avE '^[^ ]+\.weir: [0-9]+ (error|warning)s?(, [0-9]+ warnings?)?$' "$got.all" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$got"
  rm -f "$got.all"
  [ "$write" = --write ] && cp "$got" "$name.txt"
  want=0
  grep -q '^error' "$name.txt" 2>/dev/null && want=1
  if ! diff -u "$name.txt" "$got"; then fail "$name"; elif [ $rc != $want ]; then fail "$name: exit code $rc, not $want"; else pass; fi
done

for code in $(grep -oE '^DIAG\([EW][0-9]+' ../../grammar/diagnostics.def | cut -c6-); do
  if grep -qE "^(error|warning)\[$code\]" ./*.txt || grep -qE "^  error\[$code\]" ../weirtest/*-text.txt; then pass; else fail "$code has no golden"; fi
done
# Mistakes from the field have a runner of their own.
more=$(./mistakes.sh "$weir")
grep -v ' passed, ' <<<"$more"
passed=$((passed + $(sed -nE 's/^([0-9]+) passed, .*/\1/p' <<<"$more"))) failed=$((failed + $(sed -nE 's/.* ([0-9]+) failed$/\1/p' <<<"$more")))
echo "$passed passed, $failed failed"
[ $failed = 0 ]
