"Ctrl-C and its kin: the run stops, and the next call goes on where it was"

import asyncio
import os
import signal
import time

import pytest
from fake_server import serve
from helpers import HERE, TASK, check_exact, needed, openai, python, until

from syngen_nb import ShortWarning, agenerate, agrow, generate, start

pytestmark = pytest.mark.skipif(os.name == 'nt', reason='Windows sends no SIGINT to one process')

AT_ONCE, N = 8, 150
SETUP = f"""
import signal, sys, time; sys.path.insert(0, {str(HERE)!r})
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job that a shell runs in the background is deaf to it
from helpers import *
from syngen_nb import generate, start
"""


def model(s):
    return f"m = get_model('openai/fake', base_url={s.url!r}, concurrency=8)\n"


def work(cache):
    return f'df = generate(TASK, {N}, model=m, cache={str(cache)!r}, progress=False)\n'


def test_ctrl_c(cache):
    "SIGINT in a plain process raises within two seconds; the same process goes on, and so does another one. Without a handler it ends by the interrupt, at once, and says once that the answers are kept"
    with serve(latency=0.1) as s:
        code = SETUP + model(s) + 'try:\n ' + work(cache) + 'except KeyboardInterrupt: print("stopped", flush=True)\n'
        go_on = 'sys.stdin.readline()\n'
        p = python(code + go_on + code + go_on + work(cache), stdin=-1)
        for k, enter in ((15, False), (40, True)):
            if enter:
                p.stdin.write('\n')
                p.stdin.flush()
            until(lambda: s.count >= k)
            t = time.time()
            p.send_signal(signal.SIGINT)
            assert p.stdout.readline() == 'stopped\n' and time.time() - t < 2
        p.stdin.write('\n')
        p.stdin.flush()
        until(lambda: s.count >= 65)
        t = time.time()
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=10)
        last = err.rstrip().splitlines()[-1]
        assert time.time() - t < 5 and p.returncode != 0 and not out, err
        assert err.count('Traceback') == 1 and 'threading.py' not in err and 'never retrieved' not in err, err
        assert last.startswith('KeyboardInterrupt: Stopped at ') and f'of {N} rows' in last, err
        assert f'kept in {cache}: the same call goes on from there' in last, err
        df = generate(TASK, N, model=openai(s), cache=cache, progress=False)
        check_exact(df, N)
        assert s.count == needed(df)  # the end of the first process waited for what was on its way


@pytest.fixture(scope='module')
def kernel(tmp_path_factory):
    "A real ipykernel"
    from jupyter_client.manager import start_new_kernel

    km, kc = start_new_kernel(
        kernel_name='python3', env=os.environ | dict(XDG_CACHE_HOME=str(tmp_path_factory.mktemp('home')))
    )
    yield km, kc
    kc.stop_channels()
    km.shutdown_kernel(now=True)


def reply(kc, i, seconds=30):
    "The reply to the cell `i`, and what it printed"
    r = kc.get_shell_msg(timeout=seconds)
    while r['parent_header']['msg_id'] != i:
        r = kc.get_shell_msg(timeout=seconds)
    out = ''
    while True:
        m = kc.get_iopub_msg(timeout=seconds)
        if m['parent_header'].get('msg_id') != i:
            continue
        if m['msg_type'] == 'stream':
            out += m['content']['text']
        if m['msg_type'] == 'error':
            out += '\n'.join(m['content']['traceback'])
        if m['msg_type'] == 'status' and m['content']['execution_state'] == 'idle':
            return r['content'], out


def cell(kc, code, **kw):
    return reply(kc, kc.execute(code), **kw)


def test_kernel_interrupt(kernel, cache):
    "A kernel interrupt stops `generate` within two seconds; the next cell goes on, asking for nothing twice"
    km, kc = kernel
    with serve(latency=0.1) as s:
        r, out = cell(kc, SETUP + model(s))
        assert r['status'] == 'ok', r
        for k in (10, 60):
            i = kc.execute(work(cache))
            until(lambda: s.count >= k)
            t = time.time()
            km.interrupt_kernel()
            r, out = reply(kc, i)
            assert r['status'] == 'error' and r['ename'] == 'KeyboardInterrupt' and time.time() - t < 2
            said = '\n'.join(r['traceback'])
            assert said.startswith('KeyboardInterrupt: Stopped at ') and len(r['traceback']) == 3, said
            assert f'kept in {cache}: the same call goes on from there' in said and 'threading.py' not in said, said
        r, out = cell(kc, work(cache) + 'print(len(df), df.label.value_counts().to_dict())')
        assert r['status'] == 'ok' and out.startswith(f'{N} '), (r, out)
        asked = s.count
        df = generate(TASK, N, model=openai(s), cache=cache, progress=False)
        check_exact(df, N)
        assert asked == s.count == needed(df)  # within one process what was on its way is kept too


def test_start_leaves_the_kernel_free(kernel, cache):
    "`start` returns at once, other cells run meanwhile and see the frame grow, and `stop` stops"
    km, kc = kernel
    with serve(latency=0.1) as s:
        r, out = cell(
            kc,
            SETUP
            + model(s)
            + f't = time.time()\nrun = start(TASK, 400, model=m, cache={str(cache)!r})\nprint(time.time()-t < .5)',
        )
        assert r['status'] == 'ok' and out == 'True\n', (r, out)
        until(lambda: s.count >= 130)
        t = time.time()
        r, out = cell(
            kc, 'print(run.done, 0 < len(run.frame) < 400, list(run.frame.columns)[:2], run.usage.requests > 0)'
        )
        assert out == "False True ['text', 'label'] True\n" and time.time() - t < 1, (r, out)
        r, out = cell(
            kc,
            'run.stop(); k = len(run.frame); t = time.time()\nwhile not run.done and time.time() < t+2: time.sleep(.01)\nprint(run.done, len(run.frame) >= k, "stopped" in repr(run))',
        )
        assert out == 'True True True\n', (r, out)
        time.sleep(0.2)
        at = s.count
        time.sleep(0.2)
        assert s.count == at  # it has stopped indeed
        r, out = cell(kc, 'df = run.result(); print(len(df) == len(run.frame), len(df) < 400)')
        assert 'True True\n' in out, (r, out)


def test_agenerate_in_a_running_loop(kernel, cache):
    "A notebook's own loop runs: `await agenerate` works there, and other tasks run meanwhile"
    km, kc = kernel
    with serve(latency=0.1) as s:
        r, out = cell(
            kc,
            SETUP
            + model(s)
            + f"""
import asyncio
from syngen_nb import agenerate
ticks = 0
async def tick():
    global ticks
    while True: await asyncio.sleep(.02); ticks += 1
t = asyncio.ensure_future(tick())
df = await agenerate(TASK, 60, model=m, cache={str(cache)!r})
t.cancel()
print(len(df), ticks > 5)""",
        )
        assert out == '60 True\n', (r, out)


def test_interrupt_of_async_code_and_of_result(kernel, cache):
    "`await agenerate` stops; a run in the background goes on when the wait for it is interrupted"
    km, kc = kernel
    with serve(latency=0.1) as s:
        cell(kc, SETUP + model(s) + 'from syngen_nb import agenerate')
        i = kc.execute(f'await agenerate(TASK, {N}, model=m, cache={str(cache)!r})')
        until(lambda: s.count >= 10)
        km.interrupt_kernel()
        r, out = reply(kc, i)
        assert r['ename'] == 'CancelledError' and len(r['traceback']) == 3, r
        assert f'kept in {cache}: the same call goes on from there' in r['traceback'][0], r
        i = kc.execute(f'run = start(TASK, {N}, model=m, cache={str(cache)!r})\nrun.result()')
        at = s.count
        until(lambda: s.count >= at + 10)
        km.interrupt_kernel()
        r, out = reply(kc, i)
        assert r['ename'] == 'KeyboardInterrupt' and 'The run goes on' in r['traceback'][0], r
        assert r['traceback'][1] == '  at line 2: run.result()'
        r, out = cell(kc, 'print(run.status, len(run.result()))')
        assert out == f'running {N}\n', (r, out)


WRONG = dict(
    key="generate(TASK, 9, model=get_model('openai/fake', base_url=URL, api_key='sk-wrong'), cache=':memory:')",
    key_awaited="await agenerate(TASK, 9, model=get_model('openai/fake', base_url=URL, api_key='sk-wrong'), cache=':memory:')",
    server="grow(TASK, model=get_model('openai/fake', base_url='http://127.0.0.1:9/v1', api_key='k', retries=0), cache=':memory:')",
    cache='Cache(HERE)',
    recording="generate(TASK, 9, model=m, cache=Cache.replay('reviews'))",
)


@pytest.mark.parametrize('what', WRONG)
def test_an_error_of_a_provider_is_one_short_message(kernel, what):
    "Its words, the line of the user, and how to see the rest; on demand the traceback"
    km, kc = kernel
    with serve(auth='the-right-key') as s:
        names = 'from syngen_nb import Cache, agenerate, generate, get_model, grow\n'
        cell(kc, SETUP + model(s) + names + f'URL, HERE = {s.url!r}, {str(HERE)!r}')
        r, out = cell(kc, f'x = 1\ndf = {WRONG[what]}')
        assert r['status'] == 'error' and r['ename'] in ('ModelError', 'CacheError', 'ReplayMiss'), r
        said, line, hint = r['traceback']
        assert said == f'{r["ename"]}: {r["evalue"]}' and 'sk-wrong' not in said, said
        assert line == f'  at line 2: df = {WRONG[what]}' and hint == '`%tb Plain` shows the whole traceback.'
        r, out = cell(kc, '%tb Plain')
        assert 'Traceback' in out and '.py' in out and 'shows the whole traceback' not in out, out


def test_cancel_agenerate(cache):
    "Cancelling the task stops the run; what was answered is kept"
    with serve(latency=0.1) as s:
        m = openai(s, concurrency=AT_ONCE)

        async def go():
            t = asyncio.ensure_future(agenerate(TASK, N, model=m, cache=cache))
            while s.count < 20:
                await asyncio.sleep(0.01)
            t0 = time.time()
            t.cancel()
            with pytest.raises(asyncio.CancelledError):
                await t
            assert time.time() - t0 < 1
            await asyncio.sleep(0.2)
            at = s.count
            await asyncio.sleep(0.2)
            assert s.count == at < 20 + 2 * AT_ONCE
            return await agenerate(TASK, N, model=m, cache=cache)

        df = asyncio.run(go())
        check_exact(df, N)
        assert s.count == needed(df)


def test_timeout_of_agrow(cache):
    "`asyncio.timeout` around it works too"
    with serve(latency=0.1) as s:

        async def go():
            async with asyncio.timeout(0.25):
                await agrow(TASK, 3, 3, 3, model=openai(s), cache=cache)

        with pytest.raises(TimeoutError):
            asyncio.run(go())
        time.sleep(0.2)
        at = s.count
        time.sleep(0.2)
        assert s.count == at


def test_stop_then_result(cache):
    "A stopped run gives what there is, with a warning where labels have no text yet, and the same call goes on"
    with serve(latency=0.05) as s:
        run = start(TASK, N, model=openai(s, concurrency=AT_ONCE), cache=cache)
        until(lambda: run.progress()['done'] >= 20)
        run.stop()
        with pytest.warns(ShortWarning, match=r'Stopped at \d+ of 150 rows; texts by label: Sea \d+, Land \d+, Air 0'):
            df = run.result(5)
        assert 20 <= len(df) < N and 'texts by label: Sea' in repr(run)
        time.sleep(0.1)
        full = generate(TASK, N, model=openai(s), cache=cache, progress=False)
        check_exact(full, N)
        assert s.count == needed(full) and set(df.text) <= set(full.text)
