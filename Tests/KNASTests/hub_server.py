"""A small server that speaks the hub's file protocol, with faults. Usage: hub_server.py DIRECTORY

Prints two ports: the hub's, and that of another host to which large files are redirected. Owners decide what
goes wrong: good, cut (a weight file's first connection ends early), forged (a byte is changed), gated (401),
forbidden (403), silent (never answers), evil (a listing that leads out), pickle (no safetensors). Requests
are written to DIRECTORY/requests.log: port, method, path, authorization, range.
"""

import hashlib
import http.server
import json
import os
import pathlib
import socketserver
import sys
import threading
import time

ROOT = pathlib.Path(sys.argv[1])
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {p.name: p.read_bytes() for p in (ROOT / "files").iterdir() if p.is_file()}
lock = threading.Lock()
cut = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        line = [
            self.server.role,
            self.command,
            self.path,
            self.headers.get("Authorization") or "-",
            self.headers.get("Range") or "-",
        ]
        with lock, open(ROOT / "requests.log", "a") as log:
            log.write(" | ".join(line) + "\n")

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        parts = self.path.strip("/").split("/")
        if self.server.role == "other":
            return self.content(parts[0], parts[1])
        if parts[:2] == ["api", "models"]:
            return self.listing(parts[2], parts[3], parts[5])
        owner, file = parts[0], "/".join(parts[4:])
        if file not in FILES:
            return self.answer(404)
        data = FILES[file]
        if file.endswith(".safetensors"):
            return self.answer(
                302,
                Location=f"http://127.0.0.1:{self.server.other}/{owner}/{file}",
                X_Linked_Size=str(len(data)),
                X_Linked_Etag=f'"{hashlib.sha256(data).hexdigest()}"',
            )
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if self.command == "HEAD":
            return self.answer(200, ETag=f'"{blob}"', Content_Length=str(len(data)))
        self.answer(200, data, ETag=f'"{blob}"')

    def listing(self, owner, name, revision):
        if owner == "silent":
            time.sleep(30)
        if owner == "gated":
            return self.answer(401)
        if owner == "forbidden":
            return self.answer(403)
        if name != "tiny" or revision not in ("main", "v1", COMMIT):
            return self.answer(404)
        names = sorted(FILES)
        if owner == "evil":
            names.append("../evil.json")
        if owner == "pickle":
            names = ["config.json", "pytorch_model.bin"]
        body = json.dumps({"sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}).encode()
        self.answer(200, body, Content_Type="application/json")

    def content(self, owner, file):
        data = FILES[file]
        if owner == "forged":
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if owner == "cut" and file not in cut:
            cut.add(file)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return None
        if start:
            return self.answer(
                206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}"
            )
        self.answer(200, data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


hub, other = Server(("127.0.0.1", 0), Handler), Server(("127.0.0.1", 0), Handler)
hub.role, other.role = "hub", "other"
hub.other = other.server_address[1]
threading.Thread(target=other.serve_forever, daemon=True).start()
print(hub.server_address[1], other.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
hub.serve_forever()
