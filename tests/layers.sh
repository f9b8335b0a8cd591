#!/usr/bin/env bash
# Checks the layers by what the compiler says that each object includes (its .d file).
#   tests/layers.sh BUILD_FOLDER
# Prints each violation; ends "N passed, N failed" (one check a rule).
set -u
obj=$1/obj
passed=0 failed=0

# Every pair of an object and a header of the project that it depends on, a line each: DEP-FILE HEADER.
pairs=$(mktemp)
trap 'rm -f "$pairs"' EXIT
find "$obj" -name '*.d' | sort | while read -r d; do
  sed -e 's/^[^:]*: *//' -e 's/\\$//' -e "s|^|${d#"$obj"/} |" "$d"
done | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^(\.\/)?(compiler|runtime|grammar)\/|\/gen\// && $i !~ /:$/) print $1, $i }' | sort -u >"$pairs"

# rule NAME FILES-REGEX FORBIDDEN-REGEX [EXCEPT-FILES-REGEX]
rule() {
  local hits
  hits=$(FILES=$2 FORBIDDEN=$3 EXCEPT=${4:-^$} awk '
    $1 ~ ENVIRON["FILES"] && $1 !~ ENVIRON["EXCEPT"] && $2 ~ ENVIRON["FORBIDDEN"] {
      own = $1; sub(/d$/, "c", own)
      if ($2 != own) print own " includes " $2
    }' "$pairs")
  if [ -z "$hits" ]; then passed=$((passed + 1)); echo "ok   $1"; else failed=$((failed + 1)); echo "FAIL $1: $hits"; fi
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
  '^compiler/(layout|layout_.*|key_table|blob|cgen|cgen_.*|lower|lower_dump|cost_walk|driver|plan_verify|decider|cmd_run|cmd_preflight|main|regex_dfa|regex_union|pattern|pattern_regex|an_text|an_domain)\.d'
rule "compiler includes the runtime only to write, test and run plans" '^compiler/' 'runtime/[^b/][^/]*\.h' \
  '^compiler/(layout|layout_.*|key_table|blob|cgen|cgen_.*|lower|lower_dump|cost_walk|driver|plan_verify|decider|cmd_run|cmd_push|cmd_preflight|cmd_ctl|cmd_control|main|regex_dfa|regex_union|pattern|pattern_regex|an_text|an_domain)\.d'
rule "the oracle sees no rows, no tables, no ABI" '^compiler/(eval|eval_.*|regex_derivative)\.d' '(rows|layout|lower|cgen|abi|regex_dfa|pattern|match|route)\.h'
rule "the analyser and what holds tables against it see no rows, no tables" '^compiler/(an_.*|analyze.*|diff.*|traffic.*|validate.*)\.d' '(rows|layout|lower|cgen|match|route)\.h'
rule "only the checker sees both AST and IR" '^compiler/' 'compiler/ast\.h' '^compiler/(ast.*|parse.*|check.*|lint.*|driver|.*fmt|fmt_.*|dump_ast|doc)\.d'
rule "rows know no AST" '^compiler/(rows|layout|cgen|lower)' 'compiler/ast\.h'
rule "matching and routing see the ABI and base alone" '^runtime/(route|match|route_verify|route_verify_table)\.d' 'runtime/(plan|registry|worker|loop|conn|http1|timers|control|process)\.h'
rule "loop and timers know no HTTP" '^runtime/(loop|timers|pool)\.d' 'runtime/(http1|route|abi|request|response|txn|proxy|body|reply|facts)\.h'
system_rule "xxHash through base/hash.h alone" 'xxhash\.h' '^runtime/base/hash\.h$'
system_rule "OpenSSL in tls.c alone" 'openssl/' '^runtime/tls\.'
system_rule "base and routing open no sockets" 'sys/(socket|epoll)\.h' '^runtime/[^/]*\.[ch]$|^compiler/'
system_rule "routing knows no sockets and no clock" 'sys/|netinet/|time\.h' '^runtime/(base/.*|[^rm][^/]*|r[^o][^/]*|m[^a][^/]*)$|^compiler/'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
