"""A small client of the language server for the tests: speaks the protocol over pipes, with a limit on every wait."""
import json
import os
import select
import subprocess
import time

WAIT = 20.0  # seconds for one answer: far beyond what any takes, sanitizers included


class Gone(Exception):
    """The server ended, or said nothing in time."""


def uri(path):
    return "file://" + os.path.abspath(path)


class Client:
    def __init__(self, weir, encodings=("utf-8",), folder=None, related=True):
        self.process = subprocess.Popen([weir, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.input = b""
        self.next_id = 1
        self.diagnostics = {}  # by URI: the last that was published
        self.published = 0
        self.answers = {}
        if encodings is not None:
            general = {"positionEncodings": list(encodings)} if encodings else {}
            self.hello = self.request("initialize", {
                "processId": None,
                "rootUri": uri(folder) if folder else None,
                "capabilities": {
                    "general": general,
                    "textDocument": {"publishDiagnostics": {"relatedInformation": related}},
                },
            })["result"]
            self.notify("initialized", {})

    # --- bytes

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def receive(self, wait=WAIT):
        """The next message, or None where none comes in time."""
        end = time.monotonic() + wait
        while True:
            head = self.input.find(b"\r\n\r\n")
            if head >= 0:
                length = int(self.input[:head].split(b":")[1])
                if len(self.input) >= head + 4 + length:
                    body = self.input[head + 4:head + 4 + length]
                    self.input = self.input[head + 4 + length:]
                    message = json.loads(body)
                    self.note(message)
                    return message
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise Gone("the server ended")
            self.input += more

    def note(self, message):
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]
            self.published += 1

    # --- messages

    def notify(self, method, params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method, params):
        """Sends a request and returns its id."""
        self.next_id += 1
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        return self.next_id

    def answer(self, id):
        while True:
            message = self.receive()
            if message is None:
                raise Gone("no answer in time")
            if message.get("id") == id and "method" not in message:
                return message

    def request(self, method, params):
        return self.answer(self.ask(method, params))

    def wait_for(self, path, version):
        """The diagnostics of that version of an open file; those of other files that were found with it are there too."""
        while self.diagnostics.get(uri(path), {}).get("version") != version:
            if self.receive() is None:
                raise Gone("no diagnostics in time")
        self.request("$/nothing", None)
        return self.diagnostics[uri(path)]["diagnostics"]

    # --- documents

    def open(self, path, text=None, version=1):
        text = open(path, newline="").read() if text is None else text
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri(path), "languageId": "weir", "version": version, "text": text}})
        return self.wait_for(path, version)

    def change(self, path, version, *changes):
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri(path), "version": version}, "contentChanges": list(changes)})

    def at(self, method, path, line, character, **more):
        params = {"textDocument": {"uri": uri(path)}, "position": {"line": line, "character": character}}
        return self.request("textDocument/" + method, {**params, **more})

    def end(self):
        """Shuts down as an editor does; the exit code."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self.process.stdin.close()
        code = self.process.wait(WAIT)
        self.process.stdout.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT)


def edit(start, end, text):
    return {"range": {"start": {"line": start[0], "character": start[1]},
                      "end": {"line": end[0], "character": end[1]}}, "text": text}
