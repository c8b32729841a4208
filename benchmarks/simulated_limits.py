"""Play the limiter against made-up servers in made-up time, and print the mean and the worst of each kind.

    python benchmarks/simulated_limits.py [REQUESTS]

It is the real `Limit`, with 32 requests at a time and 0.2 s each. A kind has several rates, seeds and things that a
refusal says. The bound of a server that refuses at random leaves out the requests that are sent again. On a busy
network a request and its answer are 20 ms late each, on average. A refusal takes 2 ms, and a slow one 0.1 s, as over
the internet.
`rate_limits.py` measures whole runs against a real server instead, and takes ten minutes."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
import pytest
from virtual import BucketServer, MoodyServer, WindowServer, play

SEEDS = range(3)
SECONDS = {'2/s': (2, 2), '5/s': (5, 5), '5/s, 30 at once': (5, 30), '10/s': (10, 10), '50/s': (50, 50)}
MINUTES = {'20/min': (1 / 3, 20), '50/min': (5 / 6, 50), '50/min, 5 at once': (5 / 6, 5), '100/min': (5 / 3, 100)}
SINGLE = {'5/s, 1 at once': (5, 1), '10/s, 1 at once': (10, 1)}
WINDOWS = {
    '5 each second': (5, 1),
    '20 each minute': (20, 60),
    '50 each minute': (50, 60),
    '100 each minute': (100, 60),
}
WAITS = {
    'no Retry-After': None,
    'honest Retry-After': lambda lack: lack,
    'whole seconds': lambda lack: max(1.0, -(-lack // 1)),
    'too small': 0.1,
    'too large': lambda lack: 3 * lack + 1,
}


def kinds() -> Iterator[tuple[str, list]]:
    "Yield each kind of server, and functions that make one."
    for said, wait in WAITS.items():
        for name, rates in (('seconds', SECONDS), ('a minute', MINUTES), ('one at once', SINGLE)):
            yield f'bucket, {name}, {said}', [lambda r=r, w=wait: BucketServer(*r, w) for r in rates.values()]
        if said != 'too small':
            yield f'window, {said}', [lambda r=r, w=wait: WindowServer(*r, w) for r in WINDOWS.values()]
    for said in ('no Retry-After', 'whole seconds'):
        wait = WAITS[said]
        changes = [(5, (15, 10)), (10, (10, 5)), (20, (5, 4)), (4, (15, 20))]
        yield f'a change, {said}', [lambda c=c, w=wait: BucketServer(c[0], c[0], w, c[1]) for c in changes]
        yield (
            f'tokens, {said}',
            [
                lambda h=h, w=wait: BucketServer(2000, h, w, cost=lambda rng: rng.uniform(200, 700))
                for h in (4000, 20000)
            ],
        )
    for said, wait in (('no Retry-After', None), ('one second', 1.0)):
        for share in (0.05, 0.1, 0.2, 0.3):
            yield f'{share:.0%} at random, {said}', [lambda p=share, w=wait: MoodyServer(p, w)]
            below = [lambda p=share, w=wait, r=r: MoodyServer(p, w, BucketServer(*r, w)) for r in ((5, 5), (5 / 6, 50))]
            yield f'{share:.0%} at random and a limit, {said}', below


def late_kinds() -> Iterator[tuple[str, list]]:
    "Yield the kinds of server that are tried on a busy network too."
    for name, rates in (('seconds', SECONDS), ('a minute', MINUTES)):
        yield f'bucket, {name}, no Retry-After', [lambda r=r: BucketServer(*r) for r in rates.values()]
        yield (
            f'bucket, {name}, says what is left',
            [lambda r=r: BucketServer(*r, says='requests') for r in rates.values()],
        )


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    print('| server | wall ÷ bound, mean | worst | refused, mean | worst |\n|---|---|---|---|---|')
    with pytest.MonkeyPatch.context() as patch:
        cases: list[tuple[str, list, dict]] = [(name, servers, {}) for name, servers in kinds()]
        for name, servers in late_kinds():
            if 'says' in name:
                cases.append((name, servers, {}))
            cases.append((f'{name}, a busy network', servers, dict(late=0.02)))
            cases.append((f'{name}, slow refusals', servers, dict(refusal=0.1, late=0.01)))
        for name, servers, network in cases:
            found = [play(make(), patch, n, seed, **network) for make in servers for seed in SEEDS]
            ratios, refused = zip(*found)
            print(
                f'| {name} | {sum(ratios) / len(ratios):.2f} | {max(ratios):.2f} '
                f'| {sum(refused) / len(refused):.1%} | {max(refused):.1%} |'
            )


if __name__ == '__main__':
    main()
