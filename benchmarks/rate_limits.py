"""Measure how a run gets along with a server that limits requests and tokens.

    python benchmarks/rate_limits.py [ROWS [LIMIT]]

Each line is a run of its own against a fake server with the defaults: 32 requests at a time at most, nothing set by
hand. The bound is the time that the limit itself takes for these answers, with what its bucket holds at the start.
Wanted: every run ends with its rows, in at most 1.15 of the bound, with at most 5 % of the requests refused. A minute
of 50 requests is scaled to 6 seconds. The last line shows two runs that share a limit, with a model object each."""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
from fake_server import serve

from syngen_nb import Task, generate, get_model

ROWS = 250
LATENCY = 0.2  # Seconds
TASK = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])
FIVE = dict(requests=300, burst=5)
FIFTY = dict(requests=50, minute=6)
CASES = {
    '5 a second, Retry-After: 1': FIVE | dict(retry_after='1'),
    '5 a second, no Retry-After': FIVE,
    '5 a second, OpenAI headers': dict(requests=300, headers='openai', burst=5),
    '50 a minute, scaled, honest Retry-After': FIFTY | dict(retry_after='0.1'),
    '50 a minute, scaled, no Retry-After': FIFTY,
    '50 a minute, scaled, OpenAI headers': FIFTY | dict(headers='openai'),
    'tokens a minute, Retry-After': dict(tokens=20_000, minute=10, retry_after='0.5'),
    'tokens a minute, OpenAI headers': dict(tokens=20_000, minute=10, headers='openai'),
    '5 a second, then 10': dict(requests=300, burst=5, then=(15, 600)),
    '10 a second, then 5': dict(requests=600, burst=10, then=(10, 300)),
}


def bound(server, limit):
    "Return the seconds that the answers in the log of `server` take at least."
    taken = [request for request in server.requests() if request['status'] == 200]
    minute = limit.get('minute', 60)
    if 'tokens' in limit:
        cost = sum(len(request['prompt']) // 4 + 200 for request in taken)
        return max(0, cost - limit['tokens']) / limit['tokens'] * minute
    rate = limit['requests'] / minute
    n = len(taken) - limit.get('burst', limit['requests'])
    if 'then' not in limit:
        return max(0, n) / rate
    seconds, later = limit['then']
    return n / rate if n < rate * seconds else seconds + (n - rate * seconds) / (later / minute)


def measure(limit, rows=ROWS, n_runs=1):
    "Return rows, wall time, bound, requests and refusals of `n_runs` runs side by side."
    with serve(latency=LATENCY, limit=limit) as server:
        frames = []

        def run(seed):
            model = get_model('openai/fake', base_url=server.url, api_key='k')
            frames.append(generate(TASK, rows // n_runs, model=model, cache=':memory:', seed=seed, progress=False))

        threads = [threading.Thread(target=run, args=[seed]) for seed in range(n_runs)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall = time.perf_counter() - start
        refused = sum(request['status'] == 429 for request in server.requests())
        return sum(map(len, frames)), wall, bound(server, limit) + LATENCY, server.count, refused


def warm_up():
    "Load the SDK."
    with serve() as server:
        model = get_model('openai/fake', base_url=server.url, api_key='k')
        generate(TASK, 12, model=model, cache=':memory:', progress=False)


def main():
    warm_up()
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    cases = [(name, limit, 1) for name, limit in CASES.items()]
    cases.append(('two runs share 5 a second', FIVE, 2))
    cases = [case for case in cases if sys.argv[2:] in ([], [case[0]])]
    print('| limit | rows | wall | bound | ratio | requests | refused |\n|---|---|---|---|---|---|---|')
    for name, limit, n_runs in cases:
        n, wall, low, n_requests, n_refused = measure(limit, rows, n_runs)
        print(
            f'| {name} | {n:,} of {rows:,} | {wall:.1f} s | {low:.1f} s | {wall / low:.2f} '
            f'| {n_requests} | {n_refused} = {n_refused / n_requests:.1%} |',
            flush=True,
        )


if __name__ == '__main__':
    main()
