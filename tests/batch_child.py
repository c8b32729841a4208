"What a process does that dies while its requests are in a batch, see engine/test_batches.py"

import os
from types import SimpleNamespace

import helpers

from syngen_nb import generate
from syngen_nb.batch_asker import Collector
from syngen_nb.batches import AnthropicBatches, APIBatches, OpenAIBatches
from syngen_nb.pending import PendingBatches

STAGES = dict(
    claimed=('api', 'submit', 0),
    uploaded=('api', 'upload', 1),
    created=('api', 'submit', 1),
    named=(PendingBatches, 'give_id', 1),
    waiting=('api', 'poll', 1),
    fetched=(Collector, '_store', 0),
    half=(Collector, '_store', 10),
    stored=(PendingBatches, 'forget', 0),
    forgotten=(PendingBatches, 'forget', 1),
)


def die_at(stage, api):
    "Let this process end in the call of a method, before it (0) or after the call of that number"
    owner, name, number = STAGES[stage]
    owner = api if owner == 'api' else owner
    old, calls = getattr(owner, name), []

    async def awaited(call):
        await call
        os._exit(7)

    def dying(*args, **kw):
        calls.append(1)
        if not number:
            os._exit(7)
        result = old(*args, **kw)
        if hasattr(result, '__await__'):
            return awaited(result)
        if len(calls) >= number:
            os._exit(7)
        return result

    setattr(owner, name, dying)


def run(kind, address, cache, rows, stage, seconds):
    "Write `rows`, and die at a stage if there is one"
    for name, value in seconds.items():
        setattr(APIBatches, name, value)
    if stage:
        die_at(stage, dict(openai=OpenAIBatches, anthropic=AnthropicBatches)[kind])
    model = getattr(helpers, kind)(SimpleNamespace(url=address, root=address))
    generate(helpers.TASK, rows, model=model, cache=cache, progress=False, batch=True)
