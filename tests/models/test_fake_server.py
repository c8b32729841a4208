"The fake server against the two real SDKs"

import asyncio
import json
import re
import sys
import time

import anthropic
import openai
import pytest
from fake_server import FAULTS, serve
from helpers import HERE


def schema(n, key='item'):
    return dict(
        type='object',
        additionalProperties=False,
        required=['items'],
        properties=dict(
            items=dict(
                type='array',
                minItems=n,
                maxItems=n,
                items=dict(
                    type='object', additionalProperties=False, required=[key], properties={key: dict(type='string')}
                ),
            )
        ),
    )


def ask_openai(s, prompt='Suggest some', n=3, key='item', api_key='k', retries=0, timeout=5, fmt=None):
    c = openai.OpenAI(base_url=s.url, api_key=api_key, max_retries=retries, timeout=timeout)
    fmt = fmt or dict(type='json_schema', json_schema=dict(name='o', schema=schema(n, key)))
    r = c.chat.completions.create(
        model='fake',
        messages=[dict(role='system', content='Be plain.'), dict(role='user', content=prompt)],
        response_format=fmt,
    )
    return r.choices[0].message.content, r.choices[0].finish_reason, r.usage.prompt_tokens + r.usage.completion_tokens


def ask_anthropic(s, prompt='Suggest some', n=3, key='item', api_key='k', retries=0, timeout=5, sch=None):
    c = anthropic.Anthropic(base_url=s.root, api_key=api_key, max_retries=retries, timeout=timeout)
    r = c.messages.create(
        model='fake',
        max_tokens=500,
        system='Be plain.',
        messages=[dict(role='user', content=prompt)],
        output_config=dict(format=dict(type='json_schema', schema=sch or schema(n, key))),
    )
    return ''.join(b.text for b in r.content), r.stop_reason, r.usage.input_tokens + r.usage.output_tokens


both = pytest.mark.parametrize('ask', [ask_openai, ask_anthropic])


@both
def test_plain(ask):
    with serve() as s:
        seen = []
        for key, n in (('source_type', 3), ('item', 5), ('text', 10)):
            txt, why, used = ask(s, f'About {key}', n, key)
            items = json.loads(txt)['items']
            assert len(items) == n and all(set(o) == {key} for o in items) and used > 10 and why in ('stop', 'end_turn')
            seen += [o[key] for o in items]
        assert (
            len(set(seen)) == 18
            and all(12 <= len(o.split()) <= 25 for o in seen[-10:])
            and all(len(o.split()) <= 3 for o in seen[:8])
        )
        r = s.requests()
        assert (
            s.count == len(r) == 3
            and r[2]['prompt'] == 'Be plain.\nAbout text'
            and r[2]['n'] == 10
            and r[2]['status'] == 200
        )


def test_no_schema_and_same_seed():
    prompt = 'Suggest 4 subtopic or keywords.\nOutput JSON array. Each item contains key "item"'
    out = []
    for seed in (1, 1, 2):
        with serve(seed=seed) as s:
            out.append(ask_openai(s, prompt, fmt=dict(type='text'))[0])
    assert out[0] == out[1] != out[2] and len(json.loads(out[0])) == 4


@pytest.mark.parametrize(
    'prompt,n',
    [
        ('Write one realistic text, then 1984 more', 1),
        ('Suggest 5 of the 7', 5),
        ('Generate texts about it.\n- Generate 6 example', 6),
        ('Hello', 3),
    ],
)
def test_how_many(prompt, n):
    loose = dict(type='array', minItems=1, items=dict(type='object', properties=dict(item={})))
    from fake_server import read_schema

    for sch, name in ((dict(type='object', properties=dict(items=loose)), 'items'), (loose, None)):
        assert read_schema(sch, prompt)[0] == name
    assert read_schema(None, prompt)[2] == n


def test_transformed_schema():
    with serve(strict=True) as s:
        with pytest.raises(anthropic.BadRequestError, match='maxItems|minItems'):
            ask_anthropic(s, n=5)
        assert len(json.loads(ask_anthropic(s, sch=anthropic.transform_schema(schema(5)))[0])['items']) == 5


@both
@pytest.mark.parametrize('fault', FAULTS)
def test_fault(ask, fault):
    mod = openai if ask is ask_openai else anthropic
    with serve(faults={fault: 1}) as s:
        if fault in ('429', '500'):
            with pytest.raises(mod.APIStatusError) as e:
                ask(s)
            assert e.value.status_code == int(fault)
            if fault == '429':
                assert e.value.response.headers['retry-after-ms'] == '20'
        elif fault == 'close':
            with pytest.raises(mod.APIConnectionError):
                ask(s, retries=1)
            assert s.count == 2 and s.requests()[1]['retry'] == 1
        elif fault == 'hang':
            with pytest.raises(mod.APITimeoutError):
                ask(s, timeout=0.3)
        else:
            outs = [ask(s, n=4) for _ in range(6)]

            def n_ok(t):
                try:
                    return sum(
                        isinstance(o, dict) and isinstance(o.get('item'), str) and bool(o['item'])
                        for o in json.loads(t)['items']
                    )
                except ValueError:
                    return None

            ns = [n_ok(o[0]) for o in outs]
            if fault == 'broken':
                assert set(ns) == {None} and all(len(re.findall('item[\'"]:', o[0])) == 4 for o in outs)
            if fault == 'truncated':
                assert set(ns) == {None} and {o[1] for o in outs} <= {'length', 'max_tokens'}
            if fault == 'short':
                assert all(n < 4 for n in ns)
            if fault == 'long':
                assert all(n > 4 for n in ns)
            if fault == 'bad_item':
                assert set(ns) == {3}
            if fault == 'empty':
                assert {o[0] for o in outs} == {''}
            if fault == 'repeated':
                vals = [o['item'] for t in outs for o in json.loads(t[0])['items']]
                assert set(ns) == {4} and len(set(vals)) == 3
        assert all(r['fault'] == fault for r in s.requests())


@both
def test_retries_get_through(ask):
    with serve(faults='429=.3,500=.2', seed=3) as s:
        for _ in range(8):
            assert json.loads(ask(s, retries=8)[0])['items']
        assert s.count > 8 and {r['status'] for r in s.requests()} > {200}


@both
def test_auth(ask):
    mod = openai if ask is ask_openai else anthropic
    with serve(auth='right') as s:
        with pytest.raises(mod.AuthenticationError, match='sk-wrong-123'):
            ask(s, api_key='sk-wrong-123')
        assert json.loads(ask(s, api_key='right')[0])['items']
        assert [r['status'] for r in s.requests()] == [401, 200] and 'sk-wrong' not in s.log.read_text()


@both
def test_die_after_and_fail_match(ask):
    mod = openai if ask is ask_openai else anthropic
    with serve(die_after=3, fail_match='volcano') as s:
        ask(s)
        with pytest.raises(mod.BadRequestError, match='turned down'):
            ask(s, 'Suggest 3 about a volcano')
        ask(s)
        with pytest.raises(mod.InternalServerError):
            ask(s)


def test_chunked():
    async def go(port):
        r, w = await asyncio.open_connection('127.0.0.1', port)
        b = json.dumps(dict(model='m', messages=[dict(role='user', content='Suggest 2 things')])).encode()
        for part in (
            b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
            b'%x\r\n' % 20 + b[:20],
            b'\r\n%x\r\n' % (len(b) - 20) + b[20:] + b'\r\n',
            b'0\r\n\r\n',
        ):
            w.write(part)
            await w.drain()
            await asyncio.sleep(0.02)
        head = await r.readuntil(b'\r\n\r\n')
        w.close()
        return head

    with serve() as s:
        assert b' 200 ' in asyncio.run(go(int(s.root.split(':')[-1]))) and s.requests()[0]['n'] == 2


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux ends a process with its parent')
def test_ends_with_its_parent():
    "A killed test run leaves no server behind"
    import signal
    import subprocess

    code = f'import sys,time; sys.path.insert(0,{str(HERE)!r})\nfrom fake_server import serve\nwith serve() as s: print(s.root, flush=True); time.sleep(60)'
    p = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    port = int(p.stdout.readline().split(':')[-1])
    p.send_signal(signal.SIGKILL)
    p.wait()
    p.stdout.close()
    time.sleep(0.5)

    async def go():
        await asyncio.open_connection('127.0.0.1', port)

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(go())
