"""Measure the peak memory of 1,000, 10,000 and 100,000 rows, each in a process of its own. Wanted: below 1 GiB."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (1_000, 10_000, 100_000)


def measure(rows):
    "Write so many rows with a model in this process, and print the peak of its memory."
    from own import Own

    from syngen_nb import Task, generate

    task = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        df = generate(task, rows, model=Own(), cache=Path(folder) / 'c.sqlite', progress=False)
        wall = time.perf_counter() - start
        assert len(df) == rows
    frame = df.memory_usage(deep=True).sum() / 2**20
    unit = 2**20 if sys.platform == 'darwin' else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(
        f'memory: {rows:,} rows in {wall:.0f} s, peak {peak:,.0f} MiB, frame {frame:,.0f} MiB; '
        f'ratio to 1 GiB {peak / 1024:.2f} (wanted: below 1)',
        flush=True,
    )


def main():
    for rows in SIZES:
        subprocess.run([sys.executable, __file__, str(rows)], check=True)


if __name__ == '__main__':
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        main()
