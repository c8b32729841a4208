"A server on loopback, in a thread, that says what a test wants and keeps what it was asked"

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from fake_server import Fake


class Odd:
    "`url` for openai, `root` for anthropic; `seen` are the requests, each with path, headers, body, and `usual()`"

    def __init__(self, port):
        self.root = f'http://127.0.0.1:{port}'
        self.url = self.root + '/v1'
        self.location = ''  # Another server to send requests on to
        self.seen = []

    @property
    def count(self):
        return len(self.seen)


def as_parts(reply):
    "Status, content type, text and headers of what a test says: a dict, a status and a dict, the first three, or all four"
    if isinstance(reply, dict):
        reply = 200, reply
    if len(reply) == 2:
        reply = reply[0], 'application/json', json.dumps(reply[1])
    return reply if len(reply) == 4 else (*reply, {})


@contextmanager
def odd(reply=lambda asked: asked.usual()):
    "Answer with `reply(asked)`, where `asked.usual()` is what a server without faults would say"
    fake, lock = Fake(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        disable_nagle_algorithm = True

        def do_POST(self):
            raw = self.rfile.read(int(self.headers['content-length']))
            head = {name.lower(): value for name, value in self.headers.items()}

            def usual():
                with lock:
                    return fake.answer(self.path.partition('?')[0], head, raw)[2]

            asked = SimpleNamespace(path=self.path, headers=head, body=json.loads(raw), usual=usual)
            server.odd.seen.append(asked)
            status, kind, text, headers = as_parts(reply(asked))
            data = text.encode()
            self.send_response(status)
            self.send_header('content-type', kind)
            self.send_header('content-length', str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            if server.odd.location:
                self.send_header('location', server.odd.location + self.path.partition('?')[0])
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    server.odd = Odd(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield server.odd
    finally:
        server.shutdown()
        server.server_close()


def without_text(asked, message=None, **choice):
    "The usual answer with no text: OpenAI's with these fields of the message and the choice, Anthropic's with these fields"
    out = asked.usual()
    if 'choices' in out:
        out['choices'][0] |= choice
        out['choices'][0]['message'] |= dict(content=None) | (message or {})
    else:
        out |= dict(content=[]) | choice
    return out
