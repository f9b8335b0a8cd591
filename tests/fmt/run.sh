#!/usr/bin/env bash
# The formatter. tests/fmt/NAME.weir is laid out as NAME.out, which is its own layout; then what the command promises: files
# that are refused stay untouched, modes and links stay, exit codes, --check, --diff, standard input. Last, the
# examples and the programs of the reference are laid out already.   tests/fmt/run.sh WEIR [--write]
# --write makes the goldens anew: read each change before it is committed. Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ok() { # NAME COMMAND…: the command succeeds
  local name=$1
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name"; fi
}
ends() { # CODE COMMAND…: the command ends with that code
  local code=$1
  shift
  "$@" >"$work/out" 2>"$work/err"
  local got=$?
  [ $got = "$code" ] || { echo "exit code $got, not $code: $*"; cat "$work/err"; false; }
}

for f in *.weir; do
  name=${f%.weir}
  "$weir" fmt - <"$f" >"$work/$name" 2>"$work/err" || { cat "$work/err"; }
  [ "$write" = --write ] && cp "$work/$name" "$name.out"
  ok "$name" diff -u "$name.out" "$work/$name"
  "$weir" fmt - <"$name.out" >"$work/again"
  ok "$name, again" diff -u "$name.out" "$work/again"
  # The diff is one that patch understands, and makes the file what fmt makes it.
  cp "$f" "$work/patched"
  "$weir" fmt --diff "$work/patched" >"$work/diff"
  patch -s --binary "$work/patched" "$work/diff" >"$work/err" 2>&1
  ok "$name, as a diff" cmp "$work/patched" "$name.out"
done

# In place: the text changes, the mode and the link do not.
cp lists.weir "$work/real.weir"
chmod 751 "$work/real.weir"
ln -s real.weir "$work/link.weir"
ok "--check names the file" ends 1 "$weir" fmt --check "$work/link.weir" "$work/lists"
ok "and that file alone" [ "$(cat "$work/out")" = "$work/link.weir" ]
ok "and writes nothing" cmp lists.weir "$work/real.weir"
ok "--diff ends with 0" ends 0 "$weir" fmt --diff "$work/link.weir"
ok "and writes nothing either" cmp lists.weir "$work/real.weir"
ok "--check --diff ends with 1" ends 1 "$weir" fmt --check --diff "$work/link.weir"
ok "and prints the diff" grep -q '^@@ -1,' "$work/out"
ok "in place" ends 0 "$weir" fmt "$work/link.weir"
ok "as on standard output" cmp lists.out "$work/real.weir"
ok "the link stays" [ -L "$work/link.weir" ]
ok "the mode stays" [ "$(stat -c %a "$work/real.weir")" = 751 ]
ok "nothing else is left" [ "$(find "$work" -name '*.tmp.*' | wc -l)" = 0 ]
touch -d 2001-01-01 "$work/real.weir"
ok "once more" ends 0 "$weir" fmt "$work/real.weir"
ok "what is laid out is not written" [ "$(stat -c %Y "$work/real.weir")" = "$(date -d 2001-01-01 +%s)" ]
ok "--check is content" ends 0 "$weir" fmt --check "$work/real.weir"

# What is refused.
printf 'backend a {\n server   s 10.0.0.1:80\n' >"$work/broken.weir"
cp "$work/broken.weir" "$work/before"
cp lists.weir "$work/other.weir"
ok "a syntax error" ends 1 "$weir" fmt "$work/broken.weir" "$work/other.weir"
ok "is reported" grep -q 'E0101' "$work/err"
ok "the file is untouched" cmp "$work/before" "$work/broken.weir"
ok "other files are done" cmp lists.out "$work/other.weir"
ok "standard input with an error" ends 1 "$weir" fmt - <"$work/broken.weir"
ok "gives nothing" [ ! -s "$work/out" ]
ok "a file that is not there" ends 1 "$weir" fmt "$work/none.weir"
ok "no file" ends 2 "$weir" fmt
ok "an option that does not exist" ends 2 "$weir" fmt --style x "$work/real.weir"

for f in ../../examples/*/*.weir; do ok "$f" ends 0 "$weir" fmt --check "$f"; done
# What the Markdown files show of the language: blocks without a tag that are whole statements.
for f in ../../README.md ../../grammar/LANGUAGE.md; do
  awk -v to="$work/md" '/^```/ {fence = !fence; ours = fence && $0 == "```"; n += ours; next} ours {print > (to n ".weir")}' "$f"
  for m in "$work"/md*.weir; do
    if "$weir" fmt --diff "$m" >"$work/diff" 2>/dev/null; then ok "a block of $f: $(cat "$work/diff")" [ ! -s "$work/diff" ]; fi
  done
  rm -f "$work"/md*
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
