"""Texts and checks a second of an embedded model, each slot having read what all such requests begin with.

    python benchmarks/local.py [MODEL [CONCURRENCY [N]]]
"""
import asyncio, sys, time

from syngen_nb import Task, get_model
from syngen_nb.models import ask
from syngen_nb.prompts import context

task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
things = 'plot twists', 'slow pacing', 'the acting', 'music', 'camera work', 'the ending', 'humour', 'dialogue'

def requests(p, n, logprobs):
    "As many texts and checks as `n`, none like another"
    return dict(texts=[p.request('texts', context(task, ('negative', 'positive')[i*2//n], 'reviews by fans', things[i%8], 'what stood out'), 1, seed=i, at=i) for i in range(n)],
        checks=[p.check_request(task, f'We saw it on day {i}, and {things[i%8]} is what we talked about on the way home: it gave all it had, but the script kept repeating itself.',
            ['negative', 'positive'], logprobs=logprobs) for i in range(n)])

async def main(model, n):
    k = model.concurrency
    send = lambda reqs: asyncio.gather(*(ask(model, r) for r in reqs))  # the model takes so many at a time as it has slots
    for what,reqs in requests(model.prompts, n+k, model.logprobs).items():
        await send(reqs[:k])
        t = time.perf_counter()
        said = await send(reqs[k:])
        t = time.perf_counter()-t
        print(f'{model.name}, {k} at a time: {n/t:.2f} {what} a second, {sum(a.tokens_out for a in said)/n:.0f} tokens each', flush=True)

if __name__=='__main__':
    name,k,n = (sys.argv[1:]+[None]*3)[:3]
    asyncio.run(main(get_model(name, **(dict(concurrency=int(k)) if k else {})), int(n or 24)))
