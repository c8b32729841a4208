"""Measure the peak memory of 1,000, 10,000 and 100,000 rows, and of 77 labels, each in a process of its own.

It also says how long one run held the event loop that all runs share, in seconds of the processor, so that a busy
machine changes nothing. Wanted: below 1 GiB, 400 MiB for 77 labels, and never more than half a second."""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = ((1_000, 3, 1024), (10_000, 3, 1024), (100_000, 3, 1024), (7_700, 77, 400))  # Rows, labels, most MiB
LONGEST_HOLD = 0.5  # Seconds


async def watch_loop(holds):
    "Note how long the loop was held each time."
    last = time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = time.thread_time()
        holds.append(now - last)
        last = now


def measure(rows, n_labels, wanted):
    "Write so many rows with a model in this process, and print the peak of its memory."
    from own import Own

    from syngen_nb import Task, generate
    from syngen_nb.filters import other_language
    from syngen_nb.loop import worker

    other_language('Ein Satz, der lang genug ist', 'English')  # Loads the detector, which takes half a second once
    task = Task('Sort notes by what they are about', [f'Shelf {i}' for i in range(n_labels)])
    holds = []
    worker.start(watch_loop(holds))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        df = generate(task, rows, model=Own(), cache=Path(folder) / 'c.sqlite', progress=False)
        wall = time.perf_counter() - start
        assert len(df) == rows
    frame = df.memory_usage(deep=True).sum() / 2**20
    unit = 2**20 if sys.platform == 'darwin' else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(
        f'memory: {rows:,} rows of {n_labels} labels in {wall:.0f} s, peak {peak:,.0f} MiB, frame {frame:,.0f} MiB; '
        f'ratio to {wanted:,} MiB {peak / wanted:.2f} (wanted: below 1); '
        f'the loop was held {max(holds):.2f} s at most, ratio to {LONGEST_HOLD} s {max(holds) / LONGEST_HOLD:.2f}',
        flush=True,
    )


def main():
    for size in SIZES:
        subprocess.run([sys.executable, __file__, *map(str, size)], check=True)


if __name__ == '__main__':
    if len(sys.argv) > 1:
        measure(*map(int, sys.argv[1:]))
    else:
        main()
