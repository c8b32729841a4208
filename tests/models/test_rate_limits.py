"What a server refuses because it is too much is sent again when its turn comes, and one refusal slows all requests"

import asyncio
import json
import pickle
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

import pytest
from fake_server import serve
from helpers import TASK, anthropic, check_exact, openai, until
from odd_server import odd

from syngen_nb import ModelError, generate, get_model, grow, start
from syngen_nb.limits import limit_of
from syngen_nb.models import ask
from syngen_nb.prompts import Request, items_schema

REQUEST = Request('Suggest 2 topics', schema=items_schema('item', 2))
FEW = dict(n_source_type=1, n_topic=1, n_subtopic=1)
both = pytest.mark.parametrize('make', [openai, anthropic])


def answer(model, request=REQUEST):
    return asyncio.run(ask(model, request))


def refusal(status=429, code=None, **headers):
    body = dict(error=dict(message='Slow down', type='rate_limit_error', code=code))
    return (
        status,
        'application/json',
        json.dumps(body),
        {name.replace('_', '-'): value for name, value in headers.items()},
    )


def refusing(times, *args, **kw):
    "Refuse the first `times` requests"
    numbers = count()
    return lambda asked: refusal(*args, **kw) if next(numbers) < times else asked.usual()


@pytest.mark.parametrize(('make', 'how'), [(openai, dict()), (anthropic, dict(headers='anthropic'))])
def test_a_run_ends_with_its_rows(make, how):
    "40 requests a second, the first five at once: no job fails, and few requests are refused; see test_tempo.py for more"
    limit = dict(requests=40, minute=1, burst=5) | how
    with serve(latency=0.02, limit=limit) as s:
        df = generate(TASK, 15, **FEW, model=make(s, retries=0, concurrency=32), cache=':memory:', progress=False)
        check_exact(df, 15)
        usage = df.attrs['syngen']['usage']
        n_refused = sum(r['status'] == 429 for r in s.requests())
    assert usage['failed'] == 0 and usage['retries'] == n_refused < 16


@both
def test_the_sdk_does_not_send_a_refused_request_again(make):
    with odd(refusing(1, retry_after_ms='10')) as s:
        assert answer(make(s)).text
        assert [asked.headers['x-stainless-retry-count'] for asked in s.seen] == ['0', '1']


@pytest.mark.parametrize(('make', 'status'), [(openai, 429), (anthropic, 529), (openai, 503)])
def test_each_kind_of_refusal_waits(make, status):
    with odd(refusing(2, status, retry_after='0.02')) as s:
        assert answer(make(s)).text and s.count == 3


def test_a_refusal_with_status_200():
    body = '{"error": {"message": "upstream is busy", "code": 429}}'
    numbers = count()
    with odd(lambda asked: (200, 'application/json', body) if next(numbers) < 1 else asked.usual()) as s:
        assert answer(openai(s)).text and s.count == 2


def test_retry_after_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    with odd(refusing(1, retry_after=date)) as s:
        began = time.monotonic()
        assert answer(openai(s)).text and s.count == 2
        assert 0.8 < time.monotonic() - began < 8


def test_a_used_up_quota_ends_with_its_words():
    with odd(lambda asked: refusal(code='insufficient_quota')) as s:
        with pytest.raises(ModelError, match='Slow down') as error:
            grow(TASK, 1, 1, 1, model=openai(s), cache=':memory:', progress=False)
        assert error.value.kind == 'access' and s.count == 1


def test_a_wait_of_hours_ends_with_words_that_say_so():
    with odd(lambda asked: refusal(retry_after='7200')) as s:
        with pytest.raises(ModelError, match='asks to wait 2.0 h') as error:
            grow(TASK, 1, 1, 1, model=openai(s), cache=':memory:', progress=False)
        assert error.value.kind == 'access' and s.count == 1


@pytest.mark.parametrize('how', ['stop', 'pause'])
def test_stop_and_pause_work_while_it_waits(how):
    "Nothing is sent after a stop or in a pause, and a stop does not wait for the server"
    with odd(refusing(1, retry_after='0.6')) as s:
        run = start(TASK, 6, **FEW, model=openai(s), cache=':memory:')
        while not run.usage.retries:
            time.sleep(0.005)
        getattr(run, how)()
        if how == 'stop':
            assert run.result(0.4) is not None and run.status == 'stopped'
        time.sleep(0.8)
        assert s.count == 1
        run.resume()
        assert len(run.result(20)) == 6 and run.usage.failed == 0


def test_whose_limit():
    "Objects with the same server, key and model share a limit, in a pickle too; no key is in it"
    first, second = (get_model('openai/m', base_url='http://a/v1', api_key='sk-secret') for _ in range(2))
    assert limit_of(first) is limit_of(second) is limit_of(pickle.loads(pickle.dumps(first)))
    for other in (
        get_model('openai/m', base_url='http://a/v1', api_key='sk-other'),
        get_model('openai/n', base_url='http://a/v1', api_key='sk-secret'),
        get_model('openai/m', base_url='http://b/v1', api_key='sk-secret'),
        get_model('anthropic/m', base_url='http://a/v1', api_key='sk-secret'),
    ):
        assert limit_of(other) is not limit_of(first)
    assert 'sk-secret' not in repr(first.limit_key())


def test_two_objects_keep_to_one_ceiling():
    with serve(latency=0.03) as s:
        models = [openai(s, concurrency=3) for _ in range(2)]
        runs = [start(TASK, 15, **FEW, model=model, cache=':memory:', seed=i) for i, model in enumerate(models)]
        for run in runs:
            check_exact(run.result(20), 15)
        assert max(r['busy'] for r in s.requests()) <= 3


def test_limits_of_your_own():
    "1,200 requests a minute are 20 a second, of which two may go at once"
    with serve() as s:
        began = time.monotonic()
        df = generate(TASK, 15, **FEW, model=openai(s, requests_per_minute=1200), cache=':memory:', progress=False)
        check_exact(df, 15)
        times = [r['time'] for r in s.requests()]
    assert time.monotonic() - began > (len(times) - 2) / 20
    assert all(later - earlier > 6 / 20 for earlier, later in zip(times, times[8:]))


def test_who_waits_for_the_limit_of_another_run_says_so():
    with serve() as s:
        first = start(TASK, 15, model=openai(s, requests_per_minute=60), cache=':memory:')
        until(lambda: 'limit' in first.progress())
        second = start(TASK, 15, model=openai(s), cache=':memory:')
        until(lambda: second.progress().get('limit') == 'kept to 60 requests a minute')
        for run in (first, second):
            run.stop()
            until(lambda run=run: run.done)


def test_tokens_of_your_own():
    "What the answers cost is counted: after the first ones the rest waits"
    with serve() as s:
        model = openai(s, tokens_per_minute=120_000)
        began = time.monotonic()
        df = generate(TASK, 6, **FEW, model=model, cache=':memory:', progress=False)
        usage = df.attrs['syngen']['usage']
    tokens = usage['tokens_in'] + usage['tokens_out']
    assert time.monotonic() - began > (tokens - 3000) / 2000


@pytest.mark.parametrize('name', ['requests_per_minute', 'tokens_per_minute'])
def test_a_limit_that_is_none(name):
    for value in (0, -1, float('nan'), float('inf'), '50', True):
        with pytest.raises(ValueError, match=f'{name}=.* must be a number above 0'):
            get_model('openai/m', **{name: value})
    model = get_model('openai/m', **{name: 50})
    assert model.key() == get_model('openai/m').key()
    assert (
        model.code() == f"get_model('openai/m', {name}=50)" and getattr(pickle.loads(pickle.dumps(model)), name) == 50
    )


def test_the_run_says_what_it_learned():
    "The words, and a time left that is that of the limit"
    with serve(limit=dict(requests=120, burst=4, retry_after='0.5')) as s:
        run = start(TASK, 60, n_source_type=2, n_topic=2, n_subtopic=2, model=openai(s), cache=':memory:')
        said = {}
        end = time.monotonic() + 20
        while not (said.get('limit') and said['seconds'] and run.usage.requests > 6) and time.monotonic() < end:
            said = run.progress()
            time.sleep(0.02)
        run.stop()
        run.result(10)
    assert 'the server allows about ' in said['limit'] and ' requests a minute' in said['limit']
    assert said['seconds'] > 5  # Some 60 requests are left, at two a second
    assert 'limit' not in run.progress()
