"How near the limit comes to what servers allow, whatever they say: simulated, with the real `Limit` in made-up time"

import math

import pytest
from virtual import BucketServer, MoodyServer, WindowServer, play

OPINIONS = 3 / 300  # Share of requests that find out whether a refusal is an accident
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
    assert refused <= (0.056 if 'a minute' in rate else 0.05) + OPINIONS


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('wait', [None, 1.0])
@pytest.mark.parametrize(('rate', 'then'), [(5, (15, 10)), (10, (10, 5))])
def test_a_limit_that_changes(rate, then, wait, seed, monkeypatch):
    ratio, refused = play(BucketServer(rate, rate, wait, then), monkeypatch, seed=seed)
    assert ratio < (1.15 if wait is None else 1.3) and refused <= 0.05 + OPINIONS


@pytest.mark.parametrize('late', [0.0, 0.02])
@pytest.mark.parametrize('rate', RATES)
def test_a_server_that_says_what_is_left_refuses_hardly_anything(rate, late, monkeypatch):
    "Five a second refused one in twenty, since 1.9 that are left are said to be 1"
    ratio, refused = play(BucketServer(*RATES[rate], says='requests'), monkeypatch, late=late)
    is_short = rate == '50 a second'  # The five seconds are hardly more than it takes to begin
    assert ratio < (1.2 if is_short else 1.05) and refused <= (0.04 if is_short else 0.02)


@pytest.mark.parametrize('late', [0.0, 0.02])
def test_tokens_that_a_server_says_are_left(late, monkeypatch):
    "350 tokens each at first and 450 later: 4 % were refused"
    costs = iter(range(10_000))
    server = BucketServer(
        2000, 20_000, cost=lambda rng: rng.uniform(340, 370) + 100 * (next(costs) > 60), says='tokens'
    )
    ratio, refused = play(server, monkeypatch, late=late)
    assert ratio < 1.05 and refused <= 0.02


def test_a_limit_that_is_said_and_changes(monkeypatch):
    for rate, then in ((5, (15, 10)), (10, (10, 5))):
        ratio, refused = play(BucketServer(rate, rate, None, then, says='requests'), monkeypatch, late=0.02)
        assert ratio < 1.1 and refused <= 0.02


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


@pytest.mark.parametrize('wait', [None, 1.0])
@pytest.mark.parametrize('rate', ['2 a second', '5 a second', '50 a minute'])
def test_slow_answers(rate, wait, monkeypatch):
    "Five seconds each: the search takes a few of them, and then many are on their way at once. It took twice the bound"
    ratio, refused = play(BucketServer(*RATES[rate], wait), monkeypatch, 400, latency=5.0, concurrency=64)
    assert ratio < 1.4 and refused <= 0.05


class DownServer(BucketServer):
    "Refuses everything from the 10th to the 310th second"

    def take(self, now, cost):
        return (False, self.wait) if 10 < now < 310 else super().take(now, cost)


@pytest.mark.parametrize('rate', ['5 a second', '50 a minute', '50 a second'])
def test_a_server_that_was_down(rate, monkeypatch):
    "It costs its time, the pause that was on its way, and some answers until the rate is back; 82 % were refused after it"
    rate, holds = RATES[rate]
    ratio, refused = play(DownServer(rate, holds), monkeypatch, 1000)
    bound = (1000 - holds) / rate
    assert ratio * bound < 1.2 * bound + 300 + 150 and refused <= 0.05


SHAPES = {  # Seconds of an answer, requests at a time, seconds of a refusal
    'quick': (0.05, 8, 0.002),
    'refusals as slow as answers': (0.05, 8, 0.05),
    'usual': (0.2, 32, 0.02),
    'slow': (5.0, 8, 0.05),
    'slow and many': (5.0, 64, 0.02),
}


def most_seconds(n, latency, concurrency, share, wait):
    """What a server that refuses at random may take: twice its latency for all requests, those sent again too, and for
    the one with the worst luck; and twenty pauses, to find out that it refuses at random"""
    by_latency = (4 + (n - 13) / concurrency) * latency
    worst_luck = (math.log(n) / math.log(1 / share)) * (latency + (wait or 0))
    pause = latency + (wait or 0.5)
    return by_latency, 2 * (by_latency / (1 - share) + worst_luck) + 20 * pause


@pytest.mark.parametrize('wait', [None, 1.0])
@pytest.mark.parametrize('share', [0.1, 0.2, 0.3])
@pytest.mark.parametrize('shape', SHAPES)
def test_accidents_slow_nothing_for_long(shape, share, wait, monkeypatch):
    "A server that refuses at random, whatever the rate. It cost a hundred or a thousand times as much"
    latency, concurrency, refusal = SHAPES[shape]
    by_latency, most = most_seconds(1000, latency, concurrency, share, wait)
    server = MoodyServer(share, wait)
    ratio, refused = play(server, monkeypatch, 1000, latency=latency, concurrency=concurrency, refusal=refusal)
    is_many = shape == 'slow and many'  # Its window has to grow again
    assert ratio * by_latency < most * (2 if is_many else 1)
    assert abs(refused - share) < 0.05


def test_an_overloaded_server_that_answers_others(monkeypatch):
    "Status 529 at random"
    by_latency, most = most_seconds(1000, 0.2, 32, 0.2, 1.0)
    ratio, _ = play(MoodyServer(0.2, 1.0), monkeypatch, 1000, is_overload=True)
    assert ratio * by_latency < most


@pytest.mark.parametrize('wait', [None, 1.0])
@pytest.mark.parametrize('share', [0.1, 0.2, 0.3])
@pytest.mark.parametrize('rate', ['5 a second', '50 a minute'])
def test_a_limit_below_accidents(rate, share, wait, monkeypatch):
    "The limit is found although many refusals tell nothing of it"
    ratio, _ = play(MoodyServer(share, wait, BucketServer(*RATES[rate], wait)), monkeypatch)
    assert ratio < 1.5 / (1 - share)


def test_refusals_at_random_that_end(monkeypatch):
    "25 % are refused for 24 seconds, then none: at worst those seconds are lost, and as many until the rate is back"
    by_latency, _ = most_seconds(6000, 0.2, 32, 0.25, 1.0)
    ratio, _ = play(MoodyServer(lambda now: 0.25 * (now < 24), 1.0), monkeypatch, 6000)
    assert ratio * by_latency < by_latency + 2 * 24
