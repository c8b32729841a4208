"Estimates: what they include, how answers correct them, and models side by side"

import asyncio
import json
import sys
import time

import pytest
from fakes import Writer
from helpers import TASK, until

from syngen_nb import Cache, Judge, Model, aestimate, estimate, generate, get_model, grow, start
from syngen_nb.answer_tables import Row
from syngen_nb.estimate import Estimates

BAD_BEGINNINGS = (
    'The same old text',
    'This is where it all',
    'Sea is what this',
    'As an AI language',
)  # See `fakes.BAD`
LEVELS = ['source_types', 'topics', 'subtopics', 'texts', 'checks']


class Priced(Writer):
    name = 'fake/priced'
    concurrency = 4

    def price(self, tokens_in, tokens_out):
        return 1e-6 * tokens_in + 4e-6 * tokens_out


class Counting(Priced):
    "Says how long its answers are: every item takes 30 tokens, and 3 letters of a prompt are a token"

    async def ask(self, request):
        from syngen_nb import Answer

        answer = await super().ask(request)
        text = answer if isinstance(answer, str) else answer.text
        n = max(1, request.schema['properties']['items']['minItems']) if request.schema else 1
        n_in = (len(request.system) + len(request.prompt)) // 3
        return Answer(text, n_in, 30 * n if n_in else 1)


LARGE = dict(n_source_type=1, n_topic=1, n_subtopic=2)  # Cells, for hundreds of texts each


class Whole(Counting):
    "Every text is good"

    faults = 0


def half_done(model, rows=40):
    "Return a cache that has the lists of names and the first texts for half of the cells, always the same ones"
    whole, cache = Cache(':memory:'), Cache(':memory:')
    start(TASK, rows, model=model, cache=whole).result()
    found = [(row['cell'].split(' · ')[0], row) for row in whole.rows()]
    first = [row for level, row in found if level == 'texts' and row['draw'] == 0]
    cache.load([row for level, row in found if level not in ('texts', 'checks')] + first[::2])
    return cache


def test_stages_add_up():
    "The whole is the sum of the stages, in each quantity and at both ends"
    found = estimate(TASK, 40, model=Priced(), cache=':memory:', verify=True)
    assert list(found.stages) == LEVELS
    for name in ('requests', 'tokens_in', 'tokens_out', 'dollars', 'seconds'):
        lows = [getattr(need, name).low for need in found.stages.values()]
        highs = [getattr(need, name).high for need in found.stages.values()]
        assert getattr(found, name) == pytest.approx(sum(lows), abs=1)
        assert getattr(found, f'most_{name}') == pytest.approx(sum(highs), abs=1)


def test_rejected_texts_are_in_all_upper_ends():
    "A judge and filters make more of everything, tokens included; without them only copies are lost"
    options = dict(model=Priced(), cache=':memory:')
    plain = estimate(TASK, 40, **options, filters=False, verify=False).stages['texts']
    strict = estimate(TASK, 40, **options, verify=True).stages['texts']
    for name in ('requests', 'tokens_in', 'tokens_out', 'dollars', 'seconds'):
        assert getattr(strict, name).high > getattr(plain, name).high
        assert getattr(strict, name).high > getattr(strict, name).low


def test_a_judge_that_only_notes_rejects_nothing():
    options = dict(model=Priced(), cache=':memory:')
    keep = estimate(TASK, 40, **options, verify='keep')
    plain = estimate(TASK, 40, **options, verify=False)
    assert keep.stages['texts'] == plain.stages['texts']


def test_own_answers_are_measured():
    "Lengths come from the answers in the cache: 30 tokens an item, 3 letters a token"
    model = Counting()
    before = estimate(TASK, 40, model=model, cache=':memory:')
    cache = half_done(model)
    after = estimate(TASK, 40, model=model, cache=cache)
    assert after.n_own > 10 and 0 < after.requests < before.requests
    need = after.stages['texts']
    assert need.tokens_out.low < 30 * need.requests.usual * 5
    before_width = before.stages['texts'].tokens_out.high / before.stages['texts'].tokens_out.low
    assert need.tokens_out.high / need.tokens_out.low < before_width


def test_the_rest_of_a_run_is_near_the_range():
    "Half a run is estimated, then finished. A third of this writer's texts is bad, more than usual"
    model = Counting()
    cache = half_done(model)
    found = estimate(TASK, 40, model=model, cache=cache)
    again = start(TASK, 40, model=model, cache=cache)
    again.result()
    for name in ('requests', 'tokens_in', 'tokens_out', 'dollars'):
        used = getattr(again.usage, name)
        assert getattr(found, name) / 1.25 <= used <= 1.25 * getattr(found, f'most_{name}'), name


def test_rejected_texts_in_the_cache_stay_rejected():
    "A third of the writer's texts is bad. Half a run must not be estimated as if they had been kept"
    cache = half_done(Priced(), rows=60)
    said = [json.loads(row['answer']['text'])['items'] for row in cache.rows() if row['cell'].startswith('texts')]
    texts = [item['text'] for items in said for item in items]
    bad = [text for text in texts if text.startswith(BAD_BEGINNINGS) or text.endswith(', and the')]
    n_missing = 60 - len(set(texts) - set(bad))
    need = estimate(TASK, 60, model=Priced(), cache=cache).stages['texts']
    assert len(bad) > 3 and need.tokens_out.usual / 90 >= n_missing  # 90 tokens a text, as the model counts none


def test_a_finished_run_takes_nothing():
    cache = Cache(':memory:')
    run = start(TASK, 24, model=Priced(), cache=cache)
    run.result()
    found = estimate(TASK, 24, model=Priced(), cache=cache)
    assert (found.requests, found.most_requests, found.most_tokens_out, found.most_seconds) == (0, 0, 0, 0)
    assert found.cached == len(cache) and found.rows == 24
    assert 'from the cache' in found._repr_html_()


def test_estimating_while_the_run_goes_on():
    "It neither waits for the run nor disturbs it, and takes its answers into account"

    class Slow(Priced):
        async def ask(self, request):
            await asyncio.sleep(0.01)
            return await super().ask(request)

    cache = Cache(':memory:')
    fresh = estimate(TASK, 40, model=Slow(), cache=':memory:')
    run = start(TASK, 40, model=Slow(), cache=cache)
    while not run.n_written:
        time.sleep(0.005)
    during = estimate(TASK, 40, model=Slow(), cache=cache)
    assert during.cached > 0 and during.n_own > 0 and during.requests < fresh.requests
    assert len(run.result()) == 40


def test_seconds_are_measured():
    "A model that takes half a second for each answer, as the cache tells, is expected to go on like that"
    cache = half_done(Counting())
    slow = Cache(':memory:')
    slow.put_all(Row(**(row | dict(made=1e9 + 0.5 * i))) for i, row in enumerate(cache.find()))
    as_usual = estimate(TASK, 40, model=Counting(), cache=cache).stages['texts']  # Too fast to have been written
    measured = estimate(TASK, 40, model=Counting(), cache=slow).stages['texts']
    n = measured.requests.usual
    assert measured.seconds.low < 0.5 * n < measured.seconds.high
    assert measured.seconds.high / measured.seconds.low < as_usual.seconds.high / as_usual.seconds.low


def test_models_side_by_side():
    "A list of models gives a list of estimates with one table; one model gives what it gave before"
    models = [Priced(), 'openai/gpt-4o', 'local']
    found = estimate(TASK, 20, model=models, cache=':memory:')
    assert isinstance(found, Estimates) and [one.model for one in found] == ['fake/priced', 'openai/gpt-4o', 'local']
    assert found[1] == estimate(TASK, 20, model='openai/gpt-4o', cache=':memory:')
    frame = found.to_frame()
    assert list(frame.model) == [one.model for one in found] and list(frame.requests) == [one.requests for one in found]
    assert all(one.model in repr(found) and one.model in found._repr_html_() for one in found)
    assert asyncio.run(aestimate(TASK, 20, model=models, cache=':memory:')) == found


@pytest.mark.parametrize(
    ('models', 'words'),
    [([], 'empty list'), (['local', 'nobody/x'], "No model 'nobody/x'"), (['local', 7], '7 is not a model')],
)
def test_a_wrong_list_of_models(models, words):
    with pytest.raises(ValueError, match=words):
        estimate(TASK, 20, model=models, cache=':memory:')


def test_an_unknown_price_makes_the_sum_unknown():
    class Judge(Model):
        name = 'my/judge'

    found = estimate(TASK, 20, model=Priced(), cache=':memory:', verify=Judge())
    assert found.dollars is None and found.cost == 'price not known'
    assert found.stages['texts'].dollars.high > 0 and found.stages['checks'].dollars is None


@pytest.mark.parametrize(('batch', 'halved'), [(True, ['texts', 'checks']), ('all', LEVELS)])
def test_batches(batch, halved, tmp_path):
    "What goes through a batch API costs half and takes as long as batches do; the rest is as it is live"
    model = get_model('anthropic/claude-haiku-4-5', api_key='k')
    options = dict(model=model, cache=tmp_path / 'c.sqlite', verify=True)
    live = estimate(TASK, 40, **options)
    found = estimate(TASK, 40, batch=batch, **options)
    assert (found.requests, found.most_tokens_out) == (live.requests, live.most_tokens_out)
    for level in LEVELS:
        share = 0.5 if level in halved else 1.0
        assert found.stages[level].dollars.high == pytest.approx(share * live.stages[level].dollars.high)
        assert (found.stages[level].seconds.high >= 86_400) == (level in halved)
    judged = estimate(TASK, 40, batch=batch, **options | dict(verify=Priced()))
    assert judged.stages['checks'].seconds.high < 86_400  # A judge without a batch API is asked live


@pytest.mark.parametrize('before', [24, 40])
def test_an_estimate_for_more_rows_knows_how_few_were_asked_for_before(before):
    "One text that was asked for alone is no loss of four, though this call would ask for five"

    tree = grow(TASK, 2, 2, 2, model=Whole(), cache=':memory:', progress=False)
    cache, model = Cache(':memory:'), Whole()
    settings = dict(verify=False, cache=cache)
    generate(tree, before, model=model, progress=False, **settings)
    n_before, found = model.asked, estimate(tree, 200, model=Whole(), **settings)
    generate(tree, 200, model=model, progress=False, **settings)
    assert found.requests <= model.asked - n_before <= found.most_requests < 100


@pytest.mark.parametrize('verify', [False, Judge('keep', votes=1)])
def test_cells_that_want_hundreds_of_texts(verify):
    "They ask for several draws at a time. Before, in the middle and at the end the estimate knows what is left"
    cache, settings = Cache(':memory:'), dict(verify=verify, **LARGE)
    before = estimate(TASK, 400, model=Whole(), cache=cache, **settings)
    run = start(TASK, 400, model=Whole(), cache=cache, **settings)
    until(lambda: len(run.frame) > 150)
    run.stop()
    run.result()
    used, left = run.usage.requests, estimate(TASK, 400, model=Whole(), cache=cache, **settings)
    run.resume().result()
    assert before.requests <= run.usage.requests <= before.most_requests
    assert left.requests / 1.05 <= run.usage.requests - used <= left.most_requests < before.most_requests
    assert estimate(TASK, 400, model=Whole(), cache=cache, **settings).most_requests == 0


@pytest.mark.parametrize('n_before', [0, 12, 210])
@pytest.mark.parametrize('verify', [False, True])
def test_a_part_of_the_texts_stands_for_the_whole(verify, n_before, monkeypatch):
    "Guessing all texts of large cells gives the same as guessing some of them"
    cache, settings = Cache(':memory:'), dict(model=Whole(), **LARGE)
    if n_before:
        generate(TASK, n_before, cache=cache, progress=False, **settings)
    options = dict(settings, verify=verify, cache=cache)
    part = estimate(TASK, 1200, **options)
    monkeypatch.setattr(sys.modules['syngen_nb.estimate'], 'MOST_GUESSED', 10**9)
    whole = estimate(TASK, 1200, **options)
    for name in ('rows', 'cached'):
        assert getattr(part, name) == getattr(whole, name)
    for name in ('requests', 'tokens_in', 'tokens_out', 'dollars', 'seconds'):
        for end in (name, f'most_{name}'):
            assert getattr(part, end) == pytest.approx(getattr(whole, end), rel=0.05), end


def test_an_estimate_for_a_million_rows_takes_no_minutes():
    began = time.process_time()
    found = estimate(TASK, 10**6, model=Whole(), cache=':memory:', verify=True, **LARGE)
    assert found.rows == 10**6 and found.requests > 10**6
    assert time.process_time() - began < 15  # It takes half a second; guessing all texts takes minutes
