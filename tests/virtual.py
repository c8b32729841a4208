"The real `Limit` against made-up servers in made-up time: minutes of a run take milliseconds"

import asyncio
import math
import random
from types import SimpleNamespace

from syngen_nb import limits
from syngen_nb.tempo import FIRST_WINDOW, Allowance

LATENCY = 0.2  # Seconds


class VirtualLoop(asyncio.SelectorEventLoop):
    "An event loop that goes on to the next timer instead of waiting for it"

    def __init__(self):
        super().__init__()
        self.now = 0.0
        select = self._selector.select

        def skip(timeout=None):
            ready = select(0)
            if not ready:
                self.now += timeout or 0
            return ready

        self._selector.select = skip

    def time(self):
        return self.now


class BucketServer:
    """So many requests a second, `holds` of them at once; `then` is (seconds, another rate). `says` is the kind of limit
    whose numbers are in its headers: what is left is rounded down, and the seconds until it is whole to milliseconds"""

    def __init__(self, rate, holds, wait=None, then=None, cost=None, says=None):
        self.rate, self.holds, self.wait, self.then, self.says = rate, holds, wait, then, says
        self.cost = cost or (lambda rng: 1)
        self.first_rate, self.level, self.at = rate, holds, 0.0

    def take(self, now, cost):
        "Return whether a request is taken, and the seconds that a refusal asks to wait"
        if self.then and now > self.then[0]:
            self.rate = self.then[1]
        self.level = min(self.holds, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level >= cost - 1e-9:
            self.level -= cost
            return True, None
        lack = (cost - self.level) / self.rate
        return False, self.wait(lack) if callable(self.wait) else self.wait

    def headers(self):
        "What is said after a request, whether it was taken or refused"
        if not self.says:
            return []
        reset = round((self.holds - self.level) / self.rate, 3)
        return [Allowance(self.says, self.holds, int(self.level), reset)]

    def bound(self, cost):
        "The least seconds for requests that cost so much"
        cost -= self.holds
        if self.then and cost > self.first_rate * self.then[0]:
            return self.then[0] + (cost - self.first_rate * self.then[0]) / self.then[1]
        return max(0, cost) / self.first_rate


class WindowServer(BucketServer):
    "`holds` requests in each window of so many seconds"

    def __init__(self, holds, seconds, wait=None):
        super().__init__(1, holds, wait)
        self.seconds, self.window = seconds, -1

    def take(self, now, cost):
        window = int(now // self.seconds)
        if window != self.window:
            self.window, self.level = window, self.holds
        if self.level:
            self.level -= 1
            return True, None
        left = (window + 1) * self.seconds - now
        return False, self.wait(left) if callable(self.wait) else self.wait

    def bound(self, cost):
        return (math.ceil(cost / self.holds) - 1) * self.seconds


class MoodyServer:
    "Refuses a share of the requests at random, whatever the pace, and passes the others on to `behind`"

    def __init__(self, share, wait=None, behind=None, seed=7):
        self.share, self.wait, self.behind = share, wait, behind
        self.rng = random.Random(seed)
        self.cost = lambda rng: 1
        self.headers = list

    def take(self, now, cost):
        share = self.share(now) if callable(self.share) else self.share
        if self.rng.random() < share:
            return False, self.wait
        return self.behind.take(now, cost) if self.behind else (True, None)

    def bound(self, cost):
        return self.behind.bound(cost) if self.behind else 0


def play(
    server,
    monkeypatch,
    n=300,
    seed=0,
    stages=(1, 3, 9),
    latency=LATENCY,
    concurrency=32,
    refusal=0.002,
    is_overload=False,
    late=0.0,
):
    """Return the seconds that a run with `n` requests takes, over what the server allows, and the share that it refuses.
    A request arrives `late` seconds after it left, on average, and its answer is as late again"""
    loop = VirtualLoop()
    monkeypatch.setattr(limits, 'worker', SimpleNamespace(loop=loop, call_soon=loop.call_soon))
    limit = limits.Limit(FIRST_WINDOW, clock=loop.time)
    rng = random.Random(seed)
    spent = []
    n_refused = 0

    async def request():
        nonlocal n_refused
        cost = server.cost(rng)
        while True:
            ticket = await limit.take(limits.Allowed(concurrency))
            if late:
                await asyncio.sleep(rng.expovariate(1 / late))
            is_taken, wait = server.take(loop.now, cost)
            headers = server.headers()
            delay = latency * rng.uniform(0.9, 1.1) if is_taken else refusal
            await asyncio.sleep(delay + (rng.expovariate(1 / late) if late else 0.0))
            limit.hear(ticket, headers)
            if is_taken:
                limit.give_back()
                spent.append(cost)
                return limit.answered(ticket, 300)
            n_refused += 1
            assert not limit.refused(ticket, wait, is_overload)
            limit.give_back()
            await asyncio.sleep(wait or 0)  # Others have its place meanwhile

    async def run():
        for k in stages:
            await asyncio.gather(*(request() for _ in range(k)))
        await asyncio.gather(*(request() for _ in range(n - sum(stages))))

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    by_latency = (len(stages) + 1 + (n - sum(stages)) / concurrency) * latency
    return loop.now / max(server.bound(sum(spent)) + latency, by_latency), n_refused / (n + n_refused)
