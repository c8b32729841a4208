"A run never spends more than its cap, whatever answers, failures and retries come, and goes on when the cap is raised"

import asyncio
import json
import os
import random
import re
import threading
import time
import warnings

import batch_child
import pytest
from fake_server import serve
from helpers import TASK, anthropic, children, openai
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from syngen_nb import Cache, Model, ModelError, ShortWarning, agenerate, generate, get_model, grow, start, start_grow
from syngen_nb.batches import batches_of
from syngen_nb.models import Answer
from syngen_nb.prompts import Prompts, Request
from syngen_nb.spending import Budget, Cost, cost_of, most_cost

QUIET = dict(progress=False, verify=False, filters=False)


def texts(request, rng):
    "Return what a model says to a request for names or texts"
    items = request.schema['properties']['items']
    (key,) = items['items']['properties']
    words = [''.join(rng.choices('abcdefghijklmnop', k=6)) for _ in range(8 * items['minItems'])]
    return json.dumps({'items': [{key: ' '.join(words[i :: items['minItems']])} for i in range(items['minItems'])]})


class Billed(Model):
    """Keeps its own bill, as a provider does: `fate` says for each request what happens and how much of the limit it takes

    The bill has what was used of what each request may use: an answer whose connection breaks is on it as well."""

    name, concurrency, max_tokens = 'fake/billed', 4, 400

    def __init__(self, fate=lambda request: ('answer', 0.1), price=(1.0, 2.0), seconds=0.0):
        self.fate, self.prices, self.seconds = fate, price, seconds
        self.dollars, self.tokens, self.asked = 0.0, 0, 0

    def price(self, tokens_in, tokens_out):
        return None if self.prices is None else (tokens_in * self.prices[0] + tokens_out * self.prices[1]) / 1e6

    async def ask(self, request):
        self.asked += 1
        rng = random.Random(self.asked)
        what, share = self.fate(request)
        await asyncio.sleep(self.seconds * random.random())
        if what == 'refuse':
            raise ModelError('declined', 'request')
        tokens_in = len((request.system + request.prompt).encode())
        tokens_out = max(1, int(share * self.max_tokens))
        self.tokens += tokens_in + tokens_out
        self.dollars += self.price(tokens_in, tokens_out) or 0.0
        if what == 'lose':
            raise ConnectionError('reset')
        if what == 'silent':
            return texts(request, rng)
        return Answer(texts(request, rng), tokens_in, tokens_out, cut=what == 'cut')


def quietly(call, *args, **kw):
    "Return what a call gives, and what it warns of"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        result = call(*args, **kw)
    return result, [str(o.message) for o in said if o.category is ShortWarning]


# --- the bookkeeping

STEPS = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(['ask', 'send', 'refuse', 'answer', 'end', 'raise']), st.floats(0, 1)),
    max_size=60,
)


@given(STEPS, st.integers(1, 60), st.integers(1, 60))
@settings(deadline=None, max_examples=300)
def test_no_history_exceeds_the_cap(steps, cap, most):
    "Questions interleave; each is sent any number of times. `bill` has the full price of what ended without a word"
    budget = Budget(max_tokens_total=cap)
    open_charges, on_way, bill = {}, {}, 0
    for number, what, share in steps:
        charge = open_charges.get(number)
        if what == 'raise':
            cap += int(share * 20)
            budget.allow(max_tokens_total=cap)
        elif charge is None:
            charge = budget.reserve(Cost(0, 1 + number * most // 8))
            if charge:
                open_charges[number] = charge
        elif what == 'send':
            bill += on_way.pop(number, 0)  # Nobody knows how the last attempt ended, so it may be on the bill
            try:
                charge.begin()
            except ModelError:
                charge.end()
                del open_charges[number]
                event('no money for another attempt')
            else:
                on_way[number] = charge.cost.tokens
        elif what == 'refuse' and number in on_way:
            charge.cost_nothing()
            del on_way[number]
        elif what == 'answer' and number in on_way:
            used = round(share * on_way.pop(number))
            bill += used
            charge.settle(Cost(0, used))
            del open_charges[number]
        elif what == 'end':
            bill += on_way.pop(number, 0)
            charge.end()
            del open_charges[number]
        assert bill + sum(on_way.values()) <= budget.sum.total().tokens <= cap
        assert budget.sum.total() == budget.spent + budget.unknown + budget.on_way
        assert budget.n_on_way == len(open_charges)
    for charge in open_charges.values():
        charge.end()
    assert budget.on_way == Cost() and budget.n_on_way == 0


@given(st.floats(1e-6, 5), st.lists(st.floats(1e-9, 0.05), max_size=60))
@example(0.017041213852157136, [0.017041213852157136])
@settings(deadline=None)
def test_money_is_rounded_to_the_safe_side(cap, prices):
    "Sums of floats may drift; the dollars that fit are never more than the cap, and the words add up to more than it"
    from fractions import Fraction

    budget, bill = Budget(max_dollars=cap), Fraction(0)
    for price in prices:
        charge = budget.reserve(Cost.of(price, 1))
        if charge:
            charge.begin()
            charge.settle(charge.cost)
            bill += Fraction(price)
        else:
            spent, most, refused = (Fraction(amount) for amount in re.findall(r'\$(\d+\.\d+)', budget.why_full()))
            assert spent + refused > most, budget.why_full()
    assert bill <= Fraction(cap) + Fraction(len(prices) + 1, 10**12)  # A thousandth of the unit for each


# --- runs

FATES = st.sampled_from(['answer', 'answer', 'answer', 'cut', 'lose', 'silent', 'refuse'])


@given(st.lists(st.tuples(FATES, st.floats(0, 1)), min_size=1, max_size=30), st.floats(0.0, 0.05), st.randoms())
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
def test_no_run_exceeds_the_cap(fates, dollars, rng):
    "Whatever a model answers, and however requests are lost, its own bill is within the cap"
    model = Billed(lambda request: rng.choice(fates))
    try:
        df, said = quietly(generate, TASK, 12, model=model, cache=':memory:', max_dollars=dollars, **QUIET)
    except ModelError:  # All requests failed
        event('failed')
    else:
        event('whole' if len(df) == 12 else 'short')
        assert len(df) == 12 or said
    assert model.dollars <= dollars


def one_of(runs, rng):
    "Do something to a run, as a person or another kernel would"
    run = rng.choice(runs)
    rng.choice([run.stop, run.pause, run.resume, run.resume, run.progress, lambda: run.cap_words])()


@pytest.mark.parametrize('seed', range(4))
def test_no_steering_exceeds_the_cap(seed, cache):
    "Several runs spend from one sum, in memory or in the file, and are stopped, resumed and begun again meanwhile"
    rng = random.Random(seed)
    model, cap = Billed(lambda request: (rng.choice(list(FATES.elements)), rng.random()), seconds=0.005), 0.03
    shared = dict(max_dollars=cap, budget='notes') if seed % 2 else dict(budget=Budget(max_dollars=cap))
    runs = []
    for number in range(4):
        how = dict(cache=Cache(cache), seed=number, verify=False, filters=False)
        runs.append(start(TASK, 20, model=model, **how, **shared))
        for _ in range(4):
            one_of(runs, rng)
            time.sleep(0.01)
            assert model.dollars <= cap
    for run in runs:
        run.stop()
    while any(run.budget.n_on_way for run in runs):
        time.sleep(0.01)
    assert 0 < model.dollars <= runs[0].budget.sum.total().dollars + 1e-9 <= cap + 2e-9


def test_cached_answers_cost_nothing(cache):
    "A finished call again, with a cap that allows nothing: the frame is the same"
    model = Billed()
    first = generate(TASK, 12, model=model, cache=cache, **QUIET)
    asked = model.asked
    again = generate(TASK, 12, model=model, cache=cache, max_dollars=0, **QUIET)
    assert first.equals(again) and model.asked == asked


def test_what_is_cached_is_kept_at_the_cap(cache):
    "Jobs without money do not keep others from their stored answers"
    model = Billed()
    small = generate(
        TASK, n_source_type=1, n_topic=2, n_subtopic=1, sample_per_subtopic=2, model=model, cache=cache, **QUIET
    )
    tree = dict(n_source_type=1, n_topic=2, n_subtopic=1, sample_per_subtopic=3)
    df, said = quietly(generate, TASK, **tree, model=model, cache=cache, max_dollars=0, **QUIET)
    assert set(df.text) == set(small.text) and len(df) == 12
    assert len(said) == 1 and '12 of 18 rows, 6 rows missing' in said[0] and 'max_dollars=' in said[0]


def test_the_call_goes_on_with_a_higher_cap(cache):
    "A capped call, and the same call with more: together they pay what one call without a cap pays"
    whole = Billed()
    expected = generate(TASK, 30, model=whole, cache=':memory:', **QUIET)
    model = Billed()
    df, said = quietly(generate, TASK, 30, model=model, cache=cache, max_dollars=0.02, **QUIET)
    assert len(df) < 30 and model.dollars <= 0.02 and 'The same call with max_dollars=0.04 goes on' in said[0]
    df, said = quietly(generate, TASK, 30, model=model, cache=cache, max_dollars=5, **QUIET)
    assert len(df) == len(expected) == 30 and not said and model.asked == whole.asked


def test_texts_at_the_cap_may_not_be_checked_yet():
    "They are in the frame, without confidence, and the warning counts them"
    how = QUIET | dict(model=Billed(), cache=':memory:', verify=True, max_dollars=0.02)
    df, said = quietly(generate, TASK, 30, **how)
    n_accepted = int(re.search(r'with (\d+) of 30 rows', said[0])[1])
    n_waiting = len(df) - n_accepted
    assert n_waiting and f'{n_waiting} of them written and not checked yet' in said[0]
    assert df.confidence.isna().sum() == n_waiting


def test_a_run_pauses_says_why_and_goes_on():
    run = start(TASK, 30, model=Billed(), cache=':memory:', max_tokens_total=20_000, verify=False, filters=False)
    df, said = quietly(run.result, 20)  # Does not wait for ever
    assert run.status == 'paused' and run.is_at_cap and not run.done
    assert len(df) < 30 and said == [run.cap_words]
    assert (
        f'{30 - len(df)} rows missing' in run.cap_words
        and 'run.resume(max_tokens_total=40000) goes on' in run.cap_words
    )
    spent = run.budget.sum.total()
    assert spent == run.budget.spent and spent.tokens == run.usage.tokens_in + run.usage.tokens_out <= 20_000
    run.resume()  # Without more money it pauses again
    assert quietly(run.result, 20)[1] == [run.cap_words] and run.budget.sum.total() == spent
    assert len(run.resume(max_tokens_total=10**7).result(20)) == 30 and run.status == 'done' and run.cap_words == ''


def test_a_run_at_its_cap_can_be_stopped_and_resumed():
    run = start(TASK, 30, model=Billed(), cache=':memory:', max_dollars=0.01, verify=False, filters=False)
    quietly(run.result, 20)
    run.stop()
    quietly(run.result, 20)
    while not run.done:
        time.sleep(0.01)
    assert run.status == 'stopped' and 'The same call with max_dollars=' in run.cap_words
    with pytest.raises(ValueError, match='^max_dollars=0.001 is below what is spent already, 0.00'):
        run.resume(max_dollars=0.001)
    assert len(run.resume(max_dollars=5).result(20)) == 30


def test_the_cap_is_raised_while_it_works():
    "From another thread, again and again: the run ends whole, and never was above what was allowed at the time"
    model = Billed(seconds=0.002)
    run = start(TASK, 60, model=model, cache=':memory:', max_dollars=0.005, verify=False, filters=False)
    cap = 0.005
    while not run.done:
        assert model.dollars <= cap
        cap += 0.002
        run.resume(max_dollars=cap)
        time.sleep(0.003)
    assert len(run.result(20)) == 60


def test_grow_pauses_too():
    tax, said = quietly(grow, TASK, 2, 3, 2, model=Billed(), cache=':memory:', max_dollars=0.008, progress=False)
    assert 0 < len(list(tax.walk())) < 3 + 6 + 18 + 36 and 'nodes missing' in said[0]
    run = start_grow(TASK, 2, 3, 2, model=Billed(), cache=':memory:', max_dollars=0.008)
    quietly(run.result, 20)
    assert len(list(run.resume(max_dollars=5).result(20).cells())) == 36


def test_async_calls_have_the_cap():
    df, said = quietly(asyncio.run, agenerate(TASK, 30, model=Billed(), cache=':memory:', max_dollars=0.01, **QUIET))
    assert len(df) < 30 and 'Paused at the spending cap' in said[0]


def test_judge_and_writer_both_count():
    class Judging(Billed):
        name = 'fake/judging'

        async def ask(self, request):
            self.asked += 1
            self.tokens += 50
            self.dollars += self.price(49, 1)
            return Answer('A', 49, 1)

    writer, judge = Billed(), Judging(price=(100.0, 100.0))
    options = dict(cache=':memory:', max_dollars=0.4, verify=judge, progress=False, filters=False)
    df, said = quietly(generate, TASK, 30, model=writer, **options)
    assert judge.asked and 0.2 < writer.dollars + judge.dollars <= 0.4 and said


def test_one_budget_for_several_calls():
    budget, model = Budget(max_dollars=0.02), Billed()
    tax = grow(TASK, 1, 2, 1, model=model, cache=':memory:', budget=budget, progress=False)
    after_tree = model.dollars
    df, said = quietly(generate, tax, 60, model=model, cache=':memory:', budget=budget, **QUIET)
    assert 0 < after_tree < model.dollars <= 0.02 and len(df) < 60 and said
    assert budget.spent.dollars == pytest.approx(model.dollars, abs=1e-6)


def test_two_runs_share_a_question_and_one_pays():
    "The second run of the same call waits for the answers of the first, and gets its money back"
    model, cache = Billed(seconds=0.02), Cache(':memory:')
    runs = [start(TASK, 12, model=model, cache=cache, max_dollars=1, verify=False, filters=False) for _ in range(2)]
    for run in runs:
        assert len(run.result(20)) == 12
    paid = sum(run.budget.spent.dollars for run in runs)
    assert paid == pytest.approx(model.dollars, abs=1e-6)
    assert all(run.budget.on_way == run.budget.unknown == Cost() for run in runs)


def test_a_stop_keeps_money_for_what_is_on_its_way():
    "Requests that were sent are still answered and settled after a stop"
    model = Billed(seconds=0.2)
    run = start(TASK, 60, model=model, cache=':memory:', max_dollars=1, verify=False, filters=False)
    while not model.asked:
        time.sleep(0.005)
    run.stop()
    while run.budget.n_on_way:
        assert model.dollars <= run.budget.sum.total().dollars
        time.sleep(0.01)
    assert run.budget.spent.dollars == pytest.approx(model.dollars, abs=1e-6) and model.dollars > 0


# --- what is asked for, and what models say


def test_clear_errors_before_anything_is_sent():
    unpriced = Billed(price=None)
    with pytest.raises(ValueError, match=r'price=\(0.15, 0.60\).*max_tokens_total='):
        generate(TASK, 12, model=unpriced, cache=':memory:', max_dollars=1, **QUIET)
    with pytest.raises(ValueError, match='price=.*max_tokens_total='):
        generate(TASK, 12, model=Billed(), verify=unpriced, cache=':memory:', max_dollars=1, progress=False)
    server = get_model('openai/x', base_url='http://127.0.0.1:9/v1')
    for call in (generate, start, grow, start_grow):
        with pytest.raises(ValueError, match='max_tokens_total='):
            call(TASK, 12, model=server, cache=':memory:', max_dollars=1)
    with pytest.raises(ValueError, match='nothing limits the length'):
        start(TASK, 12, model=get_model('openai/gpt-5-mini', max_tokens=None), cache=':memory:', max_dollars=1)
    for wrong in (dict(max_dollars=-1), dict(max_dollars='5'), dict(max_tokens_total=1.5), dict(budget='movies')):
        with pytest.raises(ValueError, match='max_dollars|max_tokens_total'):
            start(TASK, 12, model=unpriced, cache=':memory:', **wrong)
    run = start(TASK, 12, model=Billed(), cache=':memory:', verify=False)
    run.result(20)
    with pytest.raises(ValueError, match='no spending cap'):
        run.resume(max_dollars=1)
    assert unpriced.asked == 0


def test_tokens_are_capped_without_a_price():
    model = Billed(price=None)
    df, said = quietly(generate, TASK, 60, model=model, cache=':memory:', max_tokens_total=15_000, **QUIET)
    assert 0 < model.tokens <= 15_000 and 'max_tokens_total=' in said[0]


def test_the_dearer_of_two_prices_is_set_aside():
    "A batch may cost more than a live request, by prices of your own"
    dear = get_model('openai/x', price=(1, 2), batch_price=(10, 20))
    cheap = get_model('openai/x', price=(1, 2), batch_price=(0.1, 0.2))
    request = Request('Name a topic')
    live = most_cost(dear, request)
    assert most_cost(dear, request, batches_of(dear)).nanodollars == 10 * live.nanodollars
    assert most_cost(cheap, request, batches_of(cheap)) == live


def test_a_run_asks_less_at_a_time_as_the_money_ends():
    "The room is used up to the last request that fits: with answers far below their limit that is most of it"
    model = Billed(lambda request: ('answer', 0.02))
    quietly(generate, TASK, 300, model=model, cache=':memory:', max_dollars=0.03, **QUIET)
    assert 0.03 - most_cost(model, Request('x' * 4000)).dollars < model.dollars <= 0.03


class Sure(Model):
    name, max_tokens = 'fake/sure', 100

    def price(self, tokens_in, tokens_out):
        return (tokens_in + tokens_out) / 1e6


@pytest.mark.parametrize(
    'answer',
    ['plain text', Answer('text', None, 5), Answer('text', 5, None), Answer('text', 0, 9), Answer('text', 9, 0)],
)
def test_an_answer_without_numbers_counts_as_the_most(answer):
    most = most_cost(Sure(), Request('Name a topic'))
    assert cost_of(Sure(), answer if isinstance(answer, Answer) else Answer(answer), most) == most


@pytest.mark.parametrize(
    'text', ['Name a topic', 'สวัสดีชาวโลก', '🙂🙃👩‍👩‍👧‍👦', '\ufdfa\ufdfa', 'a' * 500, '𝕳𝖊𝖑𝖑𝖔', '\u0001\u0002']
)
def test_the_bound_of_a_prompt_holds(text):
    "No tokenizer of bytes gives more tokens than bytes, normalized or not"
    from unicodedata import normalize

    n_tokens, _ = get_model('openai/gpt-5-mini').most_tokens(Request(text, system=text))
    assert n_tokens >= max(len((2 * form).encode()) for form in (text, normalize('NFKC', text)))


# --- through the SDKs


@pytest.fixture(autouse=True)
def sdks_do_not_wait(monkeypatch):
    "Before they send a request again"
    import anthropic._base_client
    import openai._base_client

    for sdk in (anthropic, openai):
        monkeypatch.setattr(sdk._base_client, 'INITIAL_RETRY_DELAY', 0.01)
        monkeypatch.setattr(sdk._base_client, 'MAX_RETRY_DELAY', 0.02)


def test_no_key_of_the_cache_knows_of_prices(cache, server):
    "An old cache answers a model with a price of its own"
    first = generate(TASK, 12, model=openai(server), cache=cache, **QUIET)
    n = server.count
    again = generate(TASK, 12, model=openai(server, price=(1, 2)), cache=cache, max_dollars=0, **QUIET)
    assert first.equals(again) and server.count == n


def bill(server, price):
    "What a provider would charge at most: a request that broke off, or ended in a 500, may have been answered in full"
    dollars = 0.0
    for asked in server.requests():
        tokens_in, tokens_out = asked['tokens'] or (len(asked['prompt'].encode()), asked['limit'])
        if asked['status'] not in (400, 401, 429):
            dollars += (tokens_in * price[0] + tokens_out * price[1]) / 1e6
    return dollars


@pytest.mark.parametrize('provider', [openai, anthropic])
def test_attempts_of_an_sdk_count(provider):
    "Broken connections, errors of the server, refusals and answers that are cut: each attempt is paid for before it leaves"
    faults = {'429': 0.2, 'close': 0.1, '500': 0.05, 'truncated': 0.1}
    price, cap = (1.0, 5.0), 0.03
    with serve(faults=faults, seed=5) as server:
        model = provider(server, price=price, max_tokens=500, concurrency=4)
        df, said = quietly(generate, TASK, 90, model=model, cache=':memory:', max_dollars=cap, **QUIET)
        statuses = [asked['status'] for asked in server.requests()]
        assert len(df) < 90 and said and {0, 200, 429} <= set(statuses)
        assert 0.5 * cap < bill(server, price) <= cap


def test_refused_attempts_cost_nothing(cache):
    "A third of the requests meet a rate limit, and the money is what the answers took"
    with serve(faults={'429': 0.3}) as server:
        model = openai(server, price=(1, 2), concurrency=4)
        run = start(TASK, 6, model=model, cache=cache, max_dollars=5, verify=False, filters=False)
        assert len(run.result(60)) == 6
        assert run.budget.unknown == Cost() and run.usage.retries > 0
        assert run.budget.spent.dollars == pytest.approx(bill(server, (1, 2)), abs=1e-6)


def test_a_server_out_of_reach_costs_nothing():
    "Nothing has left this machine, so the error of the server is shown, not the cap"
    model = openai(type('Nowhere', (), dict(url='http://127.0.0.1:9/v1')), price=(1, 2), retries=1)
    budget = Budget(max_dollars=0.02)
    with pytest.raises(ModelError, match='cannot be reached'):
        generate(TASK, 12, model=model, cache=':memory:', budget=budget, **QUIET)
    assert budget.sum.total() == Cost()


def test_no_attempt_leaves_without_money():
    "One request fits, its connection breaks, and the SDK would send it again"
    with serve(faults={'close': 1}) as server:
        model = openai(server, price=(1, 2), retries=5, max_tokens=1000)
        began = time.monotonic()
        df, said = quietly(generate, TASK, 12, model=model, cache=':memory:', max_dollars=0.006, **QUIET)
        assert server.count == 1 and len(df) == 0 and time.monotonic() - began < 5
        assert '1 request without a known end' in said[0]


def test_a_refused_limit_ends_the_run(cache):
    "A server that takes no limit could answer at any length, so nothing is sent without one"
    model = openai(type('Any', (), dict(url='http://127.0.0.1:9/v1')), price=(1, 2))
    run = start(TASK, 12, model=model, cache=cache, max_dollars=1, verify=False)
    model.left_out |= {'max_tokens', 'max_completion_tokens'}
    with pytest.raises(ModelError, match='nothing limits the length|cannot be reached'):
        run.result(20)


def test_the_cap_holds_while_a_rate_limit_is_waited_for():
    "Many requests meet a 429. A pause, a higher cap and a stop work meanwhile"
    with serve(faults={'429': 0.2}, seed=1) as server:
        model = openai(server, price=(1, 2), max_tokens=1000, retries=100)
        run = start(TASK, 100, model=model, cache=':memory:', max_dollars=0.01, verify=False, filters=False)
        quietly(run.result, 60)
        assert run.is_at_cap and bill(server, (1, 2)) <= 0.01
        run.resume(max_dollars=0.02).pause()
        run.resume()
        quietly(run.result, 60)
        assert run.is_at_cap and 0.01 < bill(server, (1, 2)) <= 0.02
        run.stop()


# --- a sum that outlives the kernel


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no forkserver')
def test_a_named_budget_outlives_a_kill(cache):
    "A process dies with requests on their way. Whatever the next ones do, all of them together stay below the cap"
    with serve(latency=0.05) as server:
        process = children().Process(target=batch_child.spend, args=(server.url, cache))
        process.start()
        while server.count < 5:
            time.sleep(0.01)
        process.kill()
        process.join()
        left_over = Cache(cache).sums('notes')
        assert left_over[0] > 0
        model = openai(server, price=(1, 2), max_tokens=1000)
        options = dict(model=model, cache=cache, budget='notes', **QUIET)
        df, said = quietly(generate, TASK, 30, max_dollars=0.015, **options)
        assert bill(server, (1, 2)) <= 0.015 and len(df) < 30 and "under 'notes'" in said[0]
        assert Cache(cache).sums('notes')[0] <= 0.015 * 10**9
        assert len(generate(TASK, 30, max_dollars=5, **options)) == 30


def test_sums_survive_a_file_that_is_deleted(cache):
    kept = Cache(cache)
    kept.add_up('notes', 5, 6)
    cache.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert kept.sums('notes') == (5, 6)
    assert Cache(cache).sums('notes') == (5, 6)


def test_two_threads_never_share_the_last_dollar(cache):
    "Each has a connection of its own, like two kernels"
    added = []

    def spend():
        kept = Cache(cache)
        added.extend(kept.add_up('notes', 7, 1, most_nanodollars=700) for _ in range(100))

    threads = [threading.Thread(target=spend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert added.count(True) == 100 and Cache(cache).sums('notes') == (700, 100)


def test_a_prompt_is_filled_once(monkeypatch):
    "The request that says what an answer can cost is the one that is sent"
    filled = []
    fill = Prompts.request
    monkeypatch.setattr(Prompts, 'request', lambda self, *args, **kw: filled.append(args) or fill(self, *args, **kw))
    n_filled = []
    for caps in ({}, dict(max_dollars=5)):
        filled.clear()
        generate(TASK, 12, model=Billed(), cache=':memory:', **QUIET, **caps)
        n_filled.append(len(filled))
    assert n_filled[0] == n_filled[1] > 0
    filled.clear()
    model = Billed(seconds=0.002)
    model.concurrency = 32
    quietly(generate, TASK, 300, model=model, cache=':memory:', max_dollars=0.05, **QUIET)
    assert len(filled) < 5 * model.asked  # Keys need it too. Those who wait for money do not fill it at each settlement
