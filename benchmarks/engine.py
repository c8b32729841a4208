"""Measure how much the engine adds to waiting for the server.

A fake server answers each request after 0.2 s, or the seconds given: `python benchmarks/engine.py 0.5`. The benchmark
asks for 2,000 texts of three labels, the tree included, with 32 requests at a time. The lower bound is requests × the
latency / 32, plus the latency for each of the four levels of the tree. A bare loop over the SDK with the same prompts
shows what the SDK alone takes. A small run before each loads the SDK and does not count. On a slow processor the work
fills the time of the wait; a latency that is longer by the same factor shows what a usual one would measure."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
from fake_server import serve

from syngen_nb import Task, generate, get_model

LATENCY = float(sys.argv[1]) if len(sys.argv) > 1 else 0.2  # Seconds
AT_ONCE = 32
ROWS = 2000
LEVELS = 4
TASK = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])


def bound(requests):
    "Return the seconds that so many requests take at least."
    return requests * LATENCY / AT_ONCE + LEVELS * LATENCY


def time_engine(server, folder, rows=ROWS, name='run'):
    "Return the wall time and the number of requests of `generate`."
    model = get_model('openai/fake', base_url=server.url, api_key='k', concurrency=AT_ONCE)
    before = server.count
    start = time.perf_counter()
    df = generate(TASK, rows, model=model, cache=Path(folder) / f'{name}.sqlite', progress=False)
    wall = time.perf_counter() - start
    assert len(df) == rows and df.text.is_unique
    return wall, server.count - before


def time_bare_loop(server, prompts):
    "Return the wall time of a loop over the SDK that keeps 32 requests in flight."
    start = time.perf_counter()
    asyncio.run(bare_loop(server.url, prompts))
    return time.perf_counter() - start


async def bare_loop(url, prompts):
    from openai import AsyncOpenAI

    left = iter(prompts)

    async def work(client):
        for prompt in left:
            await client.chat.completions.create(model='fake', messages=[dict(role='user', content=prompt)])

    async with AsyncOpenAI(base_url=url, api_key='k') as client:
        await asyncio.gather(*(work(client) for _ in range(AT_ONCE)))


def main():
    with serve(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder:
        time_engine(server, folder, 30, 'warm-up')
        before = server.count
        cpu = time.process_time()
        wall, requests = time_engine(server, folder)
        cpu = time.process_time() - cpu
        prompts = [request['prompt'] for request in server.requests()[before:]]
        low = bound(requests)
        print(
            f'engine: {ROWS:,} texts, {requests:,} requests, {wall:.2f} s; lower bound {low:.2f} s; '
            f'ratio {wall / low:.3f} (wanted: at most 1.05); CPU {1000 * cpu / ROWS:.2f} ms a row (wanted: at most 1)'
        )
        time_bare_loop(server, prompts[:40])
        cpu = time.process_time()
        bare = time_bare_loop(server, prompts)
        cpu = time.process_time() - cpu
        print(
            f'bare loop over the SDK: {len(prompts):,} requests, {bare:.2f} s; '
            f'ratio {bare / low:.3f}; engine to bare loop {wall / bare:.3f}; CPU {1000 * cpu / ROWS:.2f} ms a row'
        )


if __name__ == '__main__':
    main()
