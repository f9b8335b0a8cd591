"""What tests/swap/run.sh needs beside the shell: free ports, a slow server, a load that accounts for every request, raw pushes."""
import json
import random
import socket
import sys
import threading
import time


def ports(n):
    socks = [socket.socket() for _ in range(int(n))]
    for s in socks:
        s.bind(("127.0.0.1", 0))
    print(*[s.getsockname()[1] for s in socks])


def states():
    """How many plans there are of each state but gone: `1 active 1 draining`."""
    seen = {}
    for p in json.load(sys.stdin):
        if p["state"] != "gone":
            seen[p["state"]] = seen.get(p["state"], 0) + 1
    print(*[f"{n} {state}" for state, n in sorted(seen.items())])


def sum_of(member):
    print(sum(s[member] for s in json.load(sys.stdin) if s["backend"] == "app"))


def flip(source, target):
    data = bytearray(open(source, "rb").read())
    data[random.randrange(64, len(data))] ^= 1 << random.randrange(8)
    open(target, "wb").write(data)


def push(control, path):
    """Pushes without the checks of `weir push`. Prints the reply; fails where the runtime refuses."""
    data = open(path, "rb").read()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(control)
        s.sendall(b"weir1 %d push\n" % len(data) + data)
        reply = b""
        while piece := s.recv(65536):
            reply += piece
    print(reply.decode())
    sys.exit(0 if reply.startswith(b"ok ") else 1)


def slow(port, delay):
    """Answers each connection's first request after a while."""
    def serve(c):
        if c.recv(65536):
            time.sleep(float(delay))
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nslow answer\n")
        c.close()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(port)))
        s.listen(16)
        s.settimeout(60)
        while True:
            threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()


class Load:
    """Clients that ask until nobody listens any more. Lost is a request whose answer was cut, reset or refused: but not one
    that crossed the end of an idle connection (no byte came back, and the end was orderly), which any client sends again
    (RFC 9112 section 9.3.1)."""

    def __init__(self, port, host, begun):
        self.begun, self.port, self.request = begun, int(port), f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self.lock, self.answered, self.crossed, self.lost = threading.Lock(), 0, 0, []

    def ask(self, c):
        """True where the connection can be used again."""
        c.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data:
            piece = c.recv(65536)
            if not piece:
                if data:
                    raise OSError("cut head")
                with self.lock:
                    self.crossed += 1
                return False
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        fields = {k.lower(): v.strip() for k, v in (f.split(b":", 1) for f in head.split(b"\r\n")[1:])}
        while len(body) < int(fields[b"content-length"]):
            piece = c.recv(65536)
            if not piece:
                raise OSError("cut body")
            body += piece
        if b" 200 " not in head.split(b"\r\n")[0] or not body.startswith(b"from "):
            raise OSError(f"not the answer: {head[:40]!r}")
        with self.lock:
            self.answered += 1
            if self.answered == 100:
                open(self.begun, "w").close()
        return fields.get(b"connection", b"").lower() != b"close"

    def client(self, end):
        while time.monotonic() < end:
            try:
                c = socket.create_connection(("127.0.0.1", self.port), 10)
            except OSError:
                return
            with c:
                try:
                    while self.ask(c):
                        pass
                except OSError as e:
                    with self.lock:
                        self.lost.append(str(e))

    def run(self):
        end = time.monotonic() + 20
        threads = [threading.Thread(target=self.client, args=(end,)) for _ in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print(f"{self.answered} answered, {self.crossed} crossed an orderly end, {len(self.lost)} lost", *self.lost[:3])


commands = {"ports": ports, "states": states, "sum": sum_of, "flip": flip, "push": push, "slow": slow,
            "load": lambda *args: Load(*args).run()}
commands[sys.argv[1]](*sys.argv[2:])
