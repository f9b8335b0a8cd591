#!/usr/bin/env bash
# What people who review configurations look at: pictures, costs and explanations, of a shop of 29 rules and of 20,000.
#   tests/review/run.sh WEIR [--write]    --write: writes the golden files anew
# Ends "N passed, N failed".
set -u
weir=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")" || exit 1
root=$(cd ../.. && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

ok() { # NAME COMMAND
  if (eval "$2") >"$dir/said" 2>&1; then
    passed=$((passed + 1)); echo "ok   $1"
  else
    failed=$((failed + 1)); echo "FAIL $1"; sed 's/^/  /' "$dir/said" | head -20
  fi
}

golden() { # NAME FILE: $dir/out is what it was
  [ "$write" = --write ] && cp "$dir/out" "$2"
  ok "$1" "diff -u $2 $dir/out"
}

# Tenants with two rules each, in a mix that is not all alike, and a map of 5,000 hosts.
python3 - "$dir" <<'PY'
import sys
d = sys.argv[1]
with open(d + "/hosts.map", "w") as f:
    for i in range(5000):
        f.write(f"m{i}.example b{i % 40}\n")
with open(d + "/big.weir", "w") as f:
    f.write('language 1\nmap hosts: host -> backend { file "hosts.map" }\n')
    for i in range(40):
        f.write(f"backend b{i} {{ server s 127.0.0.1:{9000 + i} }}\n")
    f.write("frontend edge {\n  listen :80\n  route {\n")
    for i in range(10000):
        f.write(f'    use b{i % 40} if host == "t{i}.example" and path under "/a"\n')
        f.write(f'    reply 403 if host == "t{i}.example" and ' +
                ('not tls.active\n' if i % 7 == 0 else f'req.header["X-{i % 5}"] == "{i}"\n'))
    f.write("    use hosts[host]\n    reply 404\n  }\n}\n")
with open(d + "/odd.weir", "w") as f:
    f.write('language 1\nbackend long-name-of-a-backend-that-goes-on-and-on-beyond-all-bounds-of-names { server s 127.0.0.1:1 }\n'
            'frontend odd {\n  listen 127.0.0.1:80\n  route {\n')
    keys = ", ".join(f'"k{i}.an-extraordinarily-long-host-name.example"' for i in range(30))
    f.write(f"    reply 403 if host in [{keys}]\n")
    f.write('    reply 200 { body "x" } if req.header["Y"] == "/\u4f60\u597d/<&>\\"quoted\\"/\u00e9" and req.header["X"] == "' + "w" * 300 + '"\n')
    f.write('    @name("a name with <b>markup</b> that is much too long for its column")\n')
    f.write('    redirect to "https://' + "very-long." * 20 + 'example/" 301 if path under "/go"\n')
    f.write("    use long-name-of-a-backend-that-goes-on-and-on-beyond-all-bounds-of-names\n  }\n}\n")
PY

"$weir" graph shop.weir >"$dir/out" 2>"$dir/err"
golden "graph: the picture" shop.svg
ok "graph: the picture is fit to be read" "python3 check_svg.py $dir/out 65536"
"$weir" graph shop.weir >"$dir/again.svg" 2>"$dir/err"
ok "graph: the same bytes again" "cmp $dir/out $dir/again.svg"
# A plan has the keys of nameless sets in an order of its own.
words() { tr -c 'a-zA-Z0-9' '\n' <"$1" | sort; }
"$weir" build shop.weir -o "$dir/shop.plan" >"$dir/said" 2>&1
"$weir" graph "$dir/shop.plan" >"$dir/plan.svg" 2>"$dir/err"
words "$dir/out" >"$dir/out.words"
words "$dir/plan.svg" >"$dir/plan.words"
ok "graph: the same from a plan" "diff $dir/out.words $dir/plan.words"
ok "graph: every rule of the shop is in it" "[ \$(grep -c 'class=\"dot' $dir/out) -gt 29 ] && ! grep -q ' more ' <(grep -v 'more host' $dir/out)"
ok "graph: 20,000 rules and 5,000 hosts" "$weir graph $dir/big.weir -o $dir/big.svg && python3 check_svg.py $dir/big.svg 65536"
ok "graph: the rest is counted" "grep -q '9,999 more hosts' $dir/big.svg && grep -q '124 more hosts' $dir/big.svg"
ok "graph: odd texts" "$weir graph $dir/odd.weir -o $dir/odd.svg && python3 check_svg.py $dir/odd.svg 65536"
for example in "$root"/examples/*/site.weir; do
  name=$(basename "$(dirname "$example")")
  [ "$name" = 02-tenants ] && continue # its data is made when it is run
  ok "graph: example $name" "$weir graph $example -o $dir/x.svg && python3 check_svg.py $dir/x.svg 65536"
done
ok "graph: a frontend by name" "$weir graph $root/examples/03-api-versions/site.weir --frontend green-server | grep -q 'Decisions of frontend green-server'"
ok "graph: no such frontend" "$weir graph shop.weir --frontend egde 2>&1 | grep -q 'did you mean .edge.'"

"$weir" check --cost shop.weir >"$dir/out" 2>"$dir/err"
golden "cost: the shop" shop.cost.txt
ok "cost: 20,000 rules in few lines" "$weir check --cost $dir/big.weir >$dir/out && [ \$(wc -l <$dir/out) -lt 100 ] && grep -q '19,982 more' $dir/out"
ok "cost: --limit" "$weir check --cost --limit 2 $dir/big.weir | grep -q '20,000 more'"
ok "cost: --limit alone" "! $weir check --limit 2 shop.weir 2>$dir/err; grep -q 'goes with --cost' $dir/err"
ok "cost: of what is wrong" "echo 'language 2' >$dir/bad.weir; ! $weir check --cost $dir/bad.weir >$dir/out 2>&1; ! grep -q 'key table' $dir/out"
ok "cost: JSON, which adds up" "$weir check --cost --limit 100000 --format json $dir/big.weir >$dir/cost.json && python3 - $dir/cost.json" <<'PY'
import json, sys
cost = json.loads(open(sys.argv[1]).read().splitlines()[-1])
f = cost["frontends"][0]
assert f["rules"] == 20002 == len(f["dearest"]) and f["more"] == 0
assert f["by_keys"] + f["tried_by_all"] + f["always"] + f["in_no_table"] == f["rules"]
assert f["by_keys"] == 20000 == sum(r["rows"] > 0 and r["rows_without_key"] == 0 for r in f["dearest"])
assert f["rows"] == 20002 and sum(r["rows"] for r in f["dearest"]) >= f["rows"]
# No request meets more than one host: so the most is that of one host's rules, and of what stands after them.
assert f["most"]["probes"] <= 4 and 3 <= f["most"]["tests"] <= 8, f["most"]
by_name = {r["name"]: r for r in f["dearest"]}
assert by_name["edge.route[1]"]["keys"][0] == "host" and by_name["edge.route[20001]"]["always"]
PY

# What is no key, and why.
cat >"$dir/why.weir" <<'WEIR'
language 1
map zones: string -> string { "a" -> "1" }
backend app { server s 127.0.0.1:1 }
frontend edge {
  listen :80
  route {
    @name("fields")
    reply 401 if req.header["A"] == req.header["B"]
    @name("number")
    reply 402 if client.port < 1024
    @name("map")
    reply 403 if zones[req.header["Z"] | default("a")] == "1"
    @name("lower")
    reply 404 if (req.header["L"] | lower) == "x"
    @name("pattern")
    reply 405 if path matches re"^/a+/b+$"
    @name("not")
    reply 406 if host != "a.example"
    @name("tls")
    reply 407 if tls.active and exists(req.header["T"])
    use app
  }
}
WEIR
why() { # NAME TEXT
  ok "cost: why, of $1" "grep -A4 '^  $1 at' $dir/out | sed '2,\$ { /^  [a-z]/,\$ d }' | grep -qF -- '$2'"
}
"$weir" check --cost "$dir/why.weir" >"$dir/out" 2>"$dir/err"
why fields 'is code: it compares two fields'
why number 'is code: it compares a number'
why map 'is code: `| default` may stand in for the value'
why lower 'is code: `| lower` changes the value before it is compared'
why pattern 'a regular expression is matched byte by byte'
why not 'what a request must not be is no key'
why tls 'that a value is there is no key'

"$weir" build "$dir/big.weir" -o "$dir/big.plan" >"$dir/said" 2>&1
ok "explain: a plan of 20,000 rules" "$weir explain $dir/big.plan 'GET http://t77.example/b' >$dir/out && [ \$(wc -l <$dir/out) -lt 40 ] && grep -A1 'edge.route\[154\]' $dir/out | grep -q 'would have decided if path under \"/a\"; path is \"/b\"'"
ok "explain: why not, of a plan" "$weir explain $dir/big.plan 'GET http://t77.example/b' --why-not 'edge.route[154]' | grep -q '^edge.route.154. does not apply: 1 of its 2 conditions fails'"
ok "explain: a request for a rule is one" "request=\$($weir explain $dir/big.plan --why-not 'edge.route[155]' | sed -n 's/^  such as  *//p') && eval $weir explain $dir/big.plan \"\$request\" | grep -q 'rule      edge.route.155.'"
ok "explain: why not, of no such rule" "$weir explain shop.weir --why-not admin-close 2>&1 | grep -q 'did you mean .admin-closed.'"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
