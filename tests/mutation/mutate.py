#!/usr/bin/env python3
"""Do the tests notice a mistake in the compiler?

Makes mutants of the sources that turn rules into decisions and that reason about them (FILES): one small change each,
such as `<` for `<=`, a dropped `!`, a dropped statement. Each mutant is built in a copy of the tree and meets the tests
(STAGES), from quick to slow, until one fails; a test whose program the change does not reach is not run. The changes are
drawn evenly over all places where one is possible, by a seed; nothing is chosen by hand.

  tests/mutation/mutate.py [--sample N] [--seed S] [--jobs N] [--only TEXT] [--again] [--list]

Not counted: mutants that do not compile, and those whose object code is that of the original (nobody can notice them).
equivalent.txt names, each with the reason, survivors that were read and found to mean the same; they are shown apart.
Ends with the share that was noticed; the survivors are in build/mutation/report.txt. Exit code 1 where it is below
--at-least (percent)."""
import argparse, concurrent.futures, hashlib, os, random, re, shutil, subprocess, sys, threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build", "mutation")
FILES = """compiler/rows*.c compiler/layout*.c compiler/key_table.c compiler/blob.c compiler/cgen*.c compiler/lower.c
compiler/regex*.c compiler/pattern*.c compiler/ir_sort.c compiler/ir_ops.c compiler/ir_encode.c compiler/ir_decode*.c compiler/eval*.c
compiler/an_*.c compiler/analyze*.c compiler/diff.c compiler/diff_*.c compiler/prove.c compiler/explain_whynot.c
compiler/explain_near.c compiler/explain_part.c compiler/explain_why.c
runtime/route.c runtime/decide.c runtime/table.c runtime/values.c runtime/automaton.c runtime/convert.c""".split()
# Each: its name, its time limit, the program that is built for it, and what is run. Ordered by what they cost. A stage that
# runs longer than its limit has noticed the mutant; the limits leave a busy machine ten times what they take.
UNITS = """route dispatch validate rows an_logic an_text regex regex_derivative eval convert test_run whynot explain scale text_diff
facts check ir_codec""".split()
SLOW_UNITS = "plan_load plan_file check_run".split()


def unit(name, programs=None):
    """`programs`: of a random test that otherwise goes on for a time, so that each mutant meets the same ones."""
    command = [f"build/unit/{name}"]
    return (f"unit {name}", 240, command[0], ["env", f"WEIR_PAIRS={programs}", *command] if programs else command)


STAGES = [
    ("route cases", 60, "build/route_cases", ["build/route_cases", "tests/route"]),
    *map(unit, UNITS),
    ("differential", 200, "build/fuzz/differential", ["build/fuzz/differential", "--programs", "400", "--glue", "12", "--seconds", "90", "--seed", "7"]),
    unit("prove", 250),
    unit("diff_many", 50),
    unit("diff", 300),
    ("claims", 120, "build/weir", ["tests/weirtest/run.sh", "build/weir"]),
    ("diff goldens", 120, "build/weir", ["tests/diff/run.sh", "build/weir"]),
    ("messages", 200, "build/weir", ["tests/diag/run.sh", "build/weir"]),
    *map(unit, SLOW_UNITS),
]
TARGETS = sorted({target for _, _, target, _ in STAGES})

SWAPS = [  # (pattern, replacements); operators stand between spaces in this code
    (r" <= ", [" < "]), (r" < ", [" <= "]), (r" >= ", [" > "]), (r" > ", [" >= "]),
    (r" == ", [" != "]), (r" != ", [" == "]), (r" && ", [" || "]), (r" \|\| ", [" && "]),
    (r" \+ 1\b", ["", " + 2"]), (r" - 1\b", ["", " - 2"]), (r" \+ (?!1\b)", [" - "]), (r" & ", [" | "]),
    (r" \|= ", [" = "]), (r" \+= ", [" = "]), (r"(?<=[(\s])!(?=[a-z(])", [""]),
    (r"\btrue\b", ["false"]), (r"\bfalse\b", ["true"]), (r"\bcontinue;", ["break;"]), (r"\b0(?=[;,)])", ["1"]),
    (r" \? (.+?) : (.+?)(?=[;,)])", [r" ? \2 : \1"]),
]
STATEMENT = re.compile(r"^\s+(?!return|goto|break|continue|case|struct |enum |const |static |uint|int|size_t|bool |char )[a-z_][^{}]*;$")


class Mutant:
    def __init__(self, file, line, old, new, which):
        self.file, self.line, self.old, self.new, self.which = file, line, old, new, which

    @property
    def key(self):
        """Without the line number, which changes. `which`: of the lines that read alike, where there are several."""
        return f"{self.file}{self.which}: {self.old.strip()}  =>  {self.new.strip()}"

    def __str__(self):
        return f"{self.file}:{self.line}: {self.old.strip()}  =>  {self.new.strip()}"


def code_lines(text):
    """The lines of code by number; without comments, preprocessor lines, asserts and messages."""
    comment = False
    for n, line in enumerate(text.split("\n"), 1):
        s = line.strip()
        inside = comment
        if "/*" in s and "*/" not in s:
            comment = True
        elif "*/" in s:
            comment = False
        if inside or not s or s.startswith(("/*", "//", "#", "*")) or "assert(" in s or '"' in s or "/*" in s:
            continue
        if line[0] not in " \t":  # outside of functions
            continue
        yield n, line


def mutants_of(file):
    text = open(os.path.join(ROOT, file)).read()
    lines = [line.strip() for line in text.split("\n")]
    for n, line in code_lines(text):
        alike = lines.count(line.strip())
        which = f" ({lines[:n].count(line.strip())} of {alike})" if alike > 1 else ""
        for pattern, news in SWAPS:
            for m in re.finditer(pattern, line):
                for new in news:
                    yield Mutant(file, n, line, line[: m.start()] + m.expand(new) + line[m.end():], which)
        if STATEMENT.match(line) and not re.search(r"\w+_free\(", line):  # leaks are for the sanitizer, which is not here
            yield Mutant(file, n, line, re.sub(r"\S.*", ";", line), which)


def sample(mutants, count, seed):
    """Evenly over the places: a line first, then one of its changes."""
    draw = random.Random(seed)
    lines = {}
    for m in mutants:
        lines.setdefault((m.file, m.line), []).append(m)
    places = sorted(lines)
    draw.shuffle(places)
    return [draw.choice(lines[p]) for p in places[:count]]


def digest_of(path):
    return hashlib.sha256(open(path, "rb").read()).digest()


def update(source, to):
    """Makes `to` what the folder or file `source` is; what is the same keeps its time, so that make has little to do."""
    if os.path.isdir(source):
        os.makedirs(to, exist_ok=True)
        names = [n for n in os.listdir(source) if n != "__pycache__"]
        for gone in set(os.listdir(to)) - set(names):
            path = os.path.join(to, gone)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        for name in names:
            update(os.path.join(source, name), os.path.join(to, name))
    elif not os.path.exists(to) or digest_of(source) != digest_of(to):
        shutil.copyfile(source, to)
        shutil.copymode(source, to)


class Tree:
    """A copy of the project with its own build, in which one mutant after the other is made. It stays for the next run."""

    def __init__(self, number):
        self.root = os.path.join(WORK, f"tree{number}")
        first = os.path.join(WORK, "tree0")
        if number and not os.path.exists(self.root):  # copying a built tree keeps its times
            subprocess.run(["cp", "-a", first, self.root], check=True)
        os.makedirs(self.root, exist_ok=True)
        for part in "compiler runtime grammar stdconf examples tests Makefile README.md".split():
            update(os.path.join(ROOT, part), os.path.join(self.root, part))
        if self.make(TARGETS, quiet=False, jobs=os.cpu_count()):
            sys.exit("the tree as it is does not build")
        self.env = {**os.environ, "XDG_CACHE_HOME": os.path.join(self.root, "cache"), "LC_ALL": "C"}
        self.programs = {t: digest_of(os.path.join(self.root, t)) for t in TARGETS}

    def make(self, targets, quiet=True, jobs=1):
        # Debugging information is most of what linking costs, and would tell apart objects that are the same.
        args = ["make", "-s", f"-j{jobs}", "OPT=-O1", "WARN=-w", "CFLAGS=-g0", *targets]
        return subprocess.run(args, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if quiet else None).returncode

    def run(self, stage):
        _, limit, _, command = stage
        p = subprocess.Popen(command, cwd=self.root, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return p.wait(limit)
        except subprocess.TimeoutExpired:
            return "time limit"
        finally:
            try:
                os.killpg(p.pid, 9)
            except ProcessLookupError:
                pass
            p.wait()

    def fails(self):
        """The stage in which the tree as it is fails. What passed once is not run again as long as nothing changes."""
        state = hashlib.sha256(b"".join(self.programs.values()))
        for folder, _, files in sorted(os.walk(os.path.join(self.root, "tests"))):
            for name in sorted(files):
                state.update(name.encode() + digest_of(os.path.join(folder, name)))
        passed = os.path.join(WORK, "passed")
        if os.path.exists(passed) and open(passed).read() == state.hexdigest():
            return None
        for stage in STAGES:
            if self.run(stage) != 0:
                return stage[0]
        open(passed, "w").write(state.hexdigest())
        return None

    def judge(self, m):
        """Which stage notices it; "same" and "no build" do not count; None: a survivor."""
        path = os.path.join(self.root, m.file)
        text = open(path).read()
        lines = text.split("\n")
        assert lines[m.line - 1] == m.old
        obj = os.path.join("build/obj", m.file[:-2] + ".o")
        before = digest_of(os.path.join(self.root, obj))
        try:
            lines[m.line - 1] = m.new
            open(path, "w").write("\n".join(lines))
            if self.make([obj]):
                return "no build"
            if digest_of(os.path.join(self.root, obj)) == before:
                return "same"
            for stage in STAGES:
                if self.make([stage[2]]):
                    return "no build"
                if digest_of(os.path.join(self.root, stage[2])) != self.programs[stage[2]] and self.run(stage) != 0:
                    return stage[0]
            return None
        finally:
            open(path, "w").write(text)
            self.make([obj])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--sample", type=int, default=100)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--only", action="append", help="mutants whose text contains this; as often as needed")
    p.add_argument("--again", action="store_true", help="those that survived the last run")
    p.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    p.add_argument("--at-least", type=float, default=0)
    a = p.parse_args()
    import glob
    files = sorted(os.path.relpath(f, ROOT) for g in FILES for f in glob.glob(os.path.join(ROOT, g)))
    every = [m for f in files for m in mutants_of(f)]
    if a.again:
        left = set(open(os.path.join(WORK, "report.txt")).read().split("\n"))
        chosen = [m for m in every if m.key in left]
    else:
        chosen = [m for m in every if any(o in str(m) for o in a.only)] if a.only else sample(every, a.sample, a.seed)
    print(f"{len(every)} possible mutants of {len(files)} files; {len(chosen)} drawn with seed {a.seed}", flush=True)
    if a.list:
        print("\n".join(map(str, chosen)))
        return 0

    known = {}
    with open(os.path.join(os.path.dirname(__file__), "equivalent.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                key, _, why = line.strip().partition("  ## ")
                known[key] = why
    os.makedirs(WORK, exist_ok=True)
    trees = [Tree(n) for n in range(a.jobs)]
    if failed := trees[0].fails():
        print(f"the tree as it is fails in: {failed}")
        return 2
    free, lock, results = list(trees), threading.Lock(), []

    def one(m):
        with lock:
            tree = free.pop()
        said = tree.judge(m)
        with lock:
            free.append(tree)
            results.append((m, said))
            print(f"{said or ('the same' if m.key in known else 'SURVIVES'):16} {m}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for done in [pool.submit(one, m) for m in chosen]:
            done.result()
    counted = [(m, s) for m, s in results if s not in ("same", "no build")]
    survivors = [m for m, s in counted if s is None]
    equal = [m for m in survivors if m.key in known]
    left = [m for m in survivors if m.key not in known]
    with open(os.path.join(WORK, "report.txt"), "w") as f:
        for title, ms in (("survivors", left), ("known to mean the same", equal)):
            f.write(f"# {title}\n" + "".join(f"{m}\n{m.key}\n\n" for m in sorted(ms, key=str)))
    by = {}
    for _, s in counted:
        by[s] = by.get(s, 0) + 1
    print("noticed by: " + ", ".join(f"{s} {n}" for s, n in sorted(by.items(), key=lambda x: -x[1]) if s))
    total = len(counted) - len(equal)
    noticed = total - len(left)
    share = 100 * noticed / total if total else 100
    print(f"{total} mutants, {noticed} noticed ({share:.1f} %), {len(left)} survive; {len(equal)} known to mean the same; "
          f"{len(results) - len(counted)} not counted")
    return 0 if share >= a.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
