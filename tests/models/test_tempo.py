"How near the limit comes to what servers allow, whatever they say: simulated, with the real `Limit` in made-up time"

import pytest
from virtual import BucketServer, WindowServer, play

RATES = {  # Requests a second, and how many at once
    '2 a second': (2, 2),
    '5 a second': (5, 5),
    '5 a second, 30 at once': (5, 30),
    '10 a second': (10, 10),
    '50 a second': (50, 50),
    '20 a minute': (20 / 60, 20),
    '50 a minute': (50 / 60, 50),
    '60 a minute, 5 at once': (1, 5),
    '100 a minute': (100 / 60, 100),
    '50 in 6 seconds': (50 / 6, 50),
}
WAITS = {
    'says nothing': None,
    'honest': lambda lack: lack,
    'whole seconds': lambda lack: max(1.0, -(-lack // 1)),
    'too small': 0.1,
}


@pytest.mark.parametrize('wait', WAITS)
@pytest.mark.parametrize('rate', RATES)
def test_a_bucket_is_used_and_few_requests_are_refused(rate, wait, monkeypatch):
    "At most 1.15 of the bound; 5 % refused, or a little more where a server saved up a minute and says nothing of use"
    ratio, refused = play(BucketServer(*RATES[rate], WAITS[wait]), monkeypatch)
    is_costly = (rate, wait) == ('50 a second', 'whole seconds')  # Each refusal costs the time of 50 requests
    assert ratio < (1.8 if is_costly else 1.15)
    assert refused <= (0.056 if 'a minute' in rate else 0.05)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('wait', [None, 1.0])
@pytest.mark.parametrize(('rate', 'then'), [(5, (15, 10)), (10, (10, 5))])
def test_a_limit_that_changes(rate, then, wait, seed, monkeypatch):
    ratio, refused = play(BucketServer(rate, rate, wait, then), monkeypatch, seed=seed)
    assert ratio < (1.15 if wait is None else 1.3) and refused <= 0.05


@pytest.mark.parametrize('wait', [None, 0.5])
def test_tokens_that_each_answer_takes_differently(wait, monkeypatch):
    "200 to 700 tokens each, so a refusal tells less of the rate"
    server = BucketServer(2000, 20_000, wait, cost=lambda rng: rng.uniform(200, 700))
    ratio, refused = play(server, monkeypatch)
    assert ratio < 1.15 and refused < 0.08


@pytest.mark.parametrize(('holds', 'seconds'), [(50, 60), (20, 60), (50, 6), (5, 1)])
def test_a_fixed_window_that_says_when_it_ends(holds, seconds, monkeypatch):
    ratio, refused = play(WindowServer(holds, seconds, lambda left: left), monkeypatch)
    assert ratio < 1.5 and refused <= 0.07


def test_too_long_a_wait_costs_its_time_only(monkeypatch):
    "Each refusal costs three times the time that it should; the run ends, and few are refused"
    ratio, refused = play(BucketServer(5, 5, lambda lack: 3 * lack + 1), monkeypatch)
    assert ratio < 1.3 and refused < 0.04
