"""Tests of `weir lsp`, spoken over the protocol. run.py WEIR [NAME…]; ends "N passed, N failed"."""
import json
import os
import sys
import tempfile
import time

from client import Client, Gone, edit, uri

WEIR = os.path.abspath(sys.argv[1])

SITE = """language 1
import "lib/pools.weir" as pools

## Who sits in the office.
## They see more.
acl office = client.ip in [10.20.0.0/16]

map tenants: host -> backend { file "tenants.map" }

check alive: http {
  get "/healthz"
  expect status == 200
}

backend app {
  check alive every 2s
  server app1 10.0.0.11:8080
}

frontend web {
  listen :80
  on request {
    set req.header["X-Greeting"] = "ü😀${client.ip}" if office and path under "/a"
  }
  route {
    use pools.api if office
    use tenants[host]
    use app
  }
}
"""
POOLS = """language 1

## Servers of the interface.
backend api {
  server a1 10.0.1.1:80
}
acl _hidden = path == "/"
acl seen = not _hidden
"""
ROWS = "a.example app\nb.example pools.api\n"


class Site:
    """A folder with a program of three files."""

    def __init__(self, site=SITE, **client):
        self.folder = tempfile.TemporaryDirectory()
        os.mkdir(self.file("lib"))
        self.site, self.pools, self.rows = self.file("site.weir"), self.file("lib/pools.weir"), self.file("tenants.map")
        for path, text in ((self.site, site), (self.pools, POOLS), (self.rows, ROWS)):
            with open(path, "w") as f:
                f.write(text)
        self.text = site
        self.client = Client(WEIR, folder=self.folder.name, **client)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.client.kill()
        self.folder.cleanup()

    def file(self, name):
        return os.path.join(self.folder.name, name)

    def place(self, text, more=0):
        """Line and byte column where `text` begins, `more` further."""
        for i, line in enumerate(self.text.split("\n")):
            at = line.encode().find(text.encode())
            if at >= 0:
                return i, at + more
        raise AssertionError("not in the text: " + text)

    def at(self, method, text, more=0, path=None, **params):
        return self.client.at(method, path or self.site, *self.place(text, more), **params)

    def completion(self, before):
        """Labels of what is offered behind `before`."""
        return [i["label"] for i in self.at("completion", before, len(before.encode()))["result"]]

    def hover(self, text, more=1):
        result = self.at("hover", text, more)["result"]
        return result and result["contents"]["value"]


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}\n  got      {got!r}\n  expected {expected!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def codes(diagnostics):
    return [d["code"] for d in diagnostics]


def start(range):
    return range["start"]["line"], range["start"]["character"]


# --- the beginning and the end

def test_life():
    c = Client(WEIR)
    equal(c.hello["capabilities"]["positionEncoding"], "utf-8")
    equal(c.request("no/such", {})["error"]["code"], -32601)
    c.notify("no/such", {})
    equal(c.request("initialize", {})["error"]["code"], -32600)
    id = c.ask("shutdown", None)
    equal(c.answer(id)["result"], None)
    equal(c.request("textDocument/hover", {})["error"]["code"], -32600)
    c.notify("exit", None)
    equal(c.process.wait(20), 0, "exit code")
    c = Client(WEIR)
    c.notify("exit", None)
    equal(c.process.wait(20), 1, "exit code without shutdown")
    c = Client(WEIR)
    c.process.stdin.close()
    equal(c.process.wait(20), 1, "exit code where the input ends")


def test_not_initialized():
    c = Client(WEIR, encodings=None)
    try:
        equal(c.request("textDocument/hover", {})["error"]["code"], -32002)
        c.notify("textDocument/didOpen", {})
        equal(c.request("initialize", {"capabilities": {}})["result"]["capabilities"]["positionEncoding"], "utf-16")
    finally:
        c.kill()


def test_cancel():
    with Site() as s:
        s.client.open(s.site)
        params = {"textDocument": {"uri": uri(s.site)}, "position": {"line": 0, "character": 0}}
        messages = [{"jsonrpc": "2.0", "id": i, "method": "textDocument/hover", "params": params} for i in (900, "x")]
        messages.append({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "x"}})
        messages.append({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}})
        bodies = [json.dumps(m).encode() for m in messages]
        s.client.raw(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(b), b) for b in bodies))
        equal(s.client.answer(900).get("error"), None)
        equal(s.client.answer("x")["error"]["code"], -32800)


def test_garbage():
    c = Client(WEIR)
    try:
        for bad in (b"garbage\r\n\r\n", b"Content-Length: x\r\n\r\n", b"Content-Length: -5\r\n\r\n", b"\r\n\r\n",
                    b"Content-Length: 99999999999999999999\r\n\r\n", b"A" * 20000 + b"\r\n\r\n"):
            c.raw(bad)
            equal(c.request("no/such", {})["error"]["code"], -32601, repr(bad[:40]))
        for body in (b"{", b"", b"[]", b"1", b'"x"', b'{"id":1}', b'{"id":{},"method":"x"}', b'{"method":1}',
                     b"[" * 5000, b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":[1,null]}',
                     b'{"method":"textDocument/didChange","params":{"textDocument":{"uri":7}}}', b"\xff\xfe\x00",
                     b'{"id":3,"method":"textDocument/rename","params":{"textDocument":{"uri":"file:///%00"}}}'):
            c.raw(b"content-length: %d\nContent-Type: x; charset=utf-8\n\n%s" % (len(body), body))
            equal(c.request("no/such", {})["error"]["code"], -32601, repr(body[:40]))
        c.raw(b"Content-Length: 40000000\r\n\r\n")
        for _ in range(40):
            c.raw(b" " * 1000000)
        equal(c.request("no/such", {})["error"]["code"], -32601, "after a message that is too long")
        equal(c.end(), 0)
    finally:
        c.kill()


# --- diagnostics

def test_diagnostics():
    with Site() as s:
        equal(s.client.open(s.site), [])
        line, column = s.place("use app", 7)
        s.client.change(s.site, 2, edit((line, column), (line, column), "x"))
        found = s.client.wait_for(s.site, 2)
        equal(codes(found), ["E0201"])
        equal(start(found[0]["range"]), (line, column - 3))
        equal(found[0]["severity"], 1)
        holds("did you mean `app`" in found[0]["message"], found[0]["message"])
        related = found[0]["relatedInformation"][0]
        equal((related["location"]["uri"], start(related["location"]["range"])), (uri(s.site), s.place("app {")))
        s.client.change(s.site, 3, edit((line, column), (line, column + 1), ""))
        equal(s.client.wait_for(s.site, 3), [])
        s.client.change(s.site, 4, {"text": "language 1\nbackend\n"})
        equal(codes(s.client.wait_for(s.site, 4)), ["E0211"])
        equal(s.client.end(), 0)


def test_other_files():
    """Diagnostics of files that are not open; they go away when what they are about is mended."""
    with Site() as s:
        with open(s.rows, "a") as f:
            f.write("c.example ap\n")
        s.client.open(s.site)
        found = s.client.diagnostics[uri(s.rows)]["diagnostics"]
        equal(codes(found), ["E0307"])
        equal(start(found[0]["range"]), (2, 10))
        with open(s.rows, "w") as f:
            f.write(ROWS)
        published = s.client.published
        s.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri(s.rows), "type": 2}]})
        while s.client.published == published:
            holds(s.client.receive() is not None, "no diagnostics in time")
        equal(s.client.diagnostics[uri(s.rows)]["diagnostics"], [])


def test_imported():
    """An imported file is checked as a part of the program that imports it, with the buffers of both."""
    with Site() as s:
        equal(s.client.open(s.pools), [])
        s.client.change(s.pools, 2, {"text": POOLS.replace("backend api", "backend apis")})
        equal(s.client.wait_for(s.pools, 2), [])
        found = s.client.diagnostics[uri(s.site)]["diagnostics"]
        equal(codes(found), ["E0201"])
        equal(start(found[0]["range"]), s.place("pools.api", 6))
        s.client.open(s.site, SITE.replace("pools.api", "pools.apis"))
        equal(s.client.diagnostics[uri(s.site)]["diagnostics"], [])
        equal(codes(s.client.diagnostics[uri(s.rows)]["diagnostics"]), ["E0307"])
        s.client.notify("textDocument/didClose", {"textDocument": {"uri": uri(s.pools)}})
        s.client.change(s.site, 2, {"text": SITE})
        equal(s.client.wait_for(s.site, 2), [], "the file on disk counts again")
        equal(s.client.diagnostics[uri(s.rows)]["diagnostics"], [])


def test_closed():
    """What was told of a program goes away with its last document."""
    with Site(SITE.replace("use app", "use ap")) as s:
        equal(codes(s.client.open(s.site)), ["E0201"])
        s.client.notify("textDocument/didClose", {"textDocument": {"uri": uri(s.site)}})
        while s.client.diagnostics[uri(s.site)]["diagnostics"]:
            holds(s.client.receive() is not None, "no diagnostics in time")


def test_burst():
    """Edits that come together are checked together, and the last one counts."""
    with Site() as s:
        s.client.open(s.site)
        line, column = s.place("use app", 7)
        for i in range(100):
            s.client.change(s.site, 2 + i, edit((line, column + i), (line, column + i), "x"))
        equal(codes(s.client.wait_for(s.site, 101)), ["E0201"])
        holds(s.client.published < 100, "each edit was checked by itself")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_speed():
    """Diagnostics of 5,000 lines in 100 ms: of the processor, since others may use the machine. Builds with sanitizers
    are slower by themselves."""
    lines = ["language 1", "backend app { server a 10.0.0.1:80 }", "frontend web {", "  listen :80", "  route {"]
    lines += [f'    use app if host == "h{i}.example" and path under "/p{i}" and client.ip in [10.{i % 250}.0.0/16]'
              for i in range(4990)]
    lines += ["    use app", "  }", "}", ""]
    with Site("\n".join(lines)) as s:
        equal(s.client.open(s.site), [])
        edits = 8
        before = cpu_seconds(s.client.process.pid)
        for i in range(edits):
            s.client.change(s.site, 2 + i, edit((2500, 8), (2500, 11), "apx" if i % 2 == 0 else "app"))
            equal(codes(s.client.wait_for(s.site, 2 + i)), ["E0201"] if i % 2 == 0 else [])
        each = (cpu_seconds(s.client.process.pid) - before) / edits
        print(f"     5,000 lines: {each * 1000:.0f} ms an edit")
        holds("san" in WEIR or each <= 0.1, f"diagnostics took {each * 1000:.0f} ms")


# --- positions

def test_utf16():
    """Columns count UTF-16 units unless UTF-8 was agreed on; edits behind them keep the buffer in step."""
    text = 'language 1\nacl a = req.header["é😀"] == b\n'
    for encodings, unit, at in ((["utf-16"], "utf-16", 29), (["utf-32", "utf-8"], "utf-8", 32), ([], "utf-16", 29)):
        with Site(text, encodings=encodings) as s:
            equal(s.client.hello["capabilities"]["positionEncoding"], unit)
            found = [d for d in s.client.open(s.site) if d["code"] == "E0201"]
            equal([(start(d["range"]), d["range"]["end"]["character"]) for d in found], [((1, at), at + 1)], unit)
            s.client.change(s.site, 2, edit((1, at), (1, at + 1), '"é😀" and b'))
            found = [d for d in s.client.wait_for(s.site, 2) if d["code"] == "E0201"]
            width = 10 if unit == "utf-16" else 13
            equal([start(d["range"]) for d in found], [(1, at + width)], unit + " after an edit")


def test_edits():
    """Ranges beyond lines and texts, line ends of all kinds, several changes at once."""
    with Site() as s:
        s.client.open(s.site)
        s.client.change(s.site, 2, {"text": "language 1\r\nacl a = b\r\n"})
        equal([start(d["range"]) for d in s.client.wait_for(s.site, 2) if d["code"] == "E0201"], [(1, 8)])
        s.client.change(s.site, 3, edit((1, 100), (1, 100), " or c"), edit((9, 9), (99, 0), "acl d = e\n"))
        found = [start(d["range"]) for d in s.client.wait_for(s.site, 3) if d["code"] == "E0201"]
        equal(found, [(1, 8), (1, 13), (2, 8)])
        s.client.change(s.site, 4, edit((1, 0), (99, 0), ""), edit((0, 0), (0, 0), "# \ud800\n"))
        equal(codes(s.client.wait_for(s.site, 4)), [])
        s.client.change(s.site, 5, {"text": ""})
        equal(codes(s.client.wait_for(s.site, 5)), ["E0003"])


# --- what editors ask

def test_completion():
    with Site() as s:
        s.client.open(s.site)
        equal(s.completion("    use "), ["pools", "tenants", "app"])
        equal(s.completion("use pools."), ["api"])
        equal(s.completion("  check "), ["pools", "alive", "every", "timeout", "rise", "fall"])
        holds({"office", "host", "req.header"} <= set(s.completion("if ")), "values behind `if`")
        equal(s.completion("client."), ["ip", "port"])
        equal(s.completion("set req."), ["header"])
        holds({"under", "and", "in"} <= set(s.completion("and path ")), "tests behind a value")
        holds({"host-pattern", "cidr"} <= set(s.completion("map tenants: ")), "types of keys")
        equal(s.completion("map tenants: host -> "), ["backend", "string"])
        equal(s.completion("check alive: "), ["http", "tcp"])
        equal(s.completion("expect "), ["status", "body"])
        equal(s.completion("## Who sits"), [], "in a comment")
        equal(s.completion('get "/hea'), [], "in a string")
        holds("ip" in s.completion("${client."), "in an interpolation")


def test_completion_while_typing():
    """In texts that do not parse, as they are while someone types."""
    cases = {
        "frontend web {\n  ": {"listen", "route", "on", "timeout", "max-body"},
        "frontend web {\n  route {\n    ": {"use", "reply", "redirect", "when"},
        "frontend web {\n  route {\n    when a {\n      ": {"use", "reply"},
        "frontend web {\n  route {\n    use a if host == \"x\" and ": {"host", "path", "office"},
        "frontend web {\n  route {\n    use a\n    if ": {"host", "office"},
        "backend b {\n  balance ": {"round-robin", "least-conn"},
        "backend b {\n  timeout ": {"connect", "server"},
        "backend b {\n  server s 10.0.0.1:80 ": {"weight", "backup"},
        "acl x = host | ": {"lower", "default"},
        "acl x = client.ip in ": {"bad"},
        "acl x = (host == \"x\" or ": {"path"},
        "def": {"defaults", "backend"},
        "defaults ": {"backend", "frontend"},
    }
    head = "language 1\nacl office = path == \"/\"\nlist bad: cidr { 10.0.0.0/8 }\n"
    with Site() as s:
        s.client.open(s.site)
        for i, (text, expected) in enumerate(cases.items()):
            all = head + text
            s.client.change(s.site, 2 + i, {"text": all})
            lines = all.split("\n")
            result = s.client.at("completion", s.site, len(lines) - 1, len(lines[-1]))["result"]
            labels = {item["label"] for item in result}
            holds(expected <= labels, f"behind {text!r}: {sorted(expected - labels)} is missing in {sorted(labels)}")


def test_completion_edit():
    """A completion replaces the word that was begun."""
    with Site() as s:
        s.client.open(s.site)
        items = s.at("completion", "tenants[host]", 4)["result"]
        item = [i for i in items if i["label"] == "tenants"][0]
        line, column = s.place("tenants[host]")
        equal(item["textEdit"], {"range": {"start": {"line": line, "character": column},
                                           "end": {"line": line, "character": column + 4}}, "newText": "tenants"})


def test_hover():
    with Site() as s:
        s.client.open(s.site)
        equal(s.hover("office and"), "```weir\nacl office = client.ip in [10.20.0.0/16]\n```\n"
                                     "Who sits in the office.\nThey see more.\n")
        equal(s.hover("pools.api if", 7),
              "```weir\nbackend api\n```\nServers of the interface.\n\nin `" + s.pools + "`\n")
        holds("req.header[\"NAME\"]: string?" in s.hover("req.header["), "a field with its type")
        holds("address of the client" in s.hover("client.ip in"), "a field with its doc")
        holds("check every DURATION" in s.hover("every 2s"), "a setting")
        holds("first that applies" in s.hover("route {"), "a statement")
        holds("sends the request" in s.hover("use app"), "a statement in its place")
        holds("equal host" in s.hover("host -> backend"), "a type of keys")
        holds("goes on with" in s.hover("under \"/a\""), "a test")
        equal(s.hover("## Who", 4), None)


def test_definition():
    with Site() as s:
        s.client.open(s.site)
        cases = {("office and", 2): (s.site, s.place("office = ")), ("alive every", 1): (s.site, s.place("alive: http")),
                 ("pools.api if", 1): (s.site, s.place("as pools", 3)), ("pools.api if", 7): (s.pools, (3, 8)),
                 ("\"tenants.map\"", 3): (s.rows, (0, 0)), ("\"lib/pools.weir\"", 3): (s.pools, (0, 0)),
                 ("tenants[host]", 7): (s.site, s.place("tenants: host"))}
        for (text, more), (path, at) in cases.items():
            result = s.at("definition", text, more)["result"]
            equal((result["uri"], start(result["range"])), (uri(path), at), text)
        equal(s.at("definition", "expect status", 1)["result"], None)


def test_references():
    with Site() as s:
        s.client.open(s.site)
        found = s.at("references", "alive: http", 0, context={"includeDeclaration": True})["result"]
        equal([start(r["range"]) for r in found], [s.place("alive: http"), s.place("alive every")])
        found = s.at("references", "alive: http", 0, context={"includeDeclaration": False})["result"]
        equal([start(r["range"]) for r in found], [s.place("alive every")])
        s.client.open(s.rows)
        for place in (s.place("pools.api if", 7), (1, 17)):
            path = s.rows if place == (1, 17) else s.site
            result = s.client.at("definition", path, *place)["result"]
            equal((result["uri"], start(result["range"])), (uri(s.pools), (3, 8)), "from " + path)
        found = s.at("references", "pools.api if", 7, context={"includeDeclaration": True})["result"]
        equal([(r["uri"], start(r["range"])) for r in found],
              [(uri(s.pools), (3, 8)), (uri(s.site), s.place("pools.api if", 6)), (uri(s.rows), (1, 16))])


def renamed(s, answer):
    """The files with the edits of an answer in them."""
    holds("result" in answer, answer)
    texts = {}
    for address, edits in answer["result"]["changes"].items():
        path = address[len("file://"):]
        with open(path, newline="") as f:
            lines = f.read().split("\n")
        for e in sorted(edits, key=lambda e: start(e["range"]), reverse=True):
            line, from_, to = e["range"]["start"]["line"], e["range"]["start"]["character"], e["range"]["end"]["character"]
            raw = lines[line].encode()
            lines[line] = (raw[:from_] + e["newText"].encode() + raw[to:]).decode()
        texts[path] = "\n".join(lines)
    return texts


def test_rename():
    with Site() as s:
        s.client.open(s.site)
        equal(renamed(s, s.at("rename", "office and", 1, newName="hq")), {
            s.site: SITE.replace("acl office", "acl hq").replace("if office", "if hq")})
        equal(renamed(s, s.at("rename", "pools.api if", 7, newName="interface")), {
            s.site: SITE.replace("pools.api", "pools.interface"), s.pools: POOLS.replace("api", "interface"),
            s.rows: ROWS.replace("pools.api", "pools.interface")})
        equal(renamed(s, s.at("rename", "pools.api if", 1, newName="p")), {
            s.site: SITE.replace("as pools", "as p").replace("pools.api", "p.api"),
            s.rows: ROWS.replace("pools.api", "p.api")})
        equal(renamed(s, s.at("rename", "app1", 1, newName="first")), {s.site: SITE.replace("app1", "first")})
        prepared = s.at("prepareRename", "office and", 1)["result"]
        equal((start(prepared["range"]), prepared["placeholder"]), (s.place("office and"), "office"))
        for text, more, name in (("office and", 1, "app"), ("office and", 1, "host"), ("office and", 1, "a b"),
                                 ("office and", 1, "and"), ("office and", 1, ""), ("office and", 1, "x-"),
                                 ("req.header", 5, "x"), ("route {", 1, "x"), ("pools.api if", 7, "_private")):
            answer = s.at("rename", text, more, newName=name)
            equal(answer.get("error", {}).get("code"), -32803, f"{text} to {name!r}: {answer}")
        equal(s.at("prepareRename", "listen", 1)["error"]["code"], -32803)
        s.client.change(s.site, 2, {"text": SITE.replace("use app", "use ap")})
        equal(s.at("rename", "office and", 1, newName="hq")["error"]["code"], -32803, "in a program with errors")


def test_rename_import():
    """An import without `as` gets one; a name that would mean something else is refused."""
    site = SITE.replace(" as pools", "").replace("use tenants", 'use app if req.method == GET\n    use tenants')
    with Site(site) as s:
        equal(s.client.open(s.site), [])
        equal(renamed(s, s.at("rename", "pools.api if", 1, newName="p")), {
            s.site: site.replace('pools.weir"', 'pools.weir" as p').replace("pools.api", "p.api"),
            s.rows: ROWS.replace("pools.api", "p.api")})
        equal(s.at("rename", "office and", 1, newName="GET")["error"]["code"], -32803)


def test_symbols():
    with Site() as s:
        s.client.open(s.site)
        found = s.client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri(s.site)}})["result"]
        tree = [(x["name"], x["detail"], [c["name"] for c in x["children"]]) for x in found]
        equal(tree, [("pools", "import", []), ("office", "acl", []), ("tenants", "map", []), ("alive", "check", []),
                     ("app", "backend", ["app1"]), ("web", "frontend", ["on request", "route"])])
        equal(start(found[4]["selectionRange"]), s.place("app {"))
        s.client.change(s.site, 2, {"text": SITE.replace("use pools.api", "use (")})
        found = s.client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri(s.site)}})["result"]
        holds("office" in [x["name"] for x in found], "the outline stays where there are errors")


def test_code_action():
    with Site(SITE.replace("every 2s", "every 2").replace("use app", "use ap")) as s:
        equal(sorted(codes(s.client.open(s.site))), ["E0201", "E0301"])
        line, column = s.place("every 2", 6)
        params = {"textDocument": {"uri": uri(s.site)}, "context": {"diagnostics": []},
                  "range": {"start": {"line": line, "character": column}, "end": {"line": line, "character": column}}}
        actions = s.client.request("textDocument/codeAction", params)["result"]
        equal([a["title"] for a in actions], ["Replace by `2s`"])
        equal(codes(actions[0]["diagnostics"]), ["E0301"])
        change = actions[0]["edit"]["changes"][uri(s.site)]
        s.client.change(s.site, 2, *({"range": e["range"], "text": e["newText"]} for e in change))
        equal(codes(s.client.wait_for(s.site, 2)), ["E0201"])
        params["range"] = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
        actions = s.client.request("textDocument/codeAction", params)["result"]
        equal([a["title"] for a in actions], ["Replace by `app`"])
        params["range"]["end"] = {"line": 1, "character": 0}
        equal(s.client.request("textDocument/codeAction", params)["result"], [])


def test_formatting():
    """The layout of `weir fmt`, as an edit of the lines that change."""
    with Site() as s:
        params = {"textDocument": {"uri": uri(s.site)}, "options": {"tabSize": 8, "insertSpaces": False}}
        ask = lambda: s.client.request("textDocument/formatting", params)["result"]
        s.client.open(s.site)
        for e in ask():
            s.client.change(s.site, 2, {"range": e["range"], "text": e["newText"]})
        equal(ask(), [])
        tidy = "language 1\n\nbackend app {\n  server a 10.0.0.1:80 # ü\n}\n"
        s.client.change(s.site, 3, {"text": tidy.replace("  server a", "\tserver    a")})
        (e,) = ask()
        equal((start(e["range"]), e["range"]["end"]), ((3, 0), {"line": 4, "character": 0}))
        s.client.change(s.site, 4, {"range": e["range"], "text": e["newText"]})
        equal(ask(), [], "what was laid out stays")
        s.client.change(s.site, 5, {"text": "backend {{{"})
        equal(ask(), [], "with syntax errors")


def test_untitled():
    """A buffer that is no file yet."""
    c = Client(WEIR)
    try:
        c.notify("textDocument/didOpen", {"textDocument": {"uri": "untitled:Untitled-1", "languageId": "weir", "version": 1,
                                                           "text": "language 1\nbackend b\n"}})
        while "untitled:Untitled-1" not in c.diagnostics:
            holds(c.receive() is not None, "no diagnostics in time")
        equal(codes(c.diagnostics["untitled:Untitled-1"]["diagnostics"]), ["E0211"])
        equal(c.end(), 0)
    finally:
        c.kill()


def test_names_of_files():
    """Spaces and letters beyond ASCII in paths are escaped in URIs."""
    with Site() as s:
        os.mkdir(s.file("mit täg"))
        path = s.file("mit täg/ein plan.weir")
        address = "file://" + path.replace(" ", "%20").replace("ä", "%C3%A4")
        s.client.notify("textDocument/didOpen", {"textDocument": {"uri": address, "languageId": "weir", "version": 7,
                                                                  "text": 'language 1\nimport "x y.weir" as x\n'}})
        with open(s.file("mit täg/x y.weir"), "w") as f:
            f.write("language 1\nbackend\n")
        s.client.notify("textDocument/didSave", {"textDocument": {"uri": address}})
        other = address.replace("ein%20plan", "x%20y")
        while other not in s.client.diagnostics:
            holds(s.client.receive() is not None, "no diagnostics in time")
        equal(codes(s.client.diagnostics[other]["diagnostics"]), ["E0211"])


def main():
    tests = [(n[5:], f) for n, f in globals().items() if n.startswith("test_") and (len(sys.argv) < 3 or n[5:] in sys.argv[2:])]
    passed = failed = 0
    for name, test in tests:
        try:
            test()
            passed += 1
            print(f"ok   {name}")
        except (AssertionError, Gone, BrokenPipeError, KeyError, TypeError, IndexError) as e:
            failed += 1
            print(f"FAIL {name}: {type(e).__name__} {e}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
