"""How much the engine adds to waiting for the server.

A fake server answers each request after 0.2 s; 2,000 texts of three labels are asked for, the tree included, 32 requests
at a time. Lower bound: requests x 0.2 / 32, plus 0.2 for each of the four levels of the tree. A bare loop over the
SDK with the same prompts shows what the SDK alone takes. A small run before each loads the SDK and is not counted."""
import asyncio, sys, tempfile, time
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parents[1]/'tests'))
from fake_server import serve
from syngen_nb import Task, generate, get_model

LATENCY, AT_ONCE, N, LEVELS = .2, 32, 2000, 4
task = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])

def bound(requests): return requests*LATENCY/AT_ONCE + LEVELS*LATENCY

def engine(s, tmp, n=N, name='run'):
    "Wall time and requests of `generate`"
    at, t = s.count, time.perf_counter()
    df = generate(task, n, model=get_model('openai/fake', base_url=s.url, api_key='k', concurrency=AT_ONCE), cache=Path(tmp)/f'{name}.sqlite', progress=False)
    wall = time.perf_counter() - t
    assert len(df) == n and df.text.is_unique
    return wall, s.count - at

def bare(s, prompts):
    "Wall time of a loop over the SDK that keeps 32 requests on their way"
    from openai import AsyncOpenAI
    async def go():
        todo = iter(prompts)
        async def work():
            for p in todo: await c.chat.completions.create(model='fake', messages=[dict(role='user', content=p)])
        async with AsyncOpenAI(base_url=s.url, api_key='k') as c: await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    t = time.perf_counter()
    asyncio.run(go())
    return time.perf_counter() - t

def main():
    with serve(latency=LATENCY) as s, tempfile.TemporaryDirectory() as tmp:
        engine(s, tmp, 30, 'warm-up')
        at = s.count
        wall, k = engine(s, tmp)
        prompts = [r['prompt'] for r in s.requests()[at:]]
        low = bound(k)
        print(f'engine: {N:,} texts, {k:,} requests, {wall:.2f} s; lower bound {low:.2f} s; ratio {wall/low:.3f} (wanted: at most 1.10)')
        bare(s, prompts[:40])
        b = bare(s, prompts)
        print(f'bare loop over the SDK: {len(prompts):,} requests, {b:.2f} s; ratio {b/low:.3f}; engine to bare loop {wall/b:.3f}')

if __name__ == '__main__': main()
