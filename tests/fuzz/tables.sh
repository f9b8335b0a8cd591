#!/usr/bin/env bash
# Remakes the corpus of tables_fuzz, which a change of the ABI makes useless (a unit test notices): tests/fuzz/tables.sh WEIR
set -eu
cd "$(dirname "$0")/../.."
weir=$1 to=tests/fuzz/tables d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
rule() { printf '    use b if %s\n' "$1"; }
frontend() { printf 'language 1\nbackend b { server s 127.0.0.1:9000 }\nfrontend web {\n  listen 127.0.0.1:8080\n  route {\n'; }
{ # hosts that nest, paths behind them
  frontend
  for i in $(seq 12); do
    rule "host like \"*.t$i.a.com\" and path under \"/api/v$i\""
    rule "host like \"**.t$i.a.com\" and path ends-with \".png\""
    rule "host == \"www.t$i.a.com\" and path == \"/x\" and req.method == POST"
  done
  rule 'host like "**.com" and path starts-with "/a"'
  printf '    reply 404\n  }\n}\n'
} >"$d/hosts.weir"
{ # patterns, by parts
  frontend
  for i in $(seq 10); do
    rule "path contains \"/p$i/x\""
    rule "path matches re\"^/[a-z]+/x$i(/|\$)\""
    rule "path like \"/*/y$i/**\" and not tls.active"
  done
  printf '    reply 404\n  }\n}\n'
} >"$d/patterns.weir"
{ # everything else: maps, addresses, headers, queries, cookies, header edits, redirects
  printf 'language 1\nbackend b { server s 127.0.0.1:9000 }\nbackend c { server s 127.0.0.1:9001 }\n'
  printf 'map m: host-pattern -> backend {\n  "**.a.com" -> b\n  "*.a.com" -> c\n  "a.com" -> b\n}\n'
  printf 'frontend web {\n  listen 127.0.0.1:8080\n  on request { set req.header["X-A"] = "one" if path under "/api" }\n  route {\n'
  for i in 1 2 3 4 5 6 7 8; do
    rule "client.ip in [10.$i.0.0/16, 10.0.$i.0/24] and req.header[\"X-B\"] == \"v$i\""
    rule "req.query[\"q\"] == \"q$i\" or req.cookie[\"c\"] starts-with \"c$i\""
  done
  printf '    redirect to "https://${host}/new" 301 if path under "/old"\n    use m[host]\n'
  printf '    reply 404 { header "X-H" = host\n body "no" }\n  }\n}\n'
} >"$d/rest.weir"
{ # keys that are not hashed, values that are no texts, draws
  printf 'language 1\nbackend b { server s 127.0.0.1:9000 }\nbackend c { server s 127.0.0.1:9001 }\n'
  printf 'map shapes: regex -> backend {\n  re"^/a.*b" -> b\n  re"[0-9]+$" -> c\n}\n'
  printf 'map ports: range<int> -> int {\n  1..1023 -> 1\n  1024..65535 -> 2\n}\nlist low: range<int> { 1..80 }\n'
  printf 'map shares: host -> percent {\n  "a" -> 5%%%%\n  default -> 50%%%%\n}\n'
  printf 'split release {\n  b -> 4.9%%%%\n  c -> 95.1%%%%\n}\n'
  printf 'frontend web {\n  listen 127.0.0.1:8080\n  route {\n'
  rule 'client.port in low and random < shares[host]'
  rule '(ports[client.port] | default(0)) == 2 and random < 30%%'
  printf '    use shapes[path]\n    use release\n  }\n}\n'
} | sed 's/%%/%/g' >"$d/keys.weir"
rm -f $to/*
for f in hosts patterns rest keys; do
  "$weir" build "$d/$f.weir" -o "$d/$f.plan" >/dev/null
  objcopy --dump-section ".weir.tables=$to/$f" "$d/$f.plan" /dev/null 2>"$d/said" || cat "$d/said"
done
ls -l $to
