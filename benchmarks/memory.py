"""Peak memory of 100,000 rows, written by a model in this process; each size in a fresh process. Wanted: under 1 GiB."""
import resource, subprocess, sys, tempfile, time
from pathlib import Path

def one(n):
    from own import Own
    from syngen_nb import Task, generate
    task = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])
    with tempfile.TemporaryDirectory() as tmp:
        t = time.perf_counter()
        df = generate(task, n, model=Own(), cache=Path(tmp)/'c.sqlite', progress=False)
        wall, size = time.perf_counter() - t, df.memory_usage(deep=True).sum()/2**20
        assert len(df) == n
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/(2**20 if sys.platform == 'darwin' else 2**10)
    print(f'memory: {n:,} rows in {wall:.0f} s, peak {peak:,.0f} MiB, frame {size:,.0f} MiB; ratio to 1 GiB {peak/1024:.2f} (wanted: below 1)', flush=True)

if __name__ == '__main__':
    if len(sys.argv) > 1: one(int(sys.argv[1]))
    else:
        for n in (1_000, 10_000, 100_000): subprocess.run([sys.executable, __file__, str(n)], check=True)
