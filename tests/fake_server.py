"""A fake of OpenAI's `POST /v1/chat/completions` and Anthropic's `POST /v1/messages`, to test and time the package with
the real SDKs: answers by the JSON schema in the request, at a set latency, with faults drawn by a seed.

    python fake_server.py --port 0 --latency .2 --faults 429=.1,broken=.1 --log requests.jsonl

prints its port. In Python `with serve(latency=.2, faults={'429': .1}) as s:` runs it as a process of its own."""

import argparse
import asyncio
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from fake_batches import ROUTES, Batches

FAULTS = '429 500 broken truncated short long repeated bad_item empty hang close'.split()
HANG = 60  # seconds: longer than any client in a test waits
# Words that are nobody's label, so that no answer seems to name one.
WORDS = """amber anchor apple archive arrow autumn avenue bakery balcony bamboo banner barrel basket beacon bicycle blanket
border bottle branch bridge bronze bucket button cabin camera candle canvas captain carpet castle cedar ceiling chamber chapter
cherry circle clay clerk clock cloud coast coffee collar copper corner cottage cotton counter cousin cradle crystal curtain
desert diary dinner doorway drawer driver eagle editor elbow engine evening fabric factory farmer feather fence ferry finger
flame forest fountain frame garden garlic glacier glove grain granite gravel guest guitar hammer harbor harvest hallway helmet
hill honey horizon hotel island ivory jacket journal juice kettle kitchen ladder lantern laundry leather lemon letter library
linen lobby lumber magnet manual maple marble meadow memory mirror morning motor mountain museum napkin needle notebook oak
oasis orchard oven package painter palace paper parcel passage pebble pencil pepper pillow planet platform pocket porch
portrait pottery prairie puzzle quarry quilt rabbit radio railway rainbow recipe ribbon river rocket rooftop rope saddle
sailor salad sandal satin scarf season shelter shoulder signal silver sketch sleeve soil spoon stadium staircase station
storm stream suitcase summer sunset tailor teapot temple thread thunder ticket timber tower tractor trail travel trumpet
tunnel umbrella valley velvet village violin voyage wagon walnut warehouse waterfall weaver willow window winter workshop
yellow yogurt zebra zipper carries follows opens holds leaves turns keeps finds across behind beneath between beside during
inside outside under until around toward slowly quietly often early almost nearly""".split()
NUMBERS = {w: i for i, w in enumerate('one two three four five six seven eight nine ten'.split(), 1)}
_number = r'(\d+|' + '|'.join(NUMBERS) + r')\b'
_asked = [
    re.compile(r'\b(?:suggest|generate|write)\s+(?:up to |exactly |about )?' + _number, re.I),  # 'Suggest 5 ...'
    re.compile(r'\b(?:Suggest|Generate|Write)\b.*?\b' + _number, re.S),
]  # else the first after it


def parse_faults(spec):
    "`'429=.1,500=.05'` or a dict, as a dict of probabilities"
    if isinstance(spec, str):
        spec = dict(o.split('=') for o in spec.split(',') if o)
    spec = {k: float(v) for k, v in (spec or {}).items()}
    if bad := set(spec) - set(FAULTS):
        raise ValueError(f'Unknown faults {sorted(bad)}; known are {FAULTS}')
    if sum(spec.values()) > 1:
        raise ValueError('The probabilities of faults add up to more than 1')
    return spec


def read_schema(schema, prompt):
    "What is asked for: name of the list (None: a bare list), the keys of an item, how many"
    name, arr = None, schema or {}
    if arr.get('type') == 'object':
        name, arr = next(((k, v) for k, v in arr['properties'].items() if v.get('type') == 'array'), (None, {}))
    keys = list(arr.get('items', {}).get('properties', {})) or re.findall(r'key "(\w+)"', prompt)[:1] or ['item']
    if n := arr.get('maxItems'):
        return name, keys, n
    said = re.search(r'minItems: (\d+)', arr.get('description', ''))  # where anthropic.transform_schema puts it
    found = said or next(filter(None, (r.search(prompt) for r in _asked)), None)
    n = arr.get('minItems', 0)  # 1 is all that Anthropic allows, so the prompt knows better
    if n < 2:
        n = NUMBERS.get(found[1].lower()) or int(found[1]) if found else n or 3
    return name, keys, n


def unsupported(schema):
    "The first keyword of a schema that Anthropic's API turns down with a 400"
    if isinstance(schema, list):
        return next(filter(None, map(unsupported, schema)), None)
    if not isinstance(schema, dict):
        return
    for k in ('maxItems', 'minLength', 'maxLength', 'minimum', 'maximum'):
        if k in schema and not isinstance(schema[k], dict):
            return k
    if schema.get('minItems', 0) not in (0, 1):
        return 'minItems'
    if schema.get('type') == 'object' and schema.get('additionalProperties') is not False:
        return 'additionalProperties'
    return unsupported(list(schema.values()))


class RateLimit:
    """What a provider allows: so many requests and tokens a minute, each in a bucket that refills all the time.

    `retry_after` is a header of a refusal: a number, 'honest' (seconds until there is room) or None. `headers` says what
    is left as 'openai' or 'anthropic' does, or not at all. `then` is (seconds, requests a minute) of a limit that changes.
    A minute takes `minute` seconds."""

    def __init__(self, requests=None, tokens=None, burst=None, retry_after=None, headers=None, then=None, minute=60):
        self.retry_after, self.headers, self.then, self.minute = retry_after, headers, then, minute
        self.most = {k: v for k, v in (('requests', requests), ('tokens', tokens)) if v}
        self.holds = {k: burst * v / requests if burst and requests else v for k, v in self.most.items()}
        self.level, self.at, self.since = dict(self.holds), time.monotonic(), None

    def take(self, tokens):
        "(whether the request is let through, the headers of its answer)"
        now = time.monotonic()
        self.since = self.since or now
        if self.then and now > self.since + self.then[0]:
            self.most['requests'], self.then = self.then[1], None
        for k, v in self.most.items():
            self.level[k] = min(self.holds[k], self.level[k] + (now - self.at) * v / self.minute)
        self.at = now
        cost = dict(requests=1, tokens=tokens)
        lack = max((cost[k] - self.level[k]) / v * self.minute for k, v in self.most.items())
        if lack <= 1e-9:
            for k in self.most:
                self.level[k] -= cost[k]
        return lack <= 1e-9, self.said() | (self.wait(lack) if lack > 1e-9 else {})

    def wait(self, lack):
        if self.retry_after is None:
            return {}
        return {'retry-after': str(max(1, math.ceil(lack)) if self.retry_after == 'honest' else self.retry_after)}

    def said(self):
        out = {}
        for k, v in self.most.items():
            left, reset = max(0, int(self.level[k])), (self.holds[k] - self.level[k]) / v * self.minute
            if self.headers == 'openai':
                at = f'{reset:.3f}s' if reset >= 1 else f'{reset * 1000:.0f}ms'
                out |= {f'x-ratelimit-{n}-{k}': str(o) for n, o in (('limit', int(self.holds[k])), ('remaining', left))}
                out[f'x-ratelimit-reset-{k}'] = at
            if self.headers == 'anthropic':
                at = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(math.ceil(time.time() + reset)))
                fields = (('limit', int(self.holds[k])), ('remaining', left), ('reset', at))
                out |= {f'anthropic-ratelimit-{k}-{n}': str(o) for n, o in fields}
        return out


class Fake:
    "What to answer, and the log of what was asked"

    def __init__(
        self,
        latency=0.0,
        faults=None,
        log=None,
        seed=0,
        auth=None,
        die_after=None,
        fail_match=None,
        strict=False,
        no_logprobs=False,
        limit=None,
        stable=False,
        no_batches=False,
        **batches,  # What `Batches` takes
    ):
        self.limit = RateLimit(**(json.loads(limit) if isinstance(limit, str) else limit)) if limit else None
        self.stable = stable
        self.batches = None if no_batches else Batches(self, **batches)
        self.latency, self.faults, self.seed, self.auth = latency, parse_faults(faults), seed, auth
        self.die_after, self.fail_match, self.strict, self.no_logprobs = die_after, fail_match, strict, no_logprobs
        self.n, self.busy, self.given, self.earlier = 0, 0, set(), {}
        self.log = open(log, 'a', buffering=1) if log else None  # a line at a time: readable after a kill

    def value(self, rng, key):
        "A value never given before"
        while True:
            ws = rng.choices(WORDS, k=rng.randint(12, 25)) if key == 'text' else rng.sample(WORDS, rng.choice((2, 3)))
            s = ' '.join(ws).capitalize() + ('.' if key == 'text' else '')
            if self.stable or s not in self.given:
                self.given.add(s)
                return s

    def items(self, rng, keys, n):
        return [{k: self.value(rng, k) for k in keys} for _ in range(n)]

    def content(self, rng, fault, name, keys, n):
        "The text of an answer"
        k, seen = keys[0], self.earlier.setdefault(keys[0], [])
        wrap = lambda items: {name: items} if name else items
        if fault == 'empty':
            return ''
        if fault == 'repeated':
            if not seen:
                seen.append(self.items(rng, keys, n))
            pool = rng.choice(seen)
            its = [pool[i % len(pool)] for i in range(n)]
            its[-1] = its[0]
            return json.dumps(wrap(its))
        its = self.items(
            rng,
            keys,
            {'short': rng.randint(min(1, n - 1), n - 1), 'long': n + rng.randint(1, 5)}.get(fault, n) if n else 0,
        )
        if its and len(seen) < 50:
            seen.append(its)
        if fault == 'bad_item' and its:
            its[rng.randrange(n)] = rng.choice([5, None, 'stray', {}, {k: ''}, {k: 7}, {k: None}, {'wrong': 'key'}])
        s = json.dumps(wrap(its))
        if fault == 'truncated':  # a few whole items, then half of the next
            keep = rng.randrange(n) if n else 0
            s = (
                json.dumps(wrap(its[:keep]))[: -1 - bool(name)]
                + (', ' if keep else '')
                + json.dumps(its[keep])[: rng.randint(6, 30)]
            )
        if fault == 'broken':
            s = {
                0: lambda: s.replace('"', "'"),
                1: lambda: re.sub(r'\}\]', '},]', s),
                2: lambda: f'```json\n{s}\n```',
                3: lambda: f'Sure! Here is what you asked for:\n\n{s}\n\nTell me if you need more.',
                4: lambda: f'Here you are:\n```json\n{re.sub(r"}]", "},]", s)}\n```\nDone.',
            }[rng.randrange(5)]()
        return s

    def judged(self, prompt):
        "Probabilities of the marks A, B, …: the label whose turn it is by the letters of the text is likely"
        marks = dict(reversed(o.split('. ', 1)) for o in prompt.splitlines() if re.match(r'[A-Z]\. ', o))
        names, text = sorted(marks), prompt.split('Text:\n')[1].split('\n\nWhich')[0]
        likely = marks[names[sum(map(ord, text)) % len(names)]]
        return {m: 0.7 if m == likely else 0.3 / (len(marks) - 1) for m in marks.values()}

    def answer(self, path, head, body):
        "(status, extra headers, body, fault) of a request, written to the log as it comes in"
        self.n += 1
        i, rng = self.n, random.Random(f'{self.seed}/{self.n}')
        openai = path.endswith('/chat/completions')
        try:
            d = json.loads(body or b'{}')
        except ValueError:
            d = {}
        flat = lambda c: c if isinstance(c, str) else '\n'.join(o.get('text', '') for o in c or [])
        prompt = '\n'.join(
            filter(None, [flat(d.get('system')), *(flat(m.get('content')) for m in d.get('messages', []))])
        )
        if self.stable:
            rng = random.Random(f'{self.seed}/{prompt}')
        fmt = (
            (d.get('response_format') or {}).get('json_schema')
            if openai
            else (d.get('output_config') or {}).get('format')
        )
        schema = (fmt or {}).get('schema')
        name, keys, n = read_schema(schema, prompt)
        key = head.get('x-api-key') or head.get('authorization', '').removeprefix('Bearer ')
        p, fault = rng.random(), None
        may, left = self.limit.take(len(prompt) // 4 + 200) if self.limit else (True, {})
        for f, pf in self.faults.items():
            if p < pf:
                fault = f
                break
            p -= pf

        def error(status, kind, msg, **hs):
            if openai:
                return (
                    status,
                    hs,
                    dict(
                        error=dict(
                            message=msg, type=kind, param=None, code='invalid_api_key' if status == 401 else None
                        )
                    ),
                    fault,
                )
            return status, hs, dict(type='error', error=dict(type=kind, message=msg), request_id=f'req_fake{i}'), fault

        if not (openai or path.endswith('/messages')):
            res = error(404, 'not_found_error', f'No such path: {path}')
        elif self.auth and key != self.auth:
            fault = None
            res = (
                error(
                    401,
                    'invalid_request_error',
                    f'Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com/account/api-keys.',
                )
                if openai
                else error(401, 'authentication_error', f'invalid x-api-key: {key}')
            )
        elif not may:
            fault = 'limit'
            res = error(429, 'rate_limit_error', 'Rate limit reached')
        elif self.die_after is not None and i > self.die_after:
            fault = 'die'
            res = error(500, 'api_error', 'The server died')
        elif self.fail_match and self.fail_match in prompt:
            fault = 'match'
            res = error(400, 'invalid_request_error', f'This prompt is turned down: it says {self.fail_match!r}')
        elif self.strict and not openai and (bad := unsupported(schema)):
            fault = 'strict'
            res = error(400, 'invalid_request_error', f"output_config.format.schema: property '{bad}' is not supported")
        elif fault == '429':
            res = error(429, 'rate_limit_error', 'Rate limit reached', **{'retry-after-ms': '20', 'retry-after': '0'})
        elif fault == '500':
            res = error(500, 'api_error', 'Internal server error')
        elif fault == 'close':
            res = 0, {}, {}, fault
        elif d.get('logprobs') and self.no_logprobs:
            res = error(400, 'invalid_request_error', "This model does not support 'logprobs'")
        else:
            says = self.judged(prompt) if 'Answer with its mark only' in prompt else None
            s, cut = max(says, key=says.get) if says else self.content(rng, fault, name, keys, n), fault == 'truncated'
            lp = (
                dict(
                    content=[
                        dict(
                            token=s,
                            logprob=math.log(says[s]),
                            bytes=None,
                            top_logprobs=[dict(token=k, logprob=math.log(v), bytes=None) for k, v in says.items()],
                        )
                    ]
                )
                if says and d.get('logprobs')
                else None
            )
            ti, to, model = len(prompt) // 4 + 1, len(s) // 4 + 1, d.get('model', 'fake')
            if openai:
                out = dict(
                    id=f'chatcmpl-{i}',
                    object='chat.completion',
                    created=1_800_000_000,
                    model=model,
                    choices=[
                        dict(
                            index=0,
                            message=dict(role='assistant', content=s, refusal=None),
                            logprobs=lp,
                            finish_reason='length' if cut else 'stop',
                        )
                    ],
                    usage=dict(prompt_tokens=ti, completion_tokens=to, total_tokens=ti + to),
                )
            else:
                out = dict(
                    id=f'msg_{i}',
                    type='message',
                    role='assistant',
                    model=model,
                    content=[dict(type='text', text=s)] if s else [],
                    stop_reason='max_tokens' if cut else 'end_turn',
                    stop_sequence=None,
                    usage=dict(input_tokens=ti, output_tokens=to),
                )
            res = 200, {}, out, fault
        res = (res[0], left | res[1], *res[2:])
        if self.log:
            self.log.write(
                json.dumps(
                    dict(
                        time=time.time(),
                        path=path,
                        model=d.get('model'),
                        prompt=prompt,
                        key=keys[0],
                        n=n,
                        fault=fault,
                        status=res[0],
                        retry=int(head.get('x-stainless-retry-count', 0)),
                        busy=self.busy,
                        limit=d.get('max_completion_tokens') or d.get('max_tokens'),
                        tokens=list(res[2]['usage'].values())[:2] if res[0] == 200 else None,
                    )
                )
                + '\n'
            )  # never the key
        return res


class Http(asyncio.Protocol):
    "As much of HTTP/1.1 as the SDKs use: keep-alive, a body by length or in chunks, one request at a time a connection"

    def __init__(self, fake):
        self.fake, self.buf, self.waiting = fake, b'', False

    def connection_made(self, t):
        self.t = t

    def data_received(self, data):
        self.buf += data
        self.next()

    def next(self):
        end = self.buf.find(b'\r\n\r\n')
        if self.waiting or end < 0:
            return
        first, *lines = self.buf[:end].decode('latin-1').split('\r\n')
        head = {k.lower(): v.strip() for k, _, v in (o.partition(':') for o in lines)}
        if head.get('transfer-encoding', '').lower() == 'chunked':
            body, pos = b'', end + 4
            while True:
                e = self.buf.find(b'\r\n', pos)
                if e < 0:
                    return
                size = int(self.buf[pos:e].split(b';')[0], 16)
                if len(self.buf) < e + 4 + size:
                    return
                body += self.buf[e + 2 : e + 2 + size]
                pos = e + 4 + size
                if not size:
                    break
        else:
            pos = end + 4 + int(head.get('content-length', 0))
            if len(self.buf) < pos:
                return
            body = self.buf[end + 4 : pos]
        self.buf, self.waiting = self.buf[pos:], True
        self.fake.busy += 1
        method, target, _ = first.split(' ')
        if self.fake.batches and ROUTES.match(target):
            status, extra, out, fault = self.fake.batches.answer(method, target, head, body)
        else:
            status, extra, out, fault = self.fake.answer(target.split('?')[0], head, body)
        asyncio.get_running_loop().call_later(
            {'hang': HANG, 'limit': 0}.get(fault, self.fake.latency), self.send, status, extra, out
        )

    def send(self, status, extra, out):
        self.fake.busy -= 1
        self.waiting = False
        if self.t.is_closing():
            return
        if not status:
            return self.t.close()
        is_file = isinstance(out, list)  # of JSON lines
        b = '\n'.join(map(json.dumps, out)).encode() if is_file else json.dumps(out).encode()
        hs = ''.join(f'{k}: {v}\r\n' for k, v in extra.items())
        self.t.write(
            f'HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(b)}\r\n{hs}\r\n'.encode()
            + b
        )
        self.next()


async def main(port=0, with_parent=False, **kw):
    loop, fake = asyncio.get_running_loop(), Fake(**kw)
    server = await loop.create_server(lambda: Http(fake), '127.0.0.1', port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    stop = loop.create_future()
    end = lambda *_: stop.done() or stop.set_result(None)
    for s in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(s, end)
    if with_parent:
        loop.add_reader(0, end)  # stdin closes with the parent, however that died
    await stop


class Server:
    "A running fake: `url` for openai, `root` for anthropic"

    def __init__(self, port, log):
        self.root, self.log = f'http://127.0.0.1:{port}', Path(log)
        self.url = self.root + '/v1'

    def requests(self):
        return [json.loads(o) for o in self.log.read_text().splitlines()] if self.log.exists() else []

    @property
    def count(self):
        return self.log.read_bytes().count(b'\n') if self.log.exists() else 0


@contextmanager
def serve(
    latency=0,
    faults=None,
    auth=None,
    seed=0,
    die_after=None,
    fail_match=None,
    strict=False,
    no_logprobs=False,
    port=0,
    limit=None,
    stable=False,
    no_batches=False,
    seconds=None,
    plan='',
    most=None,
    stays=False,
):
    "Run the fake as a process until the end of the block"
    with tempfile.TemporaryDirectory() as tmp:
        opts = dict(
            port=port,
            latency=latency,
            faults=','.join(f'{k}={v}' for k, v in parse_faults(faults).items()),
            auth=auth,
            seed=seed,
            die_after=die_after,
            fail_match=fail_match,
            limit=json.dumps(limit) if limit else None,
            seconds=seconds,
            plan=plan,
            most=most,
            log=os.path.join(tmp, 'log.jsonl'),
        )
        cmd = (
            [sys.executable, os.path.abspath(__file__), '--with-parent']
            + ['--strict'] * strict
            + ['--no-logprobs'] * no_logprobs
            + ['--stable'] * stable
            + ['--no-batches'] * no_batches
            + ['--stays'] * stays
        )
        cmd += [f'--{k.replace("_", "-")}={v}' for k, v in opts.items() if v not in (None, '')]
        p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Server(int(p.stdout.readline()), opts['log'])
        finally:
            p.kill()
            p.wait()
            p.stdin.close()
            p.stdout.close()


if __name__ == '__main__':
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--port', type=int, default=0)
    a.add_argument('--latency', type=float, default=0)
    a.add_argument('--faults', default='', help=f'NAME=PROBABILITY,... of {" ".join(FAULTS)}')
    a.add_argument('--log')
    a.add_argument('--seed', type=int, default=0)
    a.add_argument('--auth', help='the only key let in')
    a.add_argument('--die-after', type=int)
    a.add_argument('--fail-match')
    a.add_argument('--strict', action='store_true', help="turn down schemas that Anthropic's API would")
    a.add_argument('--no-logprobs', action='store_true', help='turn down requests for log-probabilities')
    a.add_argument('--limit', help='JSON of what a RateLimit takes, such as {"requests": 50}')
    a.add_argument('--stable', action='store_true', help='answer the same request alike, whatever came before')
    a.add_argument('--no-batches', action='store_true', help='know no batches')
    a.add_argument('--seconds', type=float, default=0, help='that a batch takes')
    a.add_argument('--plan', default='', help='the fates of the first batches, see fake_batches.py')
    a.add_argument('--most', type=int, help='requests in a batch')
    a.add_argument('--stays', action='store_true', help='let no batch end before it is cancelled')
    a.add_argument('--with-parent', action='store_true', help='end when stdin closes')
    asyncio.run(main(**vars(a.parse_args())))
