#!/usr/bin/env python3
"""Logs in each format, of the same requests: what `weir diff --traffic` counts is what `weir explain` says of each request
under both programs.   traffic.py WEIR"""
import functools, itertools, json, os, subprocess, sys, tempfile

weir = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
old, new = (os.path.join(here, f"rules.{x}.weir") for x in ("old", "new"))
hosts = ["a.example", "b.example", "D.example", "x.blue.example", "x.y.blue.example", "none.example"]
paths = ["/", "/admin/x%20y", "//log%6fut?next=/", "/login"]
clients = ["10.20.0.9", "203.0.113.7"]
requests = [(h, m, p, ip, tls) for h, p, ip, (m, tls) in
            itertools.product(hosts, paths, clients, [("GET", False), ("HEAD", True)])]
quiet = "[10/Oct/2026:13:55:36 +0000]"


def line(form, h, m, p, ip, tls):
    if form == "combined":
        return f'{ip} - frank {quiet} "{m} http{"s" if tls else ""}://{h}{p} HTTP/1.1" 200 12 "-" "a \\"b\\" \\x22c"'
    if form == "vhost":
        return f'{h}:{443 if tls else 80} {ip} - - {quiet} "{m} {p} HTTP/1.0" 200 12 "-" "-"'
    if form == "haproxy":
        return (f'Oct 10 13:55:36 lb haproxy[77]: {ip}:4242 [10/Oct/2026:13:55:36.001] web{"~" if tls else ""} app/a1 '
                f'0/0/0/1/1 200 12 - - ---- 1/1/0/0/0 0/0 {{{h}|curl/8}} {{}} "{m} {p} HTTP/1.1"')
    if form == "json":
        return json.dumps({"host": h, "request_method": m, "request_uri": p, "remote_addr": ip,
                           "scheme": "https" if tls else "http", "status": 200})
    return json.dumps({"ts": 1.5, "request": {"remote_ip": ip, "method": m, "host": h, "uri": p, "headers":
                       {"User-Agent": ["x"]}}, "scheme": "https" if tls else "http"})


@functools.cache
def explain(file, h, m, p, ip, tls):
    url = f'{m} http{"s" if tls else ""}://{h}{p}'
    r = subprocess.run([weir, "explain", file, url, "--from", ip, "--format", "json"], capture_output=True, text=True)
    assert r.returncode == 0, (url, r.stderr)
    d = json.loads(r.stdout)
    plain = [[{k: v for k, v in h.items() if k not in ("rule", "file", "line")} for h in d[part]]
             for part in ("headers", "reply_headers")]
    if not d["outcome"].startswith("use "):
        plain[0] = []  # nobody receives them
    return json.dumps([d["outcome"], plain], sort_keys=True)


def counted(d):
    f = d["frontends"][0]
    in_classes = sum(c["traffic"]["requests"] for c in f["classes"])
    assert in_classes + f["unclassed"] == f["differing"] == d["traffic"]["differing"], d["traffic"]
    assert f["unclassed"] == 0 and sorted(c["traffic"]["requests"] for c in f["classes"])[::-1] == \
        [c["traffic"]["requests"] for c in f["classes"]], "classes are in the order of their weight"
    return d["traffic"]


def check(form, d):
    log = os.path.join(d, f"access-{form}.log")
    diff = [weir, "diff", old, new, "--format", "json", "--traffic", log]
    with open(log, "w") as f:
        f.write("".join(line(form, *r) + "\n" for r in requests) + "not a request\n\n" +
                "".join(line(form, *r) + "\n" for r in requests[:10]))
    r = subprocess.run(diff, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    t = counted(json.loads(r.stdout))
    assert t["requests"] == len(requests) + 10 and t["lines"] == t["requests"] + 1, t
    assert t["unread"] == 1 and t["first_unread"].startswith(f"{log}:{len(requests) + 1}: "), t
    assert t["assumed"] == [], t
    # The evaluator, where there is no C compiler, counts the same.
    env = dict(os.environ, CC="false", XDG_CACHE_HOME=os.path.join(d, "none"))
    slow = subprocess.run(diff, capture_output=True, text=True, env=env)
    assert "the evaluator replays" in slow.stderr and slow.stdout == r.stdout, slow.stderr
    differing = [x for x in requests + requests[:10] if explain(old, *x) != explain(new, *x)]
    assert len(differing) == t["differing"] > 0, (form, len(differing), t)


with tempfile.TemporaryDirectory() as folder:
    for each in ("combined", "vhost", "haproxy", "json", "caddy"):
        check(each, folder)
