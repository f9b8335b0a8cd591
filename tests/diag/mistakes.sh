#!/usr/bin/env bash
# Mistakes from the field: each program of mistakes.cases gets its code, and the table of grammar/LANGUAGE.md says so of
# each class.   tests/diag/mistakes.sh WEIR     Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
reference=../../grammar/LANGUAGE.md

# Writes the program of lines to a file, with what goes around a route.
program() {
  if grep -q '^language ' "$1"; then cat "$1"; else
    printf 'language 1\nbackend app { server a 10.0.0.1:80 }\nbackend other { server a 10.0.0.2:80 }\nfrontend web {\n  listen :80\n  route {\n'
    cat "$1"
    printf '  }\n}\n'
  fi
}

one() { # CLASS CODE
  program "$dir/lines" >"$dir/case.weir"
  timeout 20 "$weir" check "$dir/case.weir" >"$dir/out" 2>&1
  if ! grep -qE "^(error|warning)\[$2\]" "$dir/out"; then
    failed=$((failed + 1))
    echo "FAIL $1: no $2"
    cat "$dir/out"
  elif ! grep -F "| $1 |" "$reference" | grep -q "$2"; then
    failed=$((failed + 1))
    echo "FAIL $1: LANGUAGE.md does not say $2"
  else
    passed=$((passed + 1))
  fi
}

class=
: >"$dir/lines"
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    '#'*) ;;
    '== '*)
      [ -z "$class" ] || one "$class" "$code"
      class=${line#== } code=${class##*: } class=${class%: *}
      : >"$dir/lines"
      ;;
    *) printf '%s\n' "$line" >>"$dir/lines" ;;
  esac
done <mistakes.cases
one "$class" "$code"

# Every class that the table calls an error or a lint is tried.
while IFS= read -r row; do
  class=$(sed -E 's/^\| (.*) \| [^|]* \|$/\1/' <<<"$row")
  if grep -qF "== $class: " mistakes.cases; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL no case for: $class"; fi
done < <(sed -n '/^## Mistakes from the field/,/^## [^M]/p' "$reference" | grep -E '^\| .* \| (error|lint) ')
echo "$passed passed, $failed failed"
[ $failed = 0 ]
