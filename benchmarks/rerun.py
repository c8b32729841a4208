"""Measure how fast a run is when every answer is in the cache.

A model in this process writes 10,000 rows. The same call then runs again from the cache, which is opened again as
in a new session. Wanted: at least 10,000 rows a second, and no request."""

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


def main():
    with tempfile.TemporaryDirectory() as folder:
        model = Own()
        path = Path(folder) / 'c.sqlite'
        first = generate(TASK, ROWS, model=model, cache=path, progress=False)
        assert len(first) == ROWS
        asked = model.asked
        wall = median(time_rerun(model, path, first) for _ in range(REPEATS))
    rate = ROWS / wall
    print(
        f'rerun: {ROWS:,} rows from {asked:,} cached answers in {wall:.2f} s (median of {REPEATS}): '
        f'{rate:,.0f} rows/s; ratio to 10,000 rows/s {rate / 10_000:.2f} (wanted: at least 1); '
        f'{model.asked - asked} asked again'
    )


if __name__ == '__main__':
    main()
