"What a process does that dies while its requests are in a batch or on their way, see `helpers.children`"

import os
from types import SimpleNamespace

import anthropic
import helpers
import openai

from syngen_nb import generate, start
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
    half=(Collector, '_store', 5),
    stored=(PendingBatches, 'forget', 0),
    forgotten=(PendingBatches, 'forget', 1),
)


openai.AsyncOpenAI(api_key='x').chat.completions  # What an SDK imports when it is used is there already
anthropic.AsyncAnthropic(api_key='x').messages.batches


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


def spend(address, cache):
    "Write rows within a cap that has a name, until somebody ends this process"
    model = helpers.openai(SimpleNamespace(url=address), price=(1, 2), max_tokens=1000)
    how = dict(cache=cache, max_dollars=0.015, budget='notes', verify=False, filters=False)
    start(helpers.TASK, 30, model=model, **how).result()
