"""Batches: half the price, the same frame, and nothing paid for twice, whatever dies when"""

import functools
import os
import re
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import batch_child
import pytest
from fake_server import serve
from helpers import TASK, anthropic, check_exact, children, openai, until

from syngen_nb import Budget, Cache, estimate, generate, get_model, grow, start
from syngen_nb.batch_asker import MOST_SENDS, BatchAsker, Collector, cancel_batches, pending_batches
from syngen_nb.batches import AnthropicBatches, APIBatches, OpenAIBatches
from syngen_nb.cache import CacheError
from syngen_nb.models import ModelError
from syngen_nb.pending import PendingBatch, PendingBatches, PendingRequest
from syngen_nb.providers import OpenAIModel

pytestmark = pytest.mark.skipif(os.name == 'nt', reason='Windows has no file locks, and no forkserver')

ROWS = 15
KINDS = pytest.mark.parametrize('kind', [openai, anthropic])
QUICK = dict(poll_seconds=0.01, gather_seconds=0.01, settle_seconds=0.1)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name, seconds in QUICK.items():
        monkeypatch.setattr(APIBatches, name, seconds)


@functools.cache
def frame_of(kind, n=ROWS):
    "The frame of a live run; a stable server says the same in batches"
    with serve(stable=True) as s:
        return live(s, kind, ':memory:', n)


def in_batches(server):
    "The names of all requests that batches were made of"
    return [name for r in server.requests() for name in r.get('ids', ())]


def asked_live(server):
    return [r for r in server.requests() if not r['path'].startswith('/batches')]


def sizes(server):
    return [r['n'] for r in server.requests() if 'ids' in r]


def batch(server, kind, cache, n=ROWS, **kw):
    return generate(TASK, n, model=kind(server), cache=cache, progress=False, **dict(batch=True) | kw)


def live(server, kind, path, n=ROWS):
    return generate(TASK, n, model=kind(server), cache=path, progress=False)


@KINDS
def test_the_frame_is_the_same(kind, cache, tmp_path):
    "Live or in batches: the same requests, the same frame. The tree is asked live, texts are not, and the cache serves both"
    with serve(stable=True) as s:
        df = live(s, kind, tmp_path / 'live.sqlite')
        n_live = s.count
        texts = [r['prompt'] for r in s.requests() if r['key'] == 'text']
        assert batch(s, kind, cache).equals(df)
        asked = s.requests()[n_live:]
        assert Counter(r['prompt'] for r in asked if r['path'].startswith('/batches/') and 'ids' not in r) == Counter(
            texts
        )
        assert 'text' not in {r['key'] for r in asked if not r['path'].startswith('/batches')}
        n = s.count
        assert batch(s, kind, cache).equals(df) and live(s, kind, cache).equals(df) and s.count == n


@KINDS
def test_the_tree_in_batches_too(kind, cache):
    with serve(stable=True) as s:
        check_exact(batch(s, kind, cache, batch='all'), ROWS)
        assert not asked_live(s) and len(sizes(s)) == 4  # source types, topics, subtopics, texts


def test_it_costs_half(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(OpenAIModel, 'is_own', property(lambda self: True))
    with serve(stable=True) as s:
        model = get_model('openai/gpt-5-mini', base_url=s.url, api_key='k')
        full = generate(TASK, 9, model=model, cache=tmp_path / 'live', progress=False).attrs['syngen']['usage']
        half = generate(TASK, 9, model=model, cache=cache, progress=False, batch='all').attrs['syngen']['usage']
    assert full['requests'] == half['requests'] and full['unpriced'] == half['unpriced'] == 0
    assert half['dollars'] == pytest.approx(full['dollars'] / 2) and full['dollars'] > 0


@pytest.mark.parametrize(
    ('kind', 'fate'),
    [(openai, o) for o in 'expire partial limited line queue lost refused busy unseen'.split()]
    + [(anthropic, o) for o in 'expire partial limited lost refused busy unseen'.split()],
)
def test_what_can_become_of_a_batch(kind, fate, cache):
    "What was not answered is asked again, and only that"
    with serve(stable=True, plan=fate) as s:
        assert batch(s, kind, cache).equals(frame_of(kind))
        names = in_batches(s)
        n = len(set(names))
        twice = len(names) - n
        first, *more = sizes(s)
        if fate == 'expire':
            assert first == n and more == [n // 2]
        elif fate in ('partial', 'limited'):
            assert first == n and more == [n // 3]
        elif fate in ('lost', 'refused', 'busy', 'unseen'):
            assert first == n and not more
        elif fate == 'line':  # that one failed, the others go at once; it follows as a failed request does
            assert twice == n and sum(more) == n
        else:
            assert first == n and more[0] == n // 2 and sum(more) == n
        assert pending_batches(cache) == []


def test_what_is_never_answered(cache):
    "It does not go round for ever"
    with serve(stable=True, plan=','.join(['nothing'] * MOST_SENDS)) as s:
        with pytest.raises(ModelError, match=f'no answer in {MOST_SENDS} batches: .* expired'):
            batch(s, openai, cache, batch='all')
        assert sizes(s) == [1] * MOST_SENDS


@KINDS
def test_cancelled_elsewhere(kind, cache):
    "The run ends, keeps what was answered, and the same call asks for the rest"
    with serve(stable=True, plan='cancel', seconds=0.2) as s:
        if kind is openai:
            with pytest.raises(ModelError, match='was cancelled elsewhere'):
                batch(s, kind, cache)
        n = len(in_batches(s))
        check_exact(batch(s, kind, cache), ROWS)
        if kind is openai:
            assert sizes(s) == [n, n // 2]


def test_a_file_that_is_turned_down(cache):
    with serve(stable=True, plan='fail') as s:
        with pytest.raises(ModelError, match='was turned down: The file is not valid'):
            batch(s, openai, cache)
        assert pending_batches(cache) == []
        check_exact(batch(s, openai, cache), ROWS)


@KINDS
def test_a_request_that_fails(kind, cache):
    "It is asked once more, then its cell is named in the provider's words; the others are there"
    with serve(stable=True) as s:
        df = batch(s, kind, cache)
    name = df.subtopic.iloc[0]
    with serve(stable=True, fail_match=name) as s:
        cache.unlink()
        with pytest.warns(UserWarning, match='This prompt is turned down'):
            short = batch(s, kind, cache)
        assert 0 < len(short) <= len(df)
        assert max(Counter(in_batches(s)).values()) == 2


def test_split(cache, monkeypatch):
    "No batch has more requests, or more bytes, than the provider allows"
    monkeypatch.setattr(OpenAIBatches, 'most_requests', 7)
    with serve(stable=True, most=7) as s:
        check_exact(batch(s, openai, cache), ROWS)
        assert max(sizes(s)) == 7 and len(set(in_batches(s))) == len(in_batches(s))
    monkeypatch.setattr(AnthropicBatches, 'most_bytes', 9_000)
    with serve(stable=True) as s:
        cache.unlink()
        check_exact(batch(s, anthropic, cache), ROWS)
        assert len(sizes(s)) > 2


def test_too_large_for_any_batch(cache, monkeypatch):
    monkeypatch.setattr(OpenAIBatches, 'most_bytes', 100)
    with serve(stable=True) as s, pytest.raises(ModelError, match='fits into no batch'):
        batch(s, openai, cache, batch='all')


@KINDS
def test_votes_go_together(kind, cache):
    "A judge without log-probabilities votes in one batch; one with them is asked once, and twice where the server refuses"
    with serve(stable=True, no_logprobs=True) as s:
        df = generate(TASK, 12, model=kind(s), cache=cache, progress=False, batch=True, verify='keep')
        assert df.confidence.notna().all()
        names = in_batches(s)
        checks = Counter(name.split('-')[0] for name in names if not name.endswith('-0'))
        assert len(df) == 12 and len(checks) == 12 and set(checks.values()) == {2}
        assert df.attrs['syngen']['usage']['cached'] == 0


def test_early_errors(cache, tmp_path):
    "What cannot work is said before anything is asked"
    with pytest.raises(ValueError, match='no batch API: batch= is for'):
        generate(TASK, 9, cache=cache, batch=True)
    with serve(no_batches=True) as s:
        with pytest.raises(ValueError, match='needs a cache on disk'):
            batch(s, openai, ':memory:')
        with pytest.raises(ValueError, match='no batch API'):
            estimate(TASK, 9, cache=cache, batch=True)
        how = dict(model=openai(s, price=(1, 2), batch_price=(0.5, 1)))
        found = [estimate(TASK, 9, cache=':memory:', batch=on, **how) for on in (False, True)]
        assert [one.stages['texts'].tokens_out for one in found] == 2 * [found[0].stages['texts'].tokens_out]
        ratio = found[1].stages['texts'].dollars.usual / found[0].stages['texts'].dollars.usual
        assert ratio == pytest.approx(0.5)
        with pytest.raises(ValueError, match="batch must be True, False or 'all'"):
            batch(s, openai, cache, batch='texts')
        assert s.count == 0
        for kind in (openai, anthropic):
            with pytest.raises(ModelError, match='has no batch API; leave batch= out'):
                batch(s, kind, cache)
        assert {r['status'] for r in s.requests()} == {404}
        with pytest.raises(ModelError, match='No key for openai/x'):
            generate(TASK, 9, model='openai/x', cache=cache, batch=True, progress=False)


@KINDS
def test_stop_leaves_it_and_cancel_does_not(kind, cache):
    with serve(stable=True, stays=True) as s:
        run = start(TASK, ROWS, model=kind(s), cache=cache, batch=True)
        until(lambda: run.pending and run.pending[0]['id'])
        until(lambda: 'sent' in run.progress()['doing'])
        assert run.progress()['doing'].startswith('1 batch: ')
        n = run.pending[0]['requests']
        run.stop()
        until(lambda: run.done)
        (left,) = pending_batches(cache)
        assert left['requests'] == n == len(in_batches(s)) and left['model'] == kind(s).name
        run.resume()
        until(lambda: run.status == 'running' and run.progress()['current'])
        assert run.cancel() == 1
        until(lambda: run.done)
        assert run.status == 'stopped' and len(in_batches(s)) == n
        later = start(TASK, ROWS, model=kind(s), cache=cache, batch=True)
        until(lambda: len(sizes(s)) == 2)
        assert sizes(s)[1] == n // 2  # the fake had answered every other one
        until(lambda: later.pending and later.pending[0]['id'])
        later.stop()
        until(lambda: later.done)
        assert cancel_batches(kind(s), cache) == 1
        later.resume()
        until(lambda: len(sizes(s)) == 3)
        later.stop()


def test_a_slip_in_the_path_of_a_cache(tmp_path):
    "It does not look as if nothing waited, and makes no file"
    for look in (pending_batches, functools.partial(cancel_batches, 'openai/gpt-5-mini')):
        with pytest.raises(CacheError, match='There is no cache'):
            look(tmp_path / 'typo.sqlite')
    assert not list(tmp_path.iterdir())
    Cache(tmp_path / 'new.sqlite').close()
    assert pending_batches(tmp_path / 'new.sqlite') == []
    assert cancel_batches('openai/gpt-5-mini', tmp_path / 'new.sqlite') == 0


def test_a_batch_without_an_id_is_not_said_to_be_cancelled(tmp_path):
    cache = Cache(tmp_path / 'a.sqlite')
    model = get_model('openai/gpt-5-mini', api_key='k')
    of_model = Collector(cache, model).model_id
    PendingBatches(cache).claim(PendingBatch(of_model, model.name), [PendingRequest('series', 0)])
    assert [batch['id'] for batch in pending_batches(cache)] == ['']
    with pytest.warns(UserWarning, match='^1 batch could not be cancelled, since no id is known'):
        assert cancel_batches(model, cache) == 0


@KINDS
def test_cancel_while_it_is_being_sent(kind, cache):
    "The batch has no id yet; it is cancelled as soon as it has one"
    with serve(stable=True, stays=True, latency=0.3) as s:
        run = start(TASK, ROWS, model=kind(s), cache=cache, batch='all')
        until(lambda: run.pending)
        assert run.pending[0]['id'] == '' and run.cancel() == 1
        until(lambda: run.done)
        assert run.status == 'stopped'
        until(lambda: is_cancelled(s, kind))


def is_cancelled(server, kind):
    "Whether the provider says that its only batch was cancelled"
    import anthropic as sdk
    from openai import OpenAI

    if kind is openai:
        found = OpenAI(base_url=server.url, api_key='k').batches.list().data
        return [batch.status for batch in found] == ['cancelled']
    found = sdk.Anthropic(base_url=server.root, api_key='k').messages.batches.list().data
    return len(found) == 1 and found[0].cancel_initiated_at is not None


def test_who_sends_a_request_pays_for_it(cache):
    "Of two runs with one cache each collects what is over; the cap that they share counts each answer once"
    with serve(seconds=0.1) as s:
        model = openai(s, price=(1, 2), batch_price=(1, 2), max_tokens=100)
        tasks = [replace(TASK, instruction=f'Sort notes {k}') for k in range(2)]
        trees = [grow(task, 1, 1, 1, model=model, cache=cache, progress=False) for task in tasks]
        budget, n_live = Budget(max_dollars=5), s.count
        for n in (6, 12, 18):
            how = dict(model=model, cache=cache, batch=True, verify=False, filters=False, budget=budget)
            runs = [start(tree, n, **how) for tree in trees]
            until(lambda: all(run.done for run in runs))
            tokens = [r['tokens'] for r in s.requests()[n_live:] if r.get('tokens')]
            billed = sum(n_in + 2 * n_out for n_in, n_out in tokens) / 1e6
            assert billed and budget.sum.total().dollars == pytest.approx(billed)


@pytest.mark.parametrize('verify', [None, 'keep'])
def test_a_spending_cap_holds(verify, cache, tmp_path):
    "What waits in batches counts as spent; a higher cap goes on with what is missing, and nothing is sent twice"
    how = dict(batch=True, verify=verify, progress=False)
    with serve(stable=True, no_logprobs=True) as s:
        model = openai(s, price=(1, 2), max_tokens=150)
        df = generate(TASK, ROWS, model=model, cache=tmp_path / 'full.sqlite', **how)
        full, n = df.attrs['syngen']['usage']['dollars'], len(in_batches(s))
        cap = full  # The last requests could cost more than they do
        run = start(TASK, ROWS, model=model, cache=cache, batch=True, verify=verify, max_dollars=cap)
        until(lambda: run.is_at_cap)
        assert 0 < run.usage.dollars <= cap and run.budget.sum.total().dollars <= cap
        assert 0 < len(in_batches(s)) - n < n
        assert run.resume(max_dollars=full * 20).result().equals(df)
        assert run.usage.dollars == pytest.approx(full)
        names = in_batches(s)
        assert set(names[n:]) == set(names[:n])
        assert verify or len(names) == 2 * n  # Checks with log-probabilities are refused first, fewer under a cap


@pytest.mark.parametrize('batch_price', [(0.5, 1), (3, 6)])
def test_a_price_of_batches_of_your_own(batch_price, cache):
    "It is what batches cost; a cap holds too where they are dearer than live requests"
    with serve(stable=True) as s:
        model = openai(s, price=(1, 2), batch_price=batch_price, max_tokens=150)
        tree = grow(TASK, 1, 1, 1, model=model, cache=cache, progress=False)
        run = start(tree, 6, model=model, cache=cache, batch=True, verify=False, filters=False, max_dollars=0.03)
        until(lambda: run.is_at_cap or run.done)
        used = run.usage
        assert used.requests
        assert used.dollars == pytest.approx(
            (used.tokens_in * batch_price[0] + used.tokens_out * batch_price[1]) / 1e6
        )
        assert used.dollars <= 0.03
        run.stop()


def test_a_cap_keeps_what_waits(cache):
    "After a stop the money stays set aside: the batch may be billed"
    with serve(stable=True, stays=True) as s:
        model = openai(s, price=(1, 2), max_tokens=150)
        run = start(TASK, ROWS, model=model, cache=cache, batch=True, max_dollars=5)
        until(lambda: run.pending and run.pending[0]['id'])
        run.stop()
        until(lambda: run.done and not run.budget.n_on_way)
        assert run.budget.n_unknown == len(in_batches(s)) > 0


@pytest.mark.parametrize('verify', [None, 'keep'])
def test_a_stop_does_not_set_aside_twice(verify, cache):
    "What waits in a batch after a stop is waited for again with the same money, so a cap that was enough stays enough"
    with serve(stable=True, stays=True, no_logprobs=True) as s:
        model = openai(s, price=(1, 2), max_tokens=150)
        run = start(TASK, ROWS, model=model, cache=cache, batch=True, max_dollars=5, verify=verify)
        for _ in range(3):
            until(lambda: run.pending and run.pending[0]['id'])
            until(lambda: run.budget.n_on_way == len(in_batches(s)) > 0)
            aside = run.budget.sum.total()
            run.budget.allow(aside.dollars)
            run.stop()
            until(lambda: run.done and not run.budget.n_on_way)
            assert run.budget.sum.total() == aside
            run.resume()
        assert not run.is_at_cap and len(sizes(s)) == 1
        run.stop()
        until(lambda: run.done)


@KINDS
def test_too_busy_to_open(kind, cache, monkeypatch):
    "A server that is too busy for the first look gets another one; all cells of a tree share one look"
    looks = []
    newest = APIBatches.newest

    async def refused_twice(batches):
        looks.append(batches)
        if len(looks) < 3:
            raise ModelError('too many requests', 'busy', 0.01)
        return await newest(batches)

    with serve(stable=True) as s:
        tree = grow(TASK, 2, 2, 2, model=kind(s), cache=cache, progress=False)
        monkeypatch.setattr(APIBatches, 'newest', refused_twice)
        df = generate(tree, ROWS, model=kind(s), cache=cache, progress=False, batch=True)
        check_exact(df, ROWS, cells=False)
        assert len(looks) == 3 + len(sizes(s))  # Each batch is made after a look


def test_too_busy_for_too_long(cache, monkeypatch):
    "A server that takes no batch at all ends the run, and says how often it was asked"
    monkeypatch.setattr('syngen_nb.batch_asker.MOST_TROUBLES', 4)
    with serve(stable=True, plan=','.join(['busy'] * 9)) as s:
        with pytest.raises(ModelError, match=r'Too many requests \(refused 4 times in a row\)'):
            batch(s, openai, cache)
        assert pending_batches(cache) == []
        monkeypatch.undo()
        for name, seconds in QUICK.items():
            monkeypatch.setattr(APIBatches, name, seconds)
        check_exact(batch(s, openai, cache), ROWS)


def test_paused(cache):
    "Nothing leaves while a run is paused"
    with serve(stable=True, latency=0.01) as s:
        run = start(TASK, ROWS, model=openai(s), cache=cache, batch=True)
        until(lambda: s.count > 10)
        run.pause()
        time.sleep(0.2)
        assert not sizes(s)
        check_exact(run.resume().result(), ROWS)
        assert len(sizes(s)) == 1


def test_a_batch_that_the_provider_has_forgotten(cache):
    with serve(stable=True, stays=True) as s:
        run = start(TASK, ROWS, model=openai(s), cache=cache, batch=True)
        until(lambda: run.pending and run.pending[0]['id'])
        run.stop()
        until(lambda: run.done)
        port = int(s.url.split(':')[-1].split('/')[0])
    with serve(stable=True, port=port) as s:
        with pytest.raises(ModelError, match=r'the server knows no batch batch_1. cancel_batches'):
            batch(s, openai, cache)
        assert cancel_batches(openai(s), cache) == 1 and pending_batches(cache) == []
        check_exact(batch(s, openai, cache), ROWS)


def child(kind, s, cache, stage=None):
    "Start a process that runs `batch`, and dies at a stage if there is one"
    address = s.url if kind is openai else s.root
    p = children().Process(target=batch_child.run, args=(kind.__name__, address, cache, ROWS, stage, QUICK))
    p.start()
    return p


def ends_with(p, code):
    p.join(60)
    return p.exitcode == code


@pytest.mark.parametrize(
    ('kind', 'stage'),
    [(k, o) for k in (openai, anthropic) for o in batch_child.STAGES if k is openai or o != 'uploaded'],
)
def test_killed_and_resumed(kind, stage, cache):
    "A process that dies at any stage: the next one sends only what no batch was made of, and the frame is that of a live run"
    with serve(stable=True, seconds=0.05) as s:
        assert ends_with(child(kind, s, cache, stage), 7)
        tree, made = len(asked_live(s)), len(in_batches(s))
        assert made == (0 if stage in ('claimed', 'uploaded') else len(set(in_batches(s))))
        again = batch(s, kind, cache)
        assert again.equals(frame_of(kind))
        assert max(Counter(in_batches(s)).values()) == 1  # no request was in two batches
        assert len(asked_live(s)) == tree and len(sizes(s)) == 1
        assert pending_batches(cache) == []
        usage = again.attrs['syngen']['usage']
        paid_before = dict(half=4, stored=len(in_batches(s)), forgotten=len(in_batches(s)))
        assert len(in_batches(s)) - usage['requests'] in (paid_before.get(stage, 0), paid_before.get(stage, 0) + 1)


def test_another_batch_of_the_same_size(cache):
    "Anthropic's batches carry no mark: one of somebody else's that looks the same is told apart by its results"
    with serve(stable=True, seconds=0.05) as s:
        assert ends_with(child(anthropic, s, cache, 'claimed'), 7)
        (left,) = pending_batches(cache)
        import anthropic as sdk

        body = dict(model='m', max_tokens=5, messages=[dict(role='user', content='Hello')])
        requests = [dict(custom_id=f'other-{i}', params=body) for i in range(left['requests'])]
        sdk.Anthropic(base_url=s.root, api_key='k').messages.batches.create(requests=requests)
        check_exact(batch(s, anthropic, cache), ROWS)
        ours = [name for name in in_batches(s) if not name.startswith('other')]
        assert len(ours) == len(set(ours)) == left['requests']


@KINDS
def test_two_processes(kind, cache):
    "Two processes with one cache at the same time send each request once, and both have all rows"
    with serve(stable=True, seconds=0.1) as s:
        others = [child(kind, s, cache) for _ in range(2)]
        assert all(ends_with(p, 0) for p in others)
        assert max(Counter(in_batches(s)).values()) == 1
        check_exact(batch(s, kind, cache), ROWS)
        assert len(in_batches(s)) == len(set(in_batches(s)))


def test_secrets_stay_out(cache):
    "No key is in the cache's file, in what waits, or in an error"
    with serve(stable=True, stays=True) as s:
        model = get_model('openai/fake', base_url=s.url, api_key='sk-a-secret', extra_headers={'X-Token': 'tok-secret'})
        run = start(TASK, ROWS, model=model, cache=cache, batch=True)
        until(lambda: run.pending and run.pending[0]['id'])
        run.stop()
        until(lambda: run.done)
    Cache(cache).close()
    stored = b''.join(path.read_bytes() for path in cache.parent.glob(f'{cache.name}*'))
    assert b'batch_1' in stored and b'sk-a-secret' not in stored and b'tok-secret' not in stored


def test_a_server_out_of_reach_for_a_while(cache):
    "Looks that fail are repeated: the run goes on where the server is back"
    with serve(stable=True, stays=True) as s:
        port = int(s.url.split(':')[-1].split('/')[0])
        model = openai(s, retries=0)
        run = start(TASK, ROWS, model=model, cache=cache, batch=True)
        until(lambda: run.pending and run.pending[0]['id'])
    until(lambda: 'trying again' in run.progress()['doing'])
    assert run.status == 'running'
    run.stop()
    until(lambda: run.done)
    assert port and len(pending_batches(cache)) == 1


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    "The snippets of docs/batch.md, in order, as a reader would run them"
    page = (Path(__file__).parents[2] / 'docs/batch.md').read_text(encoding='utf-8')
    snippets = re.findall(r'^```python\n(.*?)^```', page, re.M | re.S)
    assert len(snippets) == page.count('```python') == 4
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('OPENAI_API_KEY', 'a-key-of-a-test')
    names = {}
    with serve(seconds=0.05) as s:
        monkeypatch.setenv('OPENAI_BASE_URL', s.url)
        for snippet in snippets:
            exec(compile(snippet, 'docs/batch.md', 'exec'), names)
        assert len(sizes(s)) >= 3
    assert len(names['df']) == 80 and names['df'].text.is_unique
    assert "'requests': " in capsys.readouterr().out


@pytest.mark.filterwarnings('ignore:24 of 24 rows')
def test_a_strict_judge_takes_fewer_rounds(cache, monkeypatch):
    "What was turned down is written again with a spare, so fewer rounds follow; there is at most one spare for each"
    with serve(stable=True) as s:
        how = dict(verify='drop', filters=False)
        df = batch(s, openai, cache, n=24, **how)
        check_exact(df, 24, cells=False)
        n_batches = len(sizes(s))
        n_dropped = sum(df.attrs['syngen']['dropped'].values())
        texts = [r for r in s.requests() if r.get('key') == 'text']
        assert sum(r['n'] for r in texts) <= 24 + 2 * n_dropped
    monkeypatch.setattr(BatchAsker, 'saves_rounds', False)
    with serve(stable=True) as s:
        check_exact(batch(s, openai, cache.with_name('one by one'), n=24, **how), 24, cells=False)
        assert n_batches < len(sizes(s))
