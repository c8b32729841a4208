"""Measure how time and memory grow with rows, rows a cell, labels, votes and more, each point in a process of its own.

A model in this process answers at once. Each line says how many rows a run had, how many seconds of the processor it
took, and how much memory it needed beyond the imports. The line after a series gives its exponents, between the first
and the last point and between the last two: 1 means that twice as many take twice as long.
Wanted: at most 1.15 between the last two.

`python benchmarks/growth.py` measures all series, `python benchmarks/growth.py rows labels` only these."""

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERIES = {  # What grows: its sizes, and the arguments of `measure` for a size
    'rows': ((2_000, 10_000, 50_000, 200_000), lambda n: dict(rows=n)),
    'rows_a_cell': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, n_cells=1)),
    'cells': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, n_cells=n // 2)),
    'labels': ((25, 75, 150), lambda n: dict(rows=100 * n, n_labels=n)),
    'votes': ((2, 6, 18), lambda n: dict(rows=1_000, n_votes=n)),
    'checked_rows': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, n_votes=1)),
    'near_duplicates': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, fault='near')),
    'openings': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, fault='opening')),
    'shares': ((2_000, 6_000, 20_000), lambda n: dict(rows=n, fault='spent', n_cells=n // 20)),
    'splits': ((2_000, 10_000, 50_000), lambda n: dict(rows=n, then='split')),
}
MOST = 1.15  # Exponent between the last two points


def peak():
    "Return the most memory that this process had so far, in MiB."
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == 'darwin' else 2**10)


def measure(rows, n_labels=2, n_cells=None, n_votes=0, fault='', then=''):
    "Write so many rows; return seconds of the processor and MiB."
    from own import Own

    from syngen_nb import Judge, Task, generate, split
    from syngen_nb.filters import other_language

    other_language('Ein Satz, der lang genug ist', 'English')  # Loads the detector, which takes half a second once
    task = Task('Sort notes by what they are about', [f'Shelf {i}' for i in range(n_labels)])
    counts = {}
    if n_cells:
        n_topics = -(-n_cells // 50) if n_cells > 50 else n_cells
        counts = dict(n_source_type=1, n_topic=n_topics, n_subtopic=-(-n_cells // n_topics))
    verify = Judge('keep', votes=n_votes) if n_votes else False
    with tempfile.TemporaryDirectory() as folder:
        before = peak()
        began = time.process_time()
        model = Own(29, fault)
        df = generate(task, rows, model=model, cache=Path(folder) / 'c.sqlite', verify=verify, progress=False, **counts)
        if then == 'split':
            before, began = peak(), time.process_time()
            split(df)
        seconds = time.process_time() - began
    assert len(df) == rows, len(df)
    return seconds, peak() - before


def exponent(sizes, values):
    "Return by which power of the sizes the values grow, from the first to the last."
    return math.log(max(values[-1], 1e-9) / max(values[0], 1e-9)) / math.log(sizes[-1] / sizes[0])


def run_series(name):
    "Measure each point of a series in a process of its own, and print them."
    sizes, arguments = SERIES[name]
    points = []
    for size in sizes:
        given = arguments(size)
        found = subprocess.run(
            [sys.executable, __file__, json.dumps(given)], check=True, capture_output=True, text=True
        )
        points.append(json.loads(found.stdout.splitlines()[-1]))
        seconds, mib = points[-1]
        print(f'{name}: {size:,} ({given["rows"]:,} rows): {seconds:.2f} s, {mib:,.0f} MiB', flush=True)
    for what, values in zip(('time', 'memory'), zip(*points)):
        last = exponent(sizes[-2:], values[-2:])
        overall = exponent(sizes, values)
        print(
            f'{name}: {what} exponent {overall:.2f} over all, {last:.2f} at the end; ratio to {MOST} {last / MOST:.2f}'
        )


def main():
    if sys.argv[1:] and sys.argv[1].startswith('{'):
        print(json.dumps(measure(**json.loads(sys.argv[1]))))
        return
    for name in sys.argv[1:] or SERIES:
        run_series(name)


if __name__ == '__main__':
    main()
