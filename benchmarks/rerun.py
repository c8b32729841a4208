"""How fast a run is that asks nothing.

10,000 rows are written by a model in this process, then had again from the cache, which is opened anew as in
a new session. Wanted: 10,000 rows a second or more, none asked again."""
import tempfile, time
from pathlib import Path
from own import Own
from syngen_nb import Cache, Task, generate

N = 10_000
task = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])

def main():
    with tempfile.TemporaryDirectory() as tmp:
        path, m = Path(tmp)/'c.sqlite', Own()
        first = generate(task, N, model=m, cache=path, progress=False)
        assert len(first) == N
        asked, walls = m.asked, []
        for _ in range(5):
            t = time.perf_counter()
            df = generate(task, N, model=m, cache=Cache(path), progress=False)
            walls.append(time.perf_counter() - t)
            assert df.equals(first) and m.asked == asked
        w = sorted(walls)[2]
        print(f'rerun: {N:,} rows from {asked:,} cached answers in {w:.2f} s (median of 5): {N/w:,.0f} rows/s; ratio to 10,000 rows/s {N/w/10_000:.2f} (wanted: at least 1); {m.asked - asked} asked again')

if __name__ == '__main__': main()
