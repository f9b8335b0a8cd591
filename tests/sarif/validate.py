"""What SARIF 2.1.0 (OASIS standard, sections in parentheses) and GitHub code scanning require of a document, of the
properties that Weir writes. faults(document, folder) yields what is wrong; with `folder` regions are held against the
texts there."""
import os
import re
from urllib.parse import unquote

LEVELS = {"none", "note", "warning", "error"}


def need(o, path, name, kind):
    if not isinstance(o, dict) or name not in o:
        yield f"{path}: no {name}"
    elif not isinstance(o[name], kind) or (kind is int and isinstance(o[name], bool)):
        yield f"{path}.{name} is {type(o[name]).__name__}"


def message(o, path):
    """(3.11) a text that is not empty"""
    yield from need(o, path, "text", str)
    if not o.get("text"):
        yield f"{path}: an empty text"


def text_lines(folder, uri):
    with open(os.path.join(folder, unquote(uri)), "rb") as f:
        text = f.read().decode("utf-8", errors="replace")
    return text.removeprefix("\ufeff").split("\n")


def region(r, path, folder, uri):
    """(3.30) columns from 1, the end beyond the last; a region lies within its text"""
    for name in ("startLine", "startColumn", "endLine", "endColumn"):
        if name in r and (not isinstance(r[name], int) or r[name] < 1):
            yield f"{path}.{name} is {r[name]!r}"
    yield from need(r, path, "startLine", int)
    end = (r.get("endLine", r["startLine"]), r.get("endColumn", 1 << 30))
    if end < (r["startLine"], r.get("startColumn", 1)):
        yield f"{path} ends before it begins"
    if folder and "endColumn" in r and not uri.startswith("file:"):
        lines = text_lines(folder, uri)
        for line, column in ((r["startLine"], r["startColumn"]), (r["endLine"], r["endColumn"])):
            if line > len(lines) or column > len(lines[line - 1]) + 2:
                yield f"{path}: {uri} has no place {line}:{column}"


def artifact(o, path):
    """(3.4) a relative reference against uriBaseId, or an absolute URI"""
    yield from need(o, path, "uri", str)
    uri = o.get("uri", "")
    if re.search(r"[^A-Za-z0-9\-._~/!$&'()*+,;=@%:]", uri) or uri.startswith("/") or "\\" in uri:
        yield f"{path}: {uri!r} is no URI reference"
    if not uri.startswith("file:///") and "uriBaseId" not in o:
        yield f"{path}: relative to what?"


def physical(o, path, folder):
    yield from need(o, path, "physicalLocation", dict)
    p = o.get("physicalLocation", {})
    yield from need(p, path, "artifactLocation", dict)
    yield from artifact(p.get("artifactLocation", {}), f"{path}.artifactLocation")
    if "region" in p:
        yield from region(p["region"], f"{path}.region", folder, p["artifactLocation"].get("uri", ""))


def fix(f, path, folder):
    """(3.55)"""
    yield from message(f.get("description", {}), f"{path}.description")
    yield from need(f, path, "artifactChanges", list)
    for i, c in enumerate(f.get("artifactChanges", [])):
        at = f"{path}.artifactChanges[{i}]"
        yield from artifact(c.get("artifactLocation", {}), at)
        yield from need(c, at, "replacements", list)
        if not c.get("replacements"):
            yield f"{at}: no replacements"
        for r in c.get("replacements", []):
            yield from need(r, at, "deletedRegion", dict)
            yield from region(r.get("deletedRegion", {"startLine": 1}), at, folder, c["artifactLocation"]["uri"])
            yield from need(r.get("insertedContent", {}), at, "text", str)


def result(r, path, rules, folder):
    """(3.27); code scanning shows results with a place and a text, and tells them apart by the fingerprint"""
    yield from message(r.get("message", {}), f"{path}.message")
    if r.get("level") not in LEVELS:
        yield f"{path}.level is {r.get('level')!r}"
    index = r.get("ruleIndex")
    if not isinstance(index, int) or not 0 <= index < len(rules) or rules[index]["id"] != r.get("ruleId"):
        yield f"{path}: ruleIndex {index} is not rule {r.get('ruleId')}"
    if not r.get("locations"):
        yield f"{path}: no place"
    for l in r.get("locations", []):
        yield from physical(l, f"{path}.locations", folder)
    ids = [l.get("id") for l in r.get("relatedLocations", [])]
    if len(set(ids)) != len(ids):
        yield f"{path}: ids of relatedLocations"
    for l in r.get("relatedLocations", []):
        yield from physical(l, f"{path}.relatedLocations", folder)
        yield from message(l.get("message", {}), f"{path}.relatedLocations")
    if not re.fullmatch(r"[0-9a-f]{16}:[0-9]+", r.get("partialFingerprints", {}).get("primaryLocationLineHash", "")):
        yield f"{path}: no fingerprint"
    for f in r.get("fixes", []):
        yield from fix(f, f"{path}.fixes", folder)


def rule(r, path):
    """(3.49)"""
    yield from need(r, path, "id", str)
    for name in ("shortDescription", "fullDescription", "help"):
        yield from message(r.get(name, {}), f"{path}.{name}")
    if len(r.get("shortDescription", {}).get("text", "")) > 1024 or len(r.get("fullDescription", {}).get("text", "")) > 1024:
        yield f"{path}: a description of more than 1024 characters"
    if r.get("defaultConfiguration", {}).get("level") not in LEVELS:
        yield f"{path}: no level"


def faults(d, folder=None):
    yield from need(d, "$", "version", str)
    yield from need(d, "$", "runs", list)
    if d.get("version") != "2.1.0":
        yield "version is not 2.1.0"
    for run in d.get("runs", []):
        driver = run.get("tool", {}).get("driver", {})
        yield from need(driver, "driver", "name", str)
        rules = driver.get("rules", [])
        for i, r in enumerate(rules):
            yield from rule(r, f"rules[{i}]")
        if len({r["id"] for r in rules}) != len(rules):
            yield "two rules of one id"
        if run.get("columnKind") != "unicodeCodePoints":
            yield "columnKind"
        for i in run.get("invocations", []):
            yield from need(i, "invocation", "executionSuccessful", bool)
        yield from need(run, "run", "results", list)
        seen = set()
        for i, r in enumerate(run.get("results", [])):
            yield from result(r, f"results[{i}]", rules, folder)
            key = (r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"])
            if key in seen:
                yield f"results[{i}]: a fingerprint twice"
            seen.add(key)
