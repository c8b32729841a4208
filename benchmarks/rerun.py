"""Measure how fast a run is when every answer is in the cache.

A model in this process writes 10,000 rows. The same call then runs again from the cache, which is opened again as
in a new session. Wanted: at least 50,000 rows a second, and no request. The second line is the same without what the
cache remembers of finished calls: each answer is read, filtered and placed again, as after an edit of the cache."""

import tempfile
import time
from pathlib import Path
from statistics import median

from own import Own

from syngen_nb import Cache, Task, generate

ROWS = 10_000
REPEATS = 5
TASK = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])


def time_rerun(model, path, first):
    "Return the wall time of the call with every answer in the cache."
    asked = model.asked
    start = time.perf_counter()
    df = generate(TASK, ROWS, model=model, cache=Cache(path), progress=False)
    wall = time.perf_counter() - start
    assert df.equals(first) and model.asked == asked
    return wall


def print_rate(what, seconds, n_answers, wanted=None):
    "Print the median of `seconds`, and the rows a second."
    wall = median(seconds)
    rate = ROWS / wall
    ratio = f'; ratio to {wanted:,} rows/s {rate / wanted:.2f} (wanted: at least 1)' if wanted else ''
    print(
        f'{what}: {ROWS:,} rows from {n_answers:,} cached answers in {wall:.2f} s (median of {REPEATS}): '
        f'{rate:,.0f} rows/s{ratio}'
    )


def main():
    with tempfile.TemporaryDirectory() as folder:
        model = Own()
        path = Path(folder) / 'c.sqlite'
        first = generate(TASK, ROWS, model=model, cache=path, progress=False)
        assert len(first) == ROWS
        print_rate('rerun', [time_rerun(model, path, first) for _ in range(REPEATS)], model.asked, 50_000)
        seconds = []
        for _ in range(REPEATS):
            Cache(path).forget_outcomes()
            seconds.append(time_rerun(model, path, first))
        print_rate('rerun without memory', seconds, model.asked)


if __name__ == '__main__':
    main()
