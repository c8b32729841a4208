"""Measure how many texts and checks an embedded model does in a second, and what the package adds.

    python benchmarks/local.py [MODEL [CONCURRENCY [N]]]

Each round is followed by one in which bare threads tell llama.cpp the same with other seeds. Before each round every
slot reads once what all such requests begin with; that does not count. A slot is idle while Python prepares its next
request, and at the end of a round, when fewer requests than slots are left."""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

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


class Overheard:
    "Tells llama.cpp what it is told, and notes it."

    def __init__(self, server):
        self.server = server
        self.calls = []
        self.seconds = 0.0  # In llama.cpp, over all slots

    def tell(self, method, options):
        start = time.perf_counter()
        response = getattr(self.server, method)(options)
        self.seconds += time.perf_counter() - start
        self.calls.append((method, options))
        return response

    def handle_chat_completions(self, options):
        return self.tell('handle_chat_completions', options)

    def handle_completions(self, options):
        return self.tell('handle_completions', options)


async def ask_all(model, requests):
    "Return the answers; the model takes as many requests at a time as it has slots."
    return await asyncio.gather(*(ask(model, request) for request in requests))


def tell_all(server, calls, slots):
    "Tell llama.cpp `calls` again, with other seeds, from as many threads as there are slots."
    with ThreadPoolExecutor(slots) as pool:
        responses = pool.map(lambda call: server.tell(call[0], call[1] | dict(seed=call[1]['seed'] + 1_000_000)), calls)
        return [response['usage']['completion_tokens'] for response in responses]


def report(who, what, tokens, seconds, server, slots):
    "Print how fast a round was, and return its tokens a second."
    n = len(tokens)
    idle = 1 - server.seconds / (slots * seconds)
    print(
        f'{who}, {slots} at a time: {n / seconds:.2f} {what} a second, {sum(tokens) / n:.0f} tokens each, '
        f'{sum(tokens) / seconds:.1f} tokens a second; slots idle {idle:.1%}',
        flush=True,
    )
    return sum(tokens) / seconds


async def measure(model, what, requests):
    "Print how fast the model answers `requests`, and how fast llama.cpp alone does."
    slots = model.concurrency
    await ask_all(model, requests[:1])  # It loads the model
    llama = model._server
    model._server = server = Overheard(llama)
    await ask_all(model, requests[:slots])
    server.seconds = 0.0
    start = time.perf_counter()
    answers = await ask_all(model, requests[slots:])
    seconds = time.perf_counter() - start
    model._server = llama
    ours = report(model.name, what, [answer.tokens_out for answer in answers], seconds, server, slots)

    first_calls, calls = server.calls[:slots], server.calls[slots:]
    server = Overheard(llama)
    tell_all(server, first_calls, slots)
    server.seconds = 0.0
    start = time.perf_counter()
    tokens = tell_all(server, calls, slots)
    bare = report('llama.cpp alone', what, tokens, time.perf_counter() - start, server, slots)
    print(f'ratio {ours / bare:.2f} (wanted: at least 0.9)', flush=True)


async def main(model, n):
    total = n + model.concurrency
    prompts = model.prompts
    await measure(model, 'texts', [text_request(prompts, i, total) for i in range(total)])
    await measure(model, 'checks', [check_request(prompts, i, model.logprobs) for i in range(total)])


if __name__ == '__main__':
    name, concurrency, n = (sys.argv[1:] + [None] * 3)[:3]
    options = dict(concurrency=int(concurrency)) if concurrency else {}
    asyncio.run(main(get_model(name, **options), int(n or 24)))
