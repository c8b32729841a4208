"""Measure how many texts and checks an embedded model does in a second.

    python benchmarks/local.py [MODEL [CONCURRENCY [N]]]

A first round, which does not count, lets each slot of the model read what all such requests begin with."""

import asyncio
import sys
import time

from syngen_nb import Task, get_model
from syngen_nb.models import ask
from syngen_nb.prompts import context

LABELS = ['negative', 'positive']
TASK = Task('Classify the sentiment of a movie review', LABELS)
TOPICS = 'plot twists', 'slow pacing', 'the acting', 'music', 'camera work', 'the ending', 'humour', 'dialogue'


def text_request(prompts, number, total):
    "Return a request for a text; the first half is of one label, the second of the other."
    label = LABELS[number * 2 // total]
    topic = TOPICS[number % len(TOPICS)]
    cell = context(TASK, label, 'reviews by fans', topic, 'what stood out')
    return prompts.request('texts', cell, 1, seed=number, at=number)


def check_request(prompts, number, logprobs):
    "Return a request to check the label of a text; no text is like another."
    topic = TOPICS[number % len(TOPICS)]
    text = (
        f'We saw it on day {number}, and {topic} is what we talked about on the way home: '
        'it gave all it had, but the script kept repeating itself.'
    )
    return prompts.check_request(TASK, text, LABELS, logprobs=logprobs)


async def ask_all(model, requests):
    "Return the answers; the model takes as many requests at a time as it has slots."
    return await asyncio.gather(*(ask(model, request) for request in requests))


async def measure(model, what, requests):
    "Print how fast the model answers `requests`, without the first one of each slot."
    slots = model.concurrency
    await ask_all(model, requests[:slots])
    start = time.perf_counter()
    answers = await ask_all(model, requests[slots:])
    seconds = time.perf_counter() - start
    tokens = sum(answer.tokens_out for answer in answers) / len(answers)
    rate = len(answers) / seconds
    print(f'{model.name}, {slots} at a time: {rate:.2f} {what} a second, {tokens:.0f} tokens each', flush=True)


async def main(model, n):
    total = n + model.concurrency
    prompts = model.prompts
    await measure(model, 'texts', [text_request(prompts, i, total) for i in range(total)])
    await measure(model, 'checks', [check_request(prompts, i, model.logprobs) for i in range(total)])


if __name__ == '__main__':
    name, concurrency, n = (sys.argv[1:] + [None] * 3)[:3]
    options = dict(concurrency=int(concurrency)) if concurrency else {}
    asyncio.run(main(get_model(name, **options), int(n or 24)))
