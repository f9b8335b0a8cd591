#!/usr/bin/env python3
"""Weir beside HAProxy, nginx, Varnish and the floor proxy on this machine, in one interleaved run.

  bench.py [--weir build/weir] [--edge build/weir-edge] [--full] [--only plain,rules,mixed,idle,swap] [--keep DIR]

Each proxy has one worker on processor 0; wrk and the origins share processor 1. Proxies take turns within a round,
and the figure of a proxy is the median over the rounds, so that a machine that changes its speed changes all of
them alike. CPU time is the proxy's own user + system time (/proc/PID/task/*/stat, all threads).
Parts: plain (keep-alive proxying), rules (N ordered host+path rules), mixed (N ordered rules of five kinds), idle (memory
of an idle connection), swap (plans changed under load). --keep leaves every configuration in DIR, as it was measured."""
import argparse, os, re, resource, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
CORES = os.sched_getaffinity(0)
PROXY_CORE, LOAD_CORE = (str(min(CORES)), str(max(CORES)))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    """Varnish serves from a child of the process that was started."""
    return [int(c) for task in os.listdir(f"/proc/{pid}/task") for c in open(f"/proc/{pid}/task/{task}/children").read().split()]


def cpu_seconds(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        f = open(f"/proc/{pid}/task/{task}/stat").read().rsplit(")", 1)[1].split()
        total += int(f[11]) + int(f[12])
    return total / TICK + sum(map(cpu_seconds, children(pid)))


def rss_kib(pid):
    own = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1))
    return own + sum(map(rss_kib, children(pid)))


def wait_port(port, proc=None, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if proc and proc.poll() is not None:
            raise SystemExit(f"bench: {proc.args[3:]} ended with {proc.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"bench: nothing listens on port {port}")


class Bench:
    def __init__(self, args):
        self.args = args
        self.tmp = tempfile.mkdtemp(prefix="weir-bench-")
        os.chmod(self.tmp, 0o755)  # Varnish reads its configuration as another user
        self.running = []
        for tool in ("origin", "floor"):
            subprocess.check_call(["cc", "-O2", "-D_GNU_SOURCE", "-std=gnu11", "-o", f"{self.tmp}/{tool}", f"{HERE}/{tool}.c"])
        self.origins = [free_port(), free_port()]
        for port, name in zip(self.origins, "ab"):
            self.start(LOAD_CORE, [f"{self.tmp}/origin", str(port), "100", name])
        for port in self.origins:
            wait_port(port)

    def start(self, core, argv, **kw):
        p = subprocess.Popen(["taskset", "-c", core] + argv, stdout=subprocess.DEVNULL,
                             stderr=open(f"{self.tmp}/stderr.log", "ab"), **kw)
        self.running.append(p)
        return p

    def stop(self, p):
        p.terminate()
        try:
            p.wait(5)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        self.running.remove(p)

    def close(self):
        for p in list(self.running):
            self.stop(p)
        if self.args.keep:
            os.makedirs(self.args.keep, exist_ok=True)
            for f in os.listdir(self.tmp):
                if f.endswith((".weir", ".cfg", ".conf", ".vcl", ".map")):
                    shutil.copy(f"{self.tmp}/{f}", self.args.keep)
        shutil.rmtree(self.tmp, ignore_errors=True)

    def write(self, name, text):
        path = f"{self.tmp}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    # --- configurations -------------------------------------------------------------------------
    def weir_plan(self, name, port, rules, extra=""):
        second = f"backend b {{ server b 127.0.0.1:{self.origins[1]} }}\n" if rules else ""
        src = self.write(f"{name}.weir", "language 1\n" +
                         f"backend a {{ server a 127.0.0.1:{self.origins[0]} }}\n{second}{extra}"
                         f"frontend web {{\n  listen 127.0.0.1:{port}\n  route {{\n{rules}    use a\n  }}\n}}\n")
        plan = f"{self.tmp}/{name}.plan"
        t = time.time()
        subprocess.check_call([self.args.weir, "build", src, "-o", plan], stdout=subprocess.DEVNULL)
        return plan, time.time() - t

    def weir(self, name, rules="", control=None, extra=""):
        port = free_port()
        plan, built = self.weir_plan(name, port, rules, extra)
        argv = [self.args.edge, plan, "--workers", "1"] + (["--control", control] if control else [])
        return port, self.start(PROXY_CORE, argv), built

    def haproxy(self, name, rules="", reuse="always"):
        port = free_port()
        conf = self.write(f"{name}.cfg", f"global\n maxconn 9000\n nbthread 1\ndefaults\n mode http\n timeout client 60s\n"
                          f" timeout server 30s\n timeout connect 5s\n http-reuse {reuse}\nfrontend web\n bind 127.0.0.1:{port}\n"
                          f"{rules} default_backend a\nbackend a\n server a 127.0.0.1:{self.origins[0]}\n"
                          f"backend b\n server b 127.0.0.1:{self.origins[1]}\n")
        return port, self.start(PROXY_CORE, ["haproxy", "-db", "-f", conf])

    def nginx(self, name, servers=""):
        port = free_port()
        up = "".join(f"upstream {n} {{ server 127.0.0.1:{p}; keepalive 256; keepalive_requests 100000000; }}\n"
                     for n, p in zip("ab", self.origins))
        temp = " ".join(f"{k}_temp_path {self.tmp}/ng-{k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = self.write(f"{name}.conf", "worker_processes 1; daemon off; master_process off; user root;\n"
                          f"pid {self.tmp}/{name}.pid; error_log /dev/null crit; events {{ worker_connections 9000; }}\n"
                          f"http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 60s; {temp}\n"
                          f"server_names_hash_max_size 2097152; server_names_hash_bucket_size 128;\n"
                          f"proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host;\n{up}"
                          f"server {{ listen 127.0.0.1:{port} default_server; location / {{ proxy_pass http://a; }} }}\n" +
                          servers.replace("PORT", str(port)) + "}\n")
        return port, self.start(PROXY_CORE, ["nginx", "-p", self.tmp, "-c", conf])

    def varnish(self, name, rules="", extra=""):
        """As a proxy: every request is passed, none is answered from the cache."""
        port = free_port()
        backends = "".join(f'backend {n} {{ .host = "127.0.0.1"; .port = "{p}"; }}\n' for n, p in zip("ab", self.origins))
        conf = self.write(f"{name}.vcl", f"vcl 4.1;\n{backends}{extra}sub vcl_recv {{\n  set req.backend_hint = a;\n{rules}  return (pass);\n}}\n"
                          "sub vcl_backend_fetch { if (false) { set bereq.backend = b; } }\n")
        return port, self.start(PROXY_CORE, ["varnishd", "-F", "-j", "none", "-n", f"{self.tmp}/{name}", "-a", f"127.0.0.1:{port}", "-f", conf,
                                             "-s", "malloc,64m", "-p", "thread_pools=1", "-p", "timeout_idle=60"])

    # --- load -----------------------------------------------------------------------------------
    def wrk(self, port, secs, path="/", host=None, conns=64, script=None):
        argv = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{conns}", f"-d{secs}", "--latency"]
        argv += (["-H", f"Host: {host}"] if host else []) + (["-s", script] if script else [])
        out = subprocess.run(argv + [f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True).stdout
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
        ms = float(p99.group(1)) * {"us": 0.001, "ms": 1, "s": 1000}[p99.group(2)] if p99 else float("nan")
        return {"requests": int(re.search(r"(\d+) requests in", out).group(1)),
                "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p99": ms,
                "failed": (int(bad.group(1)) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)}

    def compare(self, proxies, secs, rounds, **load):
        """proxies: [(name, port, process)]; the first is the base of the ratios."""
        seen = {name: [] for name, _, _ in proxies}
        for r in range(rounds + 1):
            for name, port, p in proxies:
                before = cpu_seconds(p.pid)
                w = self.wrk(port, secs if r else 1, **load)
                if r:
                    seen[name].append((w["rps"], (cpu_seconds(p.pid) - before) / max(w["requests"], 1) * 1e6, w["p99"], w["failed"]))
        med = {n: [statistics.median(x[i] for x in rows) for i in range(3)] + [sum(x[3] for x in rows)] for n, rows in seen.items()}
        base = med[proxies[0][0]]
        print(f"  {'':22s} {'CPU us/req':>10s} {'ratio':>6s} {'req/s':>8s} {'ratio':>6s} {'p99 ms':>7s} {'RSS KiB':>8s} failed")
        for name, _, p in proxies:
            rps, us, p99, failed = med[name]
            print(f"  {name:22s} {us:10.2f} {us / base[1]:5.2f}x {rps:8.0f} {rps / base[0]:5.2f}x {p99:7.2f} {rss_kib(p.pid):8d} {failed}", flush=True)
        return med


def host_rules(n, form):
    return "".join(form.format(i=i, els="else " if i else "") for i in range(n))


def part_plain(b):
    print("\n(1) plain keep-alive proxying, 64 connections, 100-byte body; ratios against HAProxy", flush=True)
    fport = free_port()
    floor = b.start(PROXY_CORE, [f"{b.tmp}/floor", str(fport), str(b.origins[0])])
    hp, h = b.haproxy("plain")
    wp, w, _ = b.weir("plain")
    np, n = b.nginx("plain")
    for port, p in ((hp, h), (wp, w), (np, n), (fport, floor)):
        wait_port(port, p)
    b.compare([("haproxy", hp, h), ("weir", wp, w), ("nginx", np, n), ("floor", fport, floor)], b.args.secs, b.args.rounds)
    for p in (h, w, n, floor):
        b.stop(p)


def measure(b, proxies, script):
    """proxies: [(name, port, process, N)]; script(N): the text of a load for N rules. Prints a table; ratios against the first."""
    for name, port, p, n in proxies:
        wait_port(port, p, 120)
    seen = {}
    for r in range(b.args.rounds + 1):
        for name, port, p, n in proxies:
            load = b.write("wrk.lua", f"math.randomseed({r + 7})\n{script(n)}\nlocal k=0\nrequest=function() k=k%2000+1 return rs[k] end\n")
            before = cpu_seconds(p.pid)
            w = b.wrk(port, b.args.secs if r else 1, script=load)
            if r:
                seen.setdefault(name, []).append(((cpu_seconds(p.pid) - before) / max(w["requests"], 1) * 1e6, w["rps"], w["p99"], w["failed"]))
    base = statistics.median(x[0] for x in seen[proxies[0][0]])
    print(f"  {'':22s} {'CPU us/req':>10s} {'ratio':>6s} {'req/s':>8s} {'p99 ms':>7s} {'RSS KiB':>8s} failed")
    for name, port, p, n in proxies:
        us, rps, p99 = (statistics.median(x[i] for x in seen[name]) for i in range(3))
        print(f"  {name:22s} {us:10.2f} {us / base:5.2f}x {rps:8.0f} {p99:7.2f} {rss_kib(p.pid):8d} {sum(x[3] for x in seen[name])}", flush=True)
        b.stop(p)


def part_rules(b):
    print("\n(2) N ordered rules (host + path prefix), a random tenant for each request; ratios against weir, N = 10", flush=True)
    weir_form = '    use b if host == "t{i}.example.com" and path under "/api"\n'
    ha_form = " use_backend b if {{ hdr(host) -i t{i}.example.com }} {{ path_beg /api/ }}\n"
    ng_form = "server {{ listen 127.0.0.1:PORT; server_name t{i}.example.com; location / {{ proxy_pass http://a; }} location /api/ {{ proxy_pass http://b; }} }}\n"
    vcl_form = '  {els}if (req.http.host == "t{i}.example.com" && req.url ~ "^/api(/|$|\\?)") {{ set req.backend_hint = b; }}\n'
    proxies, built = [], {}
    for n in (10, 1000, 10000, 100000):
        port, p, secs = b.weir(f"rules{n}", host_rules(n, weir_form))
        proxies.append((f"weir {n}", port, p, n))
        built[n] = secs
    for n in (10, 1000) + ((10000,) if b.args.full else ()):
        port, p = b.haproxy(f"rules{n}", host_rules(n, ha_form))
        proxies.append((f"haproxy ACLs {n}", port, p, n))
    n = 10000
    hosts = b.write("hosts.map", host_rules(n, "t{i}.example.com b\n"))
    port, p = b.haproxy("map", f" use_backend %[hdr(host),lower,map_str({hosts},a)] if {{ path_beg /api/ }}\n")
    proxies.append((f"haproxy map {n}", port, p, n))
    for n in (10, 10000):
        port, p = b.nginx(f"rules{n}", host_rules(n, ng_form))
        proxies.append((f"nginx {n}", port, p, n))
    for n in (10, 1000) if shutil.which("varnishd") else ():
        port, p = b.varnish(f"rules{n}", host_rules(n, vcl_form))
        proxies.append((f"varnish {n}", port, p, n))
    measure(b, proxies, lambda n: 'rs={} for i=1,2000 do rs[i]=wrk.format("GET","/api/users/42",{["Host"]="t"..math.random(0,%d)..".example.com"}) end' % (n - 1))
    print("  weir build, whole: " + ", ".join(f"{n} rules {s:.2f} s" for n, s in built.items()), flush=True)


# The same five kinds of rules in each language; nginx has no ordered rules over hosts, headers and addresses.
MIXED = {
    "weir": ('    use b if host == "t{i}.example.com" and path under "/api"\n',
             '    use b if host like "*.w{i}.example.com" and req.method == "POST"\n',
             '    use b if path matches re"^/v{i}/[0-9]+$"\n',
             '    use b if path ends-with ".t{i}.json" and not client.ip in 10.0.0.0/8\n',
             '    use b if req.header["X-Plan"] == "p{i}" and path under "/app"\n'),
    "haproxy": (" use_backend b if {{ hdr(host) -i t{i}.example.com }} {{ path_beg /api/ }}\n",
                " use_backend b if {{ hdr_end(host) -i .w{i}.example.com }} METH_POST\n",
                " use_backend b if {{ path_reg ^/v{i}/[0-9]+$ }}\n",
                " use_backend b if {{ path_end .t{i}.json }} !{{ src 10.0.0.0/8 }}\n",
                " use_backend b if {{ req.hdr(X-Plan) p{i} }} {{ path_beg /app/ }}\n"),
    "varnish": ('  {els}if (req.http.host == "t{i}.example.com" && req.url ~ "^/api(/|$|\\?)") {{ set req.backend_hint = b; }}\n',
                '  {els}if (req.http.host ~ "^[^.]+\\.w{i}\\.example\\.com$" && req.method == "POST") {{ set req.backend_hint = b; }}\n',
                '  {els}if (req.url ~ "^/v{i}/[0-9]+($|\\?)") {{ set req.backend_hint = b; }}\n',
                '  {els}if (req.url ~ "\\.t{i}\\.json($|\\?)" && client.ip !~ tens) {{ set req.backend_hint = b; }}\n',
                '  {els}if (req.http.X-Plan == "p{i}" && req.url ~ "^/app(/|$|\\?)") {{ set req.backend_hint = b; }}\n'),
}


def part_mixed(b):
    print("\n(3) N ordered rules of five kinds (host + path, wildcard host + method, path regex, path suffix + address, header +\n"
          "    path), a random one of them is met by each request; ratios against weir, N = 10", flush=True)
    rules = lambda who, n: "".join(MIXED[who][i % 5].format(i=i, els="else " if i else "") for i in range(n))
    proxies = []
    for n in (10, 100, 1000) + ((10000,) if b.args.full else ()):
        port, p, _ = b.weir(f"mixed{n}", rules("weir", n))
        proxies.append((f"weir {n}", port, p, n))
    for n in (10, 100, 1000):
        port, p = b.haproxy(f"mixed{n}", rules("haproxy", n))
        proxies.append((f"haproxy {n}", port, p, n))
    for n in (10, 100, 1000) if shutil.which("varnishd") else ():
        port, p = b.varnish(f"mixed{n}", rules("varnish", n), 'acl tens { "10.0.0.0"/8; }\n')
        proxies.append((f"varnish {n}", port, p, n))
    measure(b, proxies, lambda n: """rs={} for k=1,2000 do local i=math.random(0,%d)
      if i%%5==0 then rs[k]=wrk.format("GET","/api/users/42",{["Host"]="t"..i..".example.com"})
      elseif i%%5==1 then rs[k]=wrk.format("POST","/x",{["Host"]="a.w"..i..".example.com"},"b")
      elseif i%%5==2 then rs[k]=wrk.format("GET","/v"..i.."/17",{["Host"]="x.example.com"})
      elseif i%%5==3 then rs[k]=wrk.format("GET","/a/b.t"..i..".json",{["Host"]="x.example.com"})
      else rs[k]=wrk.format("GET","/app/z",{["Host"]="x.example.com",["X-Plan"]="p"..i}) end end""" % (n - 1))


def part_idle(b):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    n = min(4000, hard // 2 - 200)
    print(f"\n(4) {n} idle keep-alive connections, resident memory each (after one request each)", flush=True)
    wp, w, _ = b.weir("idle")
    hp, h = b.haproxy("idle")
    np, ng = b.nginx("idle")
    for name, port, p in (("weir", wp, w), ("haproxy", hp, h), ("nginx", np, ng)):
        wait_port(port, p)
        b.wrk(port, 1)  # pools that grow with load have grown
        before, socks = rss_kib(p.pid), []
        for _ in range(n):
            s = socket.create_connection(("127.0.0.1", port))
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(4096)
            socks.append(s)
        time.sleep(1)
        print(f"  {name:22s} {(rss_kib(p.pid) - before) * 1024 / n:8.0f} B a connection ({before} -> {rss_kib(p.pid)} KiB)", flush=True)
        for s in socks:
            s.close()
        b.stop(p)


def part_swap(b):
    count, secs = (100, 20) if b.args.full else (30, 6)
    print(f"\n(5) {count} plans of a 50,000-row host map swapped in {secs} s under 64 keep-alive clients", flush=True)
    rows = [f"t{i}.example.com {'ab'[i % 2]}\n" for i in range(50000)]
    b.write("tenants.map", "".join(rows))
    b.write("tenants2.map", "".join(rows[:-1]) + "t49999.example.com a\n")
    extra = lambda f: f'map tenants: host -> backend {{ file "{f}" }}\n'
    control = f"{b.tmp}/control.sock"
    port, p, _ = b.weir("swap0", "    use tenants[host]\n", control, extra("tenants.map"))
    wait_port(port, p)
    plans = [b.weir_plan(f"swap{i}", port, "    use tenants[host]\n", extra(f))[0] for i, f in ((1, "tenants.map"), (2, "tenants2.map"))]
    quiet = b.wrk(port, 3, path="/api/users/42", host="t5.example.com")
    before, took, refused = rss_kib(p.pid), [], []

    def push():
        time.sleep(0.5)
        gap = (secs - 1) / count
        for i in range(count):
            t = time.time()
            r = subprocess.run(["taskset", "-c", LOAD_CORE, b.args.weir, "push", plans[(i + 1) % 2], "--control", control], capture_output=True, text=True)
            took.append(time.time() - t)
            if r.returncode:
                refused.append(r.stdout + r.stderr)
            time.sleep(max(0, gap - (time.time() - t)))

    t = threading.Thread(target=push)
    t.start()
    busy = b.wrk(port, secs, path="/api/users/42", host="t5.example.com")
    t.join()
    print(f"  quiet: {quiet['rps']:.0f} req/s, p99 {quiet['p99']:.2f} ms, failed {quiet['failed']}")
    print(f"  swaps: {busy['rps']:.0f} req/s, p99 {busy['p99']:.2f} ms ({busy['p99'] / quiet['p99']:.2f}x), failed {busy['failed']} of {busy['requests']}")
    print(f"  {len(took) - len(refused)} pushes done, {len(refused)} refused{': ' + refused[0].strip() if refused else ''}; a push takes "
          f"{statistics.median(took) * 1000:.0f} ms; RSS {before} -> {rss_kib(p.pid)} KiB", flush=True)
    b.stop(p)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--weir", default="build/weir")
    ap.add_argument("--edge", default="build/weir-edge")
    ap.add_argument("--full", action="store_true", help="longer rounds, 100 swaps, HAProxy with 10,000 ACLs")
    ap.add_argument("--only", default="plain,rules,mixed,idle,swap")
    ap.add_argument("--keep", metavar="DIR", help="leave the configurations there")
    a = ap.parse_args()
    a.weir, a.edge = os.path.abspath(a.weir), os.path.abspath(a.edge)
    a.rounds, a.secs = (5, 4) if a.full else (3, 2)
    b = Bench(a)
    try:
        for part in a.only.split(","):
            {"plain": part_plain, "rules": part_rules, "mixed": part_mixed, "idle": part_idle, "swap": part_swap}[part](b)
    finally:
        b.close()


if __name__ == "__main__":
    main()
