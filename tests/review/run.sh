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

echo "$passed passed, $failed failed"
[ $failed = 0 ]
