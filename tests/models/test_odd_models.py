"Models that do what no model should"

import asyncio
import json
import warnings

import pytest
from helpers import TASK

from syngen_nb import Model, generate, grow, start
from syngen_nb.models import Answer, ModelError
from syngen_nb.run import ShortWarning


class Own(Model):
    "Answers at once, never the same"

    name, n = 'me/own', 0

    async def ask(self, req):
        items = req.schema['properties']['items']
        (key,) = items['items']['properties']
        self.n += items['minItems']
        return json.dumps([{key: f'{key} {i}'} for i in range(self.n - items['minItems'], self.n)])


def test_a_refused_cell_again(cache):
    "A cell that is always refused is stood in for and named; the same call again gives the same frame, and no error"
    tax = grow(TASK, 2, 1, 1, model=Own(), cache=cache, progress=False)
    bad = tax.path(tax.cells()[0])[-1]

    class Refuses(Own):
        async def ask(self, req):
            if f'Subtopic: {bad}\n' in req.prompt:
                raise ModelError('content policy', 'request')
            return await super().ask(req)

    frames = []
    for _ in range(2):
        with pytest.warns(ShortWarning, match='content policy'):
            frames.append(generate(tax, 18, model=Refuses(), cache=cache, progress=False))
    assert len(frames[0]) == 18 and frames[0].equals(frames[1])


@pytest.mark.parametrize('odd', ['[' * 5000, '{' * 300, '', 'null', '<html>', '"\ud83d"', '[{"text": "\\ud83d"}]'])
def test_an_odd_answer_is_one_draw_lost(odd, cache):
    "It is kept, since it was paid for, and the run goes on; so does the next"

    class Once(Own):
        odd = False

        async def ask(self, req):
            if self.odd:
                return await super().ask(req)
            self.odd = True
            return odd

    df = generate(TASK, 9, model=Once(), cache=cache, progress=False)
    assert len(df) == 9 and generate(TASK, 9, model=Own(), cache=cache, progress=False).equals(df)


@pytest.mark.parametrize('answer', [None, 5, [], {}, Answer(5)])
def test_no_answer(answer):
    "What is no answer is an error that says so"

    class Wrong(Own):
        async def ask(self, req):
            return answer

    with pytest.raises(ModelError, match='must return'):
        generate(TASK, 6, model=Wrong(), cache=':memory:', progress=False)


@pytest.mark.parametrize('error', [ValueError('v'), KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError()])
def test_an_error_in_ask(error):
    "Whatever is raised ends the run with an error; the worker lives on"

    class Raises(Own):
        async def ask(self, req):
            raise error

    with pytest.raises(ModelError):
        start(TASK, 6, model=Raises(), cache=':memory:').result(timeout=10)
    assert len(generate(TASK, 6, model=Own(), cache=':memory:', progress=False)) == 6


def test_not_async_or_no_concurrency():
    "Said at once"

    class Sync(Own):
        def ask(self, req):
            return '[]'

    with pytest.raises(ModelError, match='not async'):
        generate(TASK, 6, model=Sync(), cache=':memory:', progress=False)
    for c in (0, None, 1.5):
        m = Own()
        m.concurrency = c
        with pytest.raises(ValueError, match='concurrency'):
            generate(TASK, 6, model=m, cache=':memory:', progress=False)


def test_nothing_usable():
    "Answers with nothing in them are an error that shows the last one, not an empty frame"

    class Empty(Own):
        async def ask(self, req):
            return 'I would rather not.'

    with pytest.raises(ModelError, match='rather not'):
        generate(TASK, 6, model=Empty(), cache=':memory:', progress=False)


def test_result_warns_once():
    "A run in the background says what is short when its result is taken"

    class Two(Own):
        async def ask(self, req):
            return json.dumps([{'source_type': 'a', 'item': 'b', 'text': t} for t in ('one text', 'another text')])

    run = start(TASK, 9, model=Two(), cache=':memory:')
    with pytest.warns(ShortWarning):
        df = run.result(timeout=10)
    assert len(df) == 2
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run.result()
