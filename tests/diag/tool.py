#!/usr/bin/env python3
"""What `weir check` does around its messages: --fix, --dry-run, levels, colour, JSON and SARIF.

    tests/diag/tool.py WEIR        ends "N passed, N failed" """
import glob
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sarif"))
import validate  # noqa: E402

weir = os.path.abspath(sys.argv[1])
counts = {True: 0, False: 0}


def check(name, ok, more=""):
    counts[bool(ok)] += 1
    if not ok:
        print(f"FAIL {name}\n{more}")


def run(folder, *args, **env):
    e = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | env
    p = subprocess.run([weir, *args], cwd=folder, capture_output=True, timeout=60, env=e)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def write(path, text):
    with open(path, "w", newline="") as f:
        f.write(text)


def read(path):
    with open(path, newline="") as f:
        return f.read()


PROGRAM = """language 1
acl office = client.ip in 10.0.0.0/8
backend app { server a 10.0.0.1:80 }
frontend web {
  listen :80
  route {
    use app if req.header["X-Key"] != "y"
    reply 404
  }
}
"""


def tree(folder):
    return {os.path.relpath(os.path.join(d, f), folder): read(os.path.join(d, f)) for d, _, fs in os.walk(folder) for f in fs}


def fixes(tmp):
    a, b = f"{tmp}/a", f"{tmp}/b"
    shutil.copytree(f"{HERE}/fix", a)
    before = tree(a)
    code, diff, said = run(a, "check", "--fix", "--dry-run", "mistakes.weir")
    check("a dry run changes nothing", tree(a) == before)
    check("and tells what the files would be worth", code == 0, said)
    shutil.copytree(a, b)
    p = subprocess.run(["patch", "-p0", "-s"], cwd=b, input=diff.encode(), capture_output=True)
    check("its diff is one that patch takes", p.returncode == 0, p.stdout.decode() + diff)
    os.chmod(f"{a}/mistakes.weir", 0o640)
    os.rename(f"{a}/lib/pools.weir", f"{a}/real.weir")
    os.symlink("../real.weir", f"{a}/lib/pools.weir")
    code, out, said = run(a, "check", "--fix", "mistakes.weir")
    for name in ("mistakes.weir", "lib/pools.weir", "data/shops.map"):
        check(f"--fix: {name}", read(f"{a}/{name}") == read(f"{a}/{name}.fixed"), read(f"{a}/{name}"))
        check(f"--dry-run: {name}", read(f"{b}/{name}") == read(f"{a}/{name}"), diff)
    check("what was fixed checks", code == 0 and "mistakes.weir: ok" in out, said)
    check("each fix is told", "mistakes.weir:24:10: fixed E0302: " in said and "lib/pools.weir:3:12: fixed" in said, said)
    check("and counted", " fixes in 3 files\n" in said, said)
    check("modes stay", stat.S_IMODE(os.stat(f"{a}/mistakes.weir").st_mode) == 0o640)
    check("links stay", os.path.islink(f"{a}/lib/pools.weir") and not glob.glob(f"{a}/**/*.tmp.*", recursive=True))
    again = tree(a)
    code, out, said = run(a, "check", "--fix", "mistakes.weir")
    check("a second time there is nothing to fix", code == 0 and tree(a) == again and "fixed" not in said, said)
    code, diff, said = run(a, "check", "--fix", "--dry-run", "mistakes.weir")
    check("and no diff", diff == "", diff)


def fix_corners(tmp):
    write(f"{tmp}/bom.weir", "\ufeffbackend app { server a 10.0.0.1:80 }\r\nfrontend web { listen :80; route { use app } }\r\n")
    code, _, said = run(tmp, "check", "--fix", "bom.weir")
    check("a byte order mark stays first", code == 0 and read(f"{tmp}/bom.weir").startswith("\ufefflanguage 1\n"), said)
    write(f"{tmp}/maybe.weir", PROGRAM.replace("use app if", "use ap if"))
    code, _, said = run(tmp, "check", "--fix", "maybe.weir")
    check("what may be wrong is not fixed", code == 1 and "use ap if" in read(f"{tmp}/maybe.weir"), said)
    text = PROGRAM.replace("    reply 404\n", '    reply "403" if path == "/x" && host == "a.example" || tls.active\n    reply "404"\n')
    write(f"{tmp}/some.weir", text)
    code, _, said = run(tmp, "check", "--fix", "some.weir")
    check("what can be fixed is, where errors stay", code == 1 and 'reply 403 if path == "/x" and' in read(f"{tmp}/some.weir"), said)
    code, _, said = run(tmp, "check", "--fix", "none.weir")
    check("a file that is not there", code == 1 and "cannot" in said, said)
    write(f"{tmp}/locked.weir", PROGRAM.replace("reply 404", 'reply "404"'))
    code, out, said = run(tmp, "check", "--fix", "--format", "json", "locked.weir")
    check("with --format json messages alone are on standard output", code == 0 and all(json.loads(l) for l in out.splitlines()), out)
    for args in (["--dry-run"], ["--fix", "--dry-run", "--format", "json"], ["--format", "xml"]):
        code, _, said = run(tmp, "check", *args, "locked.weir")
        check(f"usage: {args}", code == 2, said)


def levels(tmp):
    write(f"{tmp}/site.weir", PROGRAM)
    cases = [
        ([], 0, ["warning[W0412]", "warning[W0505]"], ["error["]),
        (["--deny", "W0412"], 1, ["error[W0412]", "warning[W0505]", "1 error, 1 warning"], []),
        (["--deny", "w0412,W0505"], 1, ["error[W0412]", "error[W0505]", "2 errors"], []),
        (["--deny", "W0412", "--deny=W0505"], 1, ["error[W0412]", "error[W0505]"], []),
        (["--deny-warnings"], 1, ["error[W0412]", "error[W0505]"], ["warning["]),
        (["--deny-warnings", "--warn", "W0505"], 1, ["error[W0412]", "warning[W0505]"], []),
        (["--deny-warnings", "--allow", "W0505,W0412"], 0, [], ["W0505", "W0412"]),
        (["--allow", "W0412"], 0, ["warning[W0505]"], ["W0412"]),
        (["--deny", "E0201"], 0, ["warning[W0412]"], []),
        (["--deny", "W0413x"], 2, ["there is no code"], []),
        (["--allow", "W412"], 2, ["did you mean `W0412`?"], []),
        (["--allow", "E0201"], 2, ["is an error, and stays one"], []),
        (["--warn", "E0201"], 2, ["is an error, and stays one"], []),
        (["--allow", "W0412", "--deny", "W0412"], 2, ["given two levels"], []),
        (["--color", "sometimes"], 2, ["always, never or auto"], []),
    ]
    for command, more in (("check", []), ("build", ["-o", "site.plan"])):
        for args, want, has, lacks in cases:
            if os.path.exists(f"{tmp}/site.plan"):
                os.unlink(f"{tmp}/site.plan")
            code, out, said = run(tmp, command, *args, "site.weir", *more, XDG_CACHE_HOME=f"{tmp}/cache")
            ok = code == want and all(h in said for h in has) and not any(l in said for l in lacks)
            check(f"{command} {' '.join(args)}", ok, f"{code}\n{said}")
            check(f"{command} {' '.join(args)}: a plan only of what passes", command == "check" or (code == 0) == os.path.exists(f"{tmp}/site.plan"))
    code, out, _ = run(tmp, "check", "--format", "json", "--deny", "W0412", "--allow", "W0505", "site.weir")
    lines = [json.loads(l) for l in out.splitlines()]
    check("levels in JSON", code == 1 and [(m["code"], m["level"]) for m in lines] == [("W0412", "error")], out)
    for when, env, colored in (("always", {}, True), ("never", {}, False), ("auto", {}, False), ("always", {"NO_COLOR": "1"}, True)):
        _, _, said = run(tmp, "check", "--color", when, "site.weir", **env)
        check(f"--color {when} {env}", ("\x1b[" in said) == colored, said)


def sarif(tmp):
    names = sorted(os.path.basename(f) for f in glob.glob(f"{HERE}/*.weir"))
    code, out, _ = run(HERE, "check", "--analyze", "--warn", "W0502", "--format", "sarif", *names)
    d = json.loads(out)
    wrong = list(validate.faults(d, HERE))
    check("SARIF of all goldens", not wrong and code == 1, "\n".join(wrong[:20]))
    results = d["runs"][0]["results"]
    used = {r["ruleId"] for r in results}
    check("results of every rule", used == {r["id"] for r in d["runs"][0]["tool"]["driver"]["rules"]} - {"W9999", "E0601", "E0602"}, str(used))  # E06 are of `weir test`
    text = []
    for n in names:
        text += [json.loads(l) for l in run(HERE, "check", "--analyze", "--warn", "W0502", "--format", "json", n)[1].splitlines()]
    check("as many as in JSON", len(text) == len(results), f"{len(text)} {len(results)}")
    for m, r in zip(text, results):
        at = r["locations"][0]["physicalLocation"]
        same = (m["code"], m["level"]) == (r["ruleId"], r["level"]) and (
            not m["spans"] or m["spans"][0]["line"] == at["region"]["startLine"] or not m["spans"][0]["primary"])
        safe = any(f["applicability"] == "safe" for f in m["fixes"])
        if not same or safe != ("fixes" in r):
            check("the same as in JSON", False, f"{m}\n{r}")
            break
    write(f"{tmp}/é x.weir", PROGRAM.replace("reply 404", '# ü\n    reply "404" if path == "/💧/ü" and client.ip == "10.0.0.1"'))
    code, out, _ = run(tmp, "check", "--format", "sarif", "./é x.weir")
    d = json.loads(out)
    check("SARIF of odd names", not list(validate.faults(d, tmp)), out[-3000:])
    r = next(r for r in d["runs"][0]["results"] if "10.0.0.1" in r["message"]["text"])
    at = r["locations"][0]["physicalLocation"]
    check("names are percent-encoded", at["artifactLocation"]["uri"] == "%C3%A9%20x.weir", str(at))
    line = read(f"{tmp}/é x.weir").split("\n")[at["region"]["startLine"] - 1]
    check("columns are code points", line[at["region"]["startColumn"] - 1 : at["region"]["endColumn"] - 1] == '"10.0.0.1"', str(at))
    new = r["fixes"][0]["artifactChanges"][0]["replacements"][0]
    check("the fix replaces the same place", new["deletedRegion"] == at["region"] and new["insertedContent"]["text"] == "10.0.0.1", str(new))
    prints = [r["partialFingerprints"] for r in d["runs"][0]["results"]]
    write(f"{tmp}/é x.weir", "# one line more\n" + read(f"{tmp}/é x.weir"))
    later = json.loads(run(tmp, "check", "--format", "sarif", "./é x.weir")[1])
    check("fingerprints stay where lines move", prints == [r["partialFingerprints"] for r in later["runs"][0]["results"]])
    code, out, _ = run(tmp, "check", "--format", "sarif", "none.weir")
    d = json.loads(out)
    check("SARIF without a file", code == 1 and not list(validate.faults(d)) and not d["runs"][0]["invocations"][0]["executionSuccessful"], out[-500:])
    write(f"{tmp}/ok.weir", PROGRAM)
    code, out, _ = run(tmp, "check", "--format", "sarif", "--allow", "W0412,W0505", "ok.weir")
    check("SARIF without a result", code == 0 and not list(validate.faults(json.loads(out))) and not json.loads(out)["runs"][0]["results"])


def explain(tmp):
    code, out, _ = run(tmp, "explain", "--list")
    rows = out.splitlines()
    check("explain --list", code == 0 and "E0301  a value without its unit" in rows and all(r[5:7] == "  " for r in rows))
    code, out, _ = run(tmp, "explain", "e0301")
    check("explain e0301", code == 0 and out.startswith("E0301, an error:") and "timeout connect 5s" in out, out)
    code, _, said = run(tmp, "explain", "E9999")
    check("explain E9999", code == 2 and "--list" in said, said)


with tempfile.TemporaryDirectory() as t:
    for part in (fixes, fix_corners, levels, sarif, explain):
        os.mkdir(f"{t}/{part.__name__}")
        part(f"{t}/{part.__name__}")
print(f"{counts[True]} passed, {counts[False]} failed")
sys.exit(1 if counts[False] else 0)
