#!/usr/bin/env bash
# The language server, spoken to over the protocol, and the editor files, which must be as generated.
#   tests/lsp/run.sh WEIR [NAME…]     ends "N passed, N failed"
set -u
cd "$(dirname "$0")/../.."
out=$(python3 tests/lsp/run.py "$@")
status=$?
echo "$out" | grep -v '^[0-9]* passed'
read -r passed _ failed _ < <(tail -1 <<<"$out")
if python3 grammar/editors/generate.py --check; then
  passed=$((passed + 1)) && echo "ok   editor files are as generated"
else
  failed=$((failed + 1)) && echo "FAIL editor files are stale: make editors"
fi
echo "$passed passed, $failed failed"
[ $status = 0 ] && [ "$failed" = 0 ]
