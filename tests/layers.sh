#!/usr/bin/env bash
# Checks the layers by what the compiler says that each object includes (its .d file).
#   tests/layers.sh BUILD_FOLDER
# Prints each violation; ends "N passed, N failed" (one check a rule).
set -u
obj=$1/obj
passed=0 failed=0

# The project's own headers that an object depends on, one a line.
includes() {
  sed -e 's/^[^:]*: *//' -e 's/\\$//' "$1" | tr ' ' '\n' | grep -E '^(\./)?(compiler|runtime|grammar)/|/gen/' | grep -v ':$' | sort -u
}

# rule NAME FILES-REGEX FORBIDDEN-REGEX [EXCEPT-FILES-REGEX]
rule() {
  local name=$1 files=$2 forbidden=$3 except=${4:-^$} bad=0 d rel hit
  while read -r d; do
    rel=${d#"$obj"/}
    [[ $rel =~ $files ]] && ! [[ $rel =~ $except ]] || continue
    hit=$(includes "$d" | grep -E "$forbidden" | grep -vF "${rel%.d}.c" | tr '\n' ' ')
    [ -n "$hit" ] && { echo "FAIL $name: ${rel%.d}.c includes $hit"; bad=1; }
  done < <(find "$obj" -name '*.d' | sort)
  if [ $bad = 0 ]; then passed=$((passed + 1)); echo "ok   $name"; else failed=$((failed + 1)); fi
}

# system_rule NAME FORBIDDEN-REGEX ALLOWED-FILES-REGEX: who may include a library's headers, from the sources themselves.
system_rule() {
  local hit
  hit=$(grep -lE "^#include <($2)" -r compiler runtime --include='*.[ch]' | grep -vE "$3" | tr '\n' ' ')
  if [ -z "$hit" ]; then passed=$((passed + 1)); echo "ok   $1"; else failed=$((failed + 1)); echo "FAIL $1: $hit"; fi
}

rule "base includes base alone" '^runtime/base/' '^(\./)?(compiler|grammar)/|^(\./)?runtime/[^b][^/]*$'
rule "runtime never includes compiler" '^runtime/' '^(\./)?compiler/'
rule "compiler meets the ABI only where plans are written or tested" '^(compiler|gen/(lexer|parser))' 'runtime/abi\.h' \
  '^compiler/(layout|layout_.*|key_table|blob|cgen|lower|lower_dump|driver|plan_verify|cmd_run|cmd_preflight|main|regex_dfa|an_text)\.d'
rule "compiler includes the runtime only to write, test and run plans" '^compiler/' 'runtime/[^b/][^/]*\.h' \
  '^compiler/(layout|layout_.*|key_table|blob|cgen|lower|lower_dump|driver|plan_verify|cmd_run|cmd_push|cmd_preflight|cmd_ctl|cmd_control|main|regex_dfa|an_text)\.d'
rule "the oracle sees no rows, no tables, no ABI" '^compiler/(eval|eval_.*|regex_derivative)\.d' '(rows|layout|lower|cgen|abi|regex_dfa|match|route)\.h'
rule "the analyser sees no rows, no tables" '^compiler/(an_.*|analyze.*|diff.*)\.d' '(rows|layout|lower|cgen|match|route)\.h'
rule "only the checker sees both AST and IR" '^compiler/' 'compiler/ast\.h' '^compiler/(ast.*|parse.*|check.*|lint.*|driver|.*fmt|dump_ast)\.d'
rule "rows know no AST" '^compiler/(rows|layout|cgen|lower)' 'compiler/ast\.h'
rule "matching and routing see the ABI and base alone" '^runtime/(route|match|route_verify|verify)\.d' 'runtime/(plan|registry|worker|loop|conn|http1|timers|control|process)\.h'
rule "loop and timers know no HTTP" '^runtime/(loop|timers|pool)\.d' 'runtime/(http1|route|abi|request|response|txn|proxy|body|reply|facts)\.h'
system_rule "xxHash through base/hash.h alone" 'xxhash\.h' '^runtime/base/hash\.h$'
system_rule "OpenSSL in tls.c alone" 'openssl/' '^runtime/tls\.'
system_rule "base and routing open no sockets" 'sys/(socket|epoll)\.h' '^runtime/[^/]*\.[ch]$|^compiler/'
system_rule "routing knows no sockets and no clock" 'sys/|netinet/|time\.h' '^runtime/(base/.*|[^rm][^/]*|r[^o][^/]*|m[^a][^/]*)$|^compiler/'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
