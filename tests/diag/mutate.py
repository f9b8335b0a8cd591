#!/usr/bin/env python3
"""Programs with one mistake each: a character dropped, doubled or swapped with its neighbour, a word misspelt, a line
lost. Each is accepted, or gets at most three messages, the first of which points at the place or names it and says more
than that something is wrong; and nothing crashes.

    tests/diag/mutate.py WEIR [--count N] [--seed N] [--show [CODE]]

--show prints the mistakes with their messages, to read them as a user would. Ends "N passed, N failed"."""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MESSAGES_MAX = 3
LINES_MAX = 3  # between the mistake and the place that is told; a lost line may be missed elsewhere
BATCH = 40


def programs():
    """(name, text, folder of the files that it names)"""
    yield "small", open(f"{HERE}/programs/small.weir").read(), f"{HERE}/programs"
    yield "shop", open(f"{HERE}/programs/shop.weir").read(), f"{HERE}/programs"
    yield "every", open(f"{HERE}/programs/every.weir").read(), f"{HERE}/programs"
    yield "all", open(f"{HERE}/all.weir").read(), HERE
    for name in ("01-hello", "03-api-versions"):
        yield name, open(f"{ROOT}/examples/{name}/site.weir").read(), f"{ROOT}/examples/{name}"


def code_part(line):
    """The length of `line` without its comment."""
    quoted = False
    for i, c in enumerate(line):
        if c == '"' and (i == 0 or line[i - 1] != "\\"):
            quoted = not quoted
        elif c == "#" and not quoted:
            return i
    return len(line)


def mutate(text, rng):
    """A text with one mistake: (text, line from 1, what was done)."""
    lines = text.split("\n")
    while True:
        n = rng.randrange(len(lines))
        line = lines[n][: code_part(lines[n])]
        spots = [i for i, c in enumerate(line) if not c.isspace()]
        if not spots:
            continue
        kind = rng.choice(["drop", "double", "swap", "word", "drop", "double", "swap", "word", "line"])
        i = rng.choice(spots)
        if kind == "drop":
            new = line[:i] + line[i + 1 :]
        elif kind == "double":
            new = line[:i] + line[i] + line[i:]
        elif kind == "swap":
            if i + 1 >= len(line):
                continue
            new = line[:i] + line[i + 1] + line[i] + line[i + 2 :]
        elif kind == "line":
            if "{" in line:
                continue  # more is lost than a line
            new = None
        else:
            words = list(re.finditer(r"[a-z][a-z-]{2,}", line))
            if not words:
                continue
            w = rng.choice(words)
            i = rng.randrange(w.start(), w.end())
            letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
            new = line[:i] + letter + line[i + rng.randrange(2) :]
        if new == line:
            continue
        what = f"{kind}: {line.strip()!r} -> {(new or '').strip()!r}"
        rest = [] if new is None else [new + lines[n][len(line) :]]
        return "\n".join(lines[:n] + rest + lines[n + 1 :]), n + 1, what


def run(weir, folder, names):
    """Messages by file name, and what the command itself said. Crashes have a return code beyond 1."""
    p = subprocess.run([weir, "check", "--format", "json", *names], cwd=folder, capture_output=True, timeout=60)
    by_name = {n: [] for n in names}
    at = 0
    for line in p.stdout.decode().splitlines():
        m = json.loads(line)
        files = [s["file"] for s in m["spans"]]
        own = [f for f in files if f in by_name]
        if own:
            at = own[0]
        by_name[at].append(m)  # a message in a data file belongs to the program before it
    return p.returncode, by_name, p.stderr.decode(errors="replace")


def fault(messages, line, changed, is_line):
    """What is wrong with the messages about a mistake in `line`, or None."""
    if len(messages) > MESSAGES_MAX:
        return f"{len(messages)} messages"
    if not messages:
        return None
    m = next((m for m in messages if m["level"] == "error"), messages[0])
    told = [m["message"], *m["notes"], *m["helps"], *(s["label"] for s in m["spans"])]
    lines = [s["line"] for s in m["spans"]]
    words = set(re.findall(r"[A-Za-z0-9_-]{3,}", changed))
    named = any(w in words for t in told for q in re.findall(r"`([^`]*)`", t) for w in re.findall(r"[A-Za-z0-9_-]{3,}", q))
    if not is_line and not any(abs(n - line) <= LINES_MAX for n in lines) and not named:
        return f"points at line {lines}, not at {line}"
    if not any(s["label"] for s in m["spans"]) and not m["notes"] and not m["helps"] and not m["fixes"]:
        return "neither a label nor a note nor a help"
    if re.search(r"unexpected|syntax error", m["message"]):
        return "an unexpected something"
    return None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("weir")
    a.add_argument("--count", type=int, default=120, help="of each program")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--show", nargs="?", const="")
    o = a.parse_args()
    weir = os.path.abspath(o.weir)
    passed = failed = accepted = 0
    for name, text, files in programs():
        rng = random.Random(f"{o.seed} {name}")
        with tempfile.TemporaryDirectory() as tmp:
            folder = f"{tmp}/x"
            shutil.copytree(files, folder, ignore=shutil.ignore_patterns("*.txt", "tenants*") if files != HERE else None)
            mutants = {}
            for i in range(o.count):
                new, line, what = mutate(text, rng)
                file = f"mutant-{i:03}.weir"
                with open(f"{folder}/{file}", "w") as f:
                    f.write(new)
                mutants[file] = (line, what, new)
            names = list(mutants)
            for b in range(0, len(names), BATCH):
                batch = names[b : b + BATCH]
                code, messages, said = run(weir, folder, batch)
                if code not in (0, 1) or "Sanitizer" in said:
                    for n in batch:  # which one?
                        code, _, said = run(weir, folder, [n])
                        if code not in (0, 1) or "Sanitizer" in said:
                            print(f"FAIL {name} {mutants[n][1]}: ends with {code}\n{said[-2000:]}")
                            failed += 1
                    continue
                for n in batch:
                    line, what, new = mutants[n]
                    changed = what.split(": ", 1)[1]
                    wrong = fault(messages[n], line, changed, what.startswith("line:"))
                    accepted += not messages[n]
                    if wrong:
                        failed += 1
                        print(f"FAIL {name} line {line}, {what}: {wrong}")
                    else:
                        passed += 1
                    if wrong or (o.show is not None and any(o.show in m["code"] for m in messages[n])):
                        p = subprocess.run([weir, "check", n], cwd=folder, capture_output=True)
                        print(f"--- {name} line {line}, {what}\n{p.stderr.decode()}")
    print(f"{accepted} of them accepted")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
