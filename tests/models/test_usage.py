"Usage without numbers: an answer is stored before it is counted, and what is unknown stays unknown"

import json

import pytest
from helpers import TASK, anthropic, openai
from odd_server import odd

from syngen_nb import Cache, Model, generate, get_model, start
from syngen_nb.models import Answer

both = pytest.mark.parametrize('make', [openai, anthropic])
FEW = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=1, filters=False)
NAMES = dict(prompt_tokens='input_tokens', completion_tokens='output_tokens')
USAGES = {
    'null': None,
    'missing': 'missing',
    'a text': 'none of your business',
    'a list': [],
    'null inside': dict(prompt_tokens=None, completion_tokens=None),
    'one of two': dict(prompt_tokens=5),
    'below zero': dict(prompt_tokens=-5, completion_tokens=-7),
    'far too large': dict(prompt_tokens=10**30, completion_tokens=10**30),
    'words': dict(prompt_tokens='many', completion_tokens='some'),
}


def with_usage(usage):
    def reply(asked):
        out = asked.usual()
        out.pop('usage')
        if usage != 'missing':
            is_chat = 'choices' in out
            out['usage'] = usage if is_chat or not isinstance(usage, dict) else {NAMES[k]: v for k, v in usage.items()}
        return out

    return reply


@both
@pytest.mark.parametrize('kind', USAGES)
def test_usage_without_numbers(make, kind):
    "All rows come, each answer is kept, and all requests are of unknown price and unknown size"
    cache = Cache(':memory:')
    with odd(with_usage(USAGES[kind])) as s:
        run = start(TASK, **FEW, model=make(s, retries=0), cache=cache)
        assert len(run.result(20)) == 3
        assert len(cache) == s.count == run.usage.requests == run.usage.uncounted == run.usage.unpriced
    assert run.usage.tokens_out == 0 and run.usage.tokens_in == (5 * s.count if kind == 'one of two' else 0)
    assert f'not known for {s.count}' in str(run.usage)


def test_odd_numbers_are_numbers():
    "Text and fractions are read, as whole tokens"
    with odd(with_usage(dict(prompt_tokens='12', completion_tokens=3.5))) as s:
        run = start(TASK, **FEW, model=openai(s, retries=0), cache=':memory:')
        run.result(20)
        assert (run.usage.tokens_in, run.usage.tokens_out) == (12 * s.count, 3 * s.count)
        assert run.usage.uncounted == 0 and 'not known' not in str(run.usage)


class Own(Model):
    "Answers at once, never the same"

    name, n, tokens, cost = 'me/own', 0, None, 0.0

    async def ask(self, req):
        items = req.schema['properties']['items']
        (key,) = items['items']['properties']
        self.n += 1
        return Answer(
            json.dumps([{key: f'{key} {self.n} {i}'} for i in range(items['minItems'])]), self.tokens, self.tokens
        )

    def price(self, tokens_in, tokens_out):
        return self.cost / (tokens_in - 1)


@pytest.mark.parametrize('tokens', [None, -1, 'x', float('nan'), True])
def test_a_model_of_your_own_with_odd_tokens(tokens):
    model = Own()
    model.tokens = tokens
    df = generate(TASK, **FEW, model=model, cache=':memory:', progress=False)
    assert len(df) == 3 and df.attrs['syngen']['usage']['uncounted'] == df.attrs['syngen']['usage']['requests']


@pytest.mark.parametrize(('tokens', 'cost'), [(1, 1.0), (2, None), (2, 'much')])
@pytest.mark.filterwarnings('ignore:me/own. its price')
def test_a_price_that_fails(tokens, cost, cache):
    "The run goes on, each answer is stored, and the price is unknown"
    model = Own()
    model.tokens, model.cost = tokens, cost
    run = start(TASK, **FEW, model=model, cache=cache)
    assert len(run.result(20)) == 3
    assert run.usage.unpriced == run.usage.requests == len(Cache(cache)) and run.usage.dollars == 0


def test_an_answer_is_stored_before_it_is_counted(monkeypatch):
    "Whatever goes wrong with the counting, the answer is in the cache when it does"
    from syngen_nb import asker

    cache, stored = Cache(':memory:'), []
    monkeypatch.setattr(asker, 'price_of', lambda model, answer: stored.append(len(cache)))
    start(TASK, **FEW, model=Own(), cache=cache).result(20)
    assert stored and all(n_stored > n_counted for n_counted, n_stored in enumerate(stored))


def test_the_price_of_numbers_that_are_none():
    model = get_model('openai/gpt-5-mini', api_key='sk-abcdefgh12345')
    assert [model.price(*tokens) for tokens in ((-1, 2), (1, None), ('x', 1))] == [None] * 3
    assert model.price(1000, 0) > 0
