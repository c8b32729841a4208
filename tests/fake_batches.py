"""The batch protocols of the fake server: OpenAI's files and batches, and Anthropic's Message Batches.

Each request in a batch is answered by `Fake.answer`, as a live one would be, and logged with the path
`/batches/ID/chat/completions` or `/batches/ID/messages`: what was asked in batches can be told from what was asked live.

`plan` says what happens to the first batches, one word each; those after it are `ok`:

- `ok`: every request is answered
- `expire`: every other request is answered before the time is over
- `nothing`: the time is over before any request is answered
- `partial`: every third request meets a server error
- `fail`: OpenAI's validation turns the whole file down
- `line`: OpenAI's validation turns the whole file down and names its first line
- `queue`: OpenAI's queue has no room for so many tokens
- `cancel`: somebody cancels it elsewhere, with every other request answered
- `lost`: it is made, but its caller never hears of it
- `refused`: it is not made, and the caller is told to try later
- `busy`: it is not made, since the caller makes too many
- `limited`: every third request meets a limit: 429 at OpenAI, 529 at Anthropic
- `unseen`: the first twelve looks at it are refused, since the caller looks too often
"""

import json
import re
import time
from email.parser import BytesParser

ROUTES = re.compile(r'/v1/(files|batches|messages/batches)\b')
WORDS = ('ok', 'expire', 'nothing', 'partial', 'fail', 'line', 'queue', 'cancel', 'lost', 'refused')
WORDS += ('busy', 'limited', 'unseen')
TOO_MANY = dict(error=dict(type='rate_limit_error', message='Too many requests'))


class Batch:
    "A batch at the fake server"

    def __init__(self, id, requests, fate, seconds, **more):
        self.id, self.requests, self.fate, self.more = id, requests, fate, more
        self.made, self.seconds, self.results, self.errors = time.time(), seconds, [], []
        self.cancelled, self.n_refusals = None, 12 if fate == 'unseen' else 0

    @property
    def is_over(self):
        return bool(self.cancelled) or time.time() >= self.made + self.seconds


class Batches:
    "Files and batches of both protocols"

    def __init__(self, fake, seconds=0.0, plan='', most=None, stays=False):
        self.fake, self.seconds, self.plan, self.most = fake, seconds, [w for w in plan.split(',') if w], most
        if bad := set(self.plan) - set(WORDS):
            raise ValueError(f'Unknown fates {sorted(bad)}; known are {WORDS}')
        self.files, self.batches = {}, {}
        self.stays = stays  # whether no batch ends before it is cancelled

    def answer(self, method, target, head, body):
        "Status, extra headers, body and fault of a request to one of the routes"
        path, _, query = target.partition('?')
        parts = path.removeprefix('/v1/').split('/')
        params = dict(o.partition('=')[::2] for o in query.split('&') if o)
        is_openai = parts[0] != 'messages'
        if parts[0] == 'files':
            return self.upload(head, body) if method == 'POST' else (200, {}, self.files[parts[1]], None)
        parts = parts[1:] if is_openai else parts[2:]
        if method == 'POST' and not parts:
            return self.create(is_openai, head, json.loads(body))
        if not parts:
            return 200, {}, self.listing(is_openai, params), None
        batch = self.batches.get(parts[0])
        if batch is None:
            return 404, {}, dict(error=dict(type='not_found_error', message=f'No such batch: {parts[0]}')), None
        if batch.n_refusals:
            batch.n_refusals -= 1
            return 429, {'retry-after-ms': '5'}, TOO_MANY, 'limit'
        if parts[1:] == ['cancel'] and not self.is_over(batch):
            batch.cancelled = time.time()
        if parts[1:] == ['results']:
            return 200, {}, self.work(batch).results, None
        return 200, {}, (openai_batch if is_openai else anthropic_batch)(self, batch), None

    def upload(self, head, body):
        form = BytesParser().parsebytes(b'content-type: ' + head['content-type'].encode() + b'\r\n\r\n' + body)
        file = next(o for o in form.get_payload() if o.get_filename())
        id = f'file-{len(self.files) + 1}'
        self.files[id] = file.get_payload(decode=True)
        return (
            200,
            {},
            dict(
                id=id,
                object='file',
                bytes=len(self.files[id]),
                created_at=int(time.time()),
                filename=file.get_filename(),
                purpose='batch',
                status='processed',
            ),
            None,
        )

    def create(self, is_openai, head, d):
        fate = self.plan.pop(0) if self.plan else 'ok'
        if fate == 'refused':
            return 503, {}, dict(error=dict(type='api_error', message='Try again later')), 'refused'
        if fate == 'busy':
            return 429, {'retry-after-ms': '20'}, TOO_MANY, 'limit'
        if is_openai:
            lines = self.files[d['input_file_id']].splitlines()
            requests = [(o['custom_id'], o['url'], o['body']) for o in map(json.loads, lines)]
        else:
            requests = [(o['custom_id'], '/v1/messages', o['params']) for o in d['requests']]
        ids = [custom_id for custom_id, *_ in requests]
        assert len(set(ids)) == len(ids) and all(re.fullmatch('[a-zA-Z0-9_-]{1,64}', o) for o in ids)
        if self.most and len(ids) > self.most:
            return 400, {}, dict(error=dict(type='invalid_request_error', message='too many requests')), None
        id = f'{"batch" if is_openai else "msgbatch"}_{len(self.batches) + 1}'
        batch = Batch(
            id,
            requests,
            fate,
            self.seconds,
            head=head,
            metadata=d.get('metadata'),
            endpoint=d.get('endpoint'),
            file=d.get('input_file_id'),
        )
        self.batches[id] = batch
        if self.fake.log:
            self.fake.log.write(json.dumps(dict(path=f'/batches/{id}', ids=ids, prompt='', n=len(ids))) + '\n')
        if fate == 'lost':
            return 0, {}, {}, 'lost'
        return 200, {}, (openai_batch if is_openai else anthropic_batch)(self, batch), None

    def listing(self, is_openai, params):
        prefix = 'batch_' if is_openai else 'msgbatch_'
        found = [o for o in reversed(self.batches.values()) if o.id.startswith(prefix)]
        after = params.get('after') or params.get('after_id')
        if after:
            found = found[[o.id for o in found].index(after) + 1 :]
        limit = int(params.get('limit', 20))
        data = [(openai_batch if is_openai else anthropic_batch)(self, o) for o in found[:limit]]
        ends = dict(first_id=data[0]['id'], last_id=data[-1]['id']) if data else {}
        return dict(object='list', data=data, has_more=len(found) > limit, **ends)

    def is_over(self, batch):
        return bool(batch.cancelled) or (batch.is_over and not self.stays)

    def work(self, batch):
        "Answer the requests of a batch that is over, the last one first, and return it"
        if batch.results or batch.errors or batch.fate in ('fail', 'line', 'queue'):
            return batch
        is_openai = batch.id.startswith('batch_')
        for i, (custom_id, url, body) in reversed(list(enumerate(batch.requests))):
            left = None
            if batch.cancelled or batch.fate in ('expire', 'nothing', 'cancel'):
                left = 'cancelled' if batch.cancelled or batch.fate == 'cancel' else 'expired'
            if left and (i % 2 or batch.fate == 'nothing'):
                (batch.errors if is_openai else batch.results).append(unanswered(is_openai, custom_id, left))
                continue
            path = f'/batches/{batch.id}/{url.removeprefix("/v1/")}'
            status, _, out, _ = self.fake.answer(path, batch.more['head'], json.dumps(body).encode())
            if batch.fate == 'partial' and i % 3 == 2:
                status, out = 500, dict(type='error', error=dict(type='api_error', message='Internal server error'))
            if batch.fate == 'limited' and i % 3 == 2:
                status = 429 if is_openai else 529
                kind = 'rate_limit_error' if is_openai else 'overloaded_error'
                out = dict(type='error', error=dict(type=kind, message='Too many requests'))
            if is_openai:
                line = dict(
                    id=f'batch_req_{i}',
                    custom_id=custom_id,
                    error=None,
                    response=dict(status_code=status, request_id=f'req_{i}', body=out),
                )
                (batch.results if status == 200 else batch.errors).append(line)
            else:
                result = (
                    dict(type='succeeded', message=out)
                    if status == 200
                    else dict(
                        type='errored', error=dict(type='error', error=out.get('error', out), request_id=f'req_{i}')
                    )
                )
                batch.results.append(dict(custom_id=custom_id, result=result))
        return batch


def unanswered(is_openai, custom_id, why):
    if not is_openai:
        return dict(custom_id=custom_id, result=dict(type='canceled' if why == 'cancelled' else why))
    words = dict(
        expired='This request could not be executed before the completion window expired.',
        cancelled='This request was cancelled.',
    )[why]
    return dict(id='batch_req_x', custom_id=custom_id, response=None, error=dict(code=f'batch_{why}', message=words))


def openai_batch(batches, batch):
    status = 'in_progress'
    over = batches.is_over(batch)
    out = dict(
        id=batch.id,
        object='batch',
        endpoint=batch.more['endpoint'],
        input_file_id=batch.more['file'],
        completion_window='24h',
        created_at=int(batch.made),
        metadata=batch.more['metadata'],
        errors=None,
    )
    if over and batch.fate in ('fail', 'line', 'queue'):
        status = 'failed'
        words = dict(
            fail='The file is not valid',
            line='This line is not valid',
            queue='Enqueued token limit reached for fake in organization org-1.',
        )[batch.fate]
        code = 'token_limit_exceeded' if batch.fate == 'queue' else 'invalid_request'
        out['errors'] = dict(
            object='list', data=[dict(code=code, message=words, param=None, line=1 if batch.fate == 'line' else None)]
        )
    elif over:
        batches.work(batch)
        ended_as = dict(expire='expired', nothing='expired', cancel='cancelled')
        status = 'cancelled' if batch.cancelled else ended_as.get(batch.fate, 'completed')
        for name, lines in dict(output=batch.results, error=batch.errors).items():
            if lines:
                id = f'file-{batch.id}-{name}'
                batches.files[id] = lines
                out[f'{name}_file_id'] = id
    counts = dict(total=len(batch.requests), completed=len(batch.results), failed=len(batch.errors))
    return out | dict(status=status, request_counts=counts)


def anthropic_batch(batches, batch):
    over = batches.is_over(batch)
    stamp = lambda seconds: time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))
    kinds = [o['result']['type'] for o in batches.work(batch).results] if over else []
    counts = {o: kinds.count(o) for o in ('succeeded', 'errored', 'canceled', 'expired')}
    url = f'http://{batch.more["head"]["host"]}/v1/messages/batches/{batch.id}/results'
    return dict(
        id=batch.id,
        type='message_batch',
        processing_status='ended' if over else 'in_progress',
        request_counts=counts | dict(processing=0 if over else len(batch.requests)),
        created_at=stamp(batch.made),
        expires_at=stamp(batch.made + 86400),
        archived_at=None,
        ended_at=stamp(batch.made + batch.seconds) if over else None,
        cancel_initiated_at=batch.cancelled and stamp(batch.cancelled),
        results_url=url if over else None,
    )
