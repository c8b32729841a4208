"The same job through the two SDKs"

import pytest
from fake_server import serve
from helpers import TASK, anthropic, check_exact, needed, openai

from syngen_nb import estimate, generate

both = pytest.mark.parametrize('make', [openai, anthropic])


@both
def test_job(make, cache):
    "101 rows through the real SDK, with schemas that its API takes; usage is what the server counted"
    with serve(strict=True) as s:
        df = generate(TASK, 101, model=make(s), cache=cache, progress=False)
        check_exact(df, 101)
        u, log = df.attrs['syngen']['usage'], s.requests()
        assert u['requests'] == s.count == needed(df) and {r['status'] for r in log} == {200}
        assert (
            u['tokens_in'] == sum(len(r['prompt']) // 4 + 1 for r in log) and u['tokens_out'] > 101 * 12
        )  # as the fake counts them
        assert (u['cached'], u['retries'], u['failed']) == (0, 0, 0)
        assert set(df.model) == {make(s).name} and {r['path'] for r in log} == {
            dict(openai='/v1/chat/completions', anthropic='/v1/messages')[make.__name__]
        }
        again = generate(TASK, 101, model=make(s), cache=cache, progress=False)
        v = again.attrs['syngen']['usage']
        assert again.equals(df) and (v['requests'], v['cached'], v['tokens_in'], v['dollars']) == (
            0,
            u['requests'],
            0,
            0,
        )


@both
def test_truncated(make, cache):
    "Answers cut at the token limit keep their whole items; the rest is asked for again"
    with serve(faults=dict(truncated=0.4), seed=5) as s:
        df = generate(
            TASK, 60, n_source_type=2, n_topic=2, n_subtopic=1, model=make(s), cache=cache, rounds=12, progress=False
        )
        check_exact(df, 60)
        assert any(r['fault'] == 'truncated' for r in s.requests())
        given = ''.join(df.text)
        assert '{' not in given and '"' not in given and df.text.str.endswith('.').all()  # whole texts only


@both
def test_retries_are_counted(make, cache):
    "What the SDK sends again is counted"
    with serve(faults={'429': 0.2}, seed=1) as s:
        df = generate(TASK, 60, model=make(s), cache=cache, progress=False)
        u = df.attrs['syngen']['usage']
        assert u['retries'] == sum(r['retry'] > 0 for r in s.requests()) > 0 and u['requests'] + u['retries'] == s.count


@both
def test_estimate(make, cache):
    "What `estimate` says before is what it takes: rows and requests"
    with serve() as s:
        e = estimate(TASK, 101, model=make(s), cache=cache)
        assert s.count == 0
        generate(TASK, 101, model=make(s), cache=cache, progress=False)
        assert (e.rows, e.requests, e.cached) == (101, s.count, 0)
        e = estimate(TASK, 101, model=make(s), cache=cache)
        assert (e.rows, e.requests, e.cached) == (101, 0, s.count)


def test_models_do_not_share_answers(cache):
    "One provider's answers are not another's"
    with serve() as s:
        a, b = (generate(TASK, 9, model=make(s), cache=cache, progress=False) for make in (openai, anthropic))
        assert not set(a.text) & set(b.text) and s.count == needed(a) + needed(b)
