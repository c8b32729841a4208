"""Models without a server, for tests: what they say follows from what they are asked.

`Writer` makes up names, texts and choices. `RoughWriter` also fails, breaks off and repeats itself, and may answer in
any order. `SilentWriter` must not be asked. `WriterWithoutLogprobs` promises log-probabilities and refuses them. `Words` is
the smallest one; notebooks use it too."""

import asyncio
import hashlib
import json
import math
import random
import re

from syngen_nb import Model

WORDS = (
    'rain door lamp fish road moon salt bird wall song tree wind stone boat river cloud paper glass bread coffee '
    'window winter letter garden station morning market harbour engine ticket'
).split()


class Words(Model):
    "Answers every question with random words, the same question with the same ones; it counts what it was asked."

    name = 'me/words'
    words = WORDS[:12]

    def __init__(self, pause=0):
        self.pause = pause  # Seconds that an answer takes
        self.asked = 0

    async def ask(self, request):
        "Answer with as many items as `request` asks for."
        self.asked += 1
        await asyncio.sleep(self.pause)
        rng = random.Random(f'{request.prompt}{request.seed}')
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        return json.dumps([{key: ' '.join(rng.choices(self.words, k=6))} for _ in range(items['minItems'])])


class Writer(Model):
    """Makes up names, texts and choices from a seed, in whatever form a prompt set asks for.

    Some of its texts are bad on purpose: repeated, alike, cut off, or with the name of a label in them.
    """

    name = 'fake/writer'
    faults = 0.3  # Share of texts that are bad on purpose

    def __init__(self, prompts=None, logprobs=0):
        self.logprobs = logprobs
        self.asked = 0
        if prompts is not None:
            self.prompts = prompts

    async def ask(self, request):
        "Answer `request` as a pure function of its prompt, its system text and its seed."
        self.asked += 1
        rng = random.Random(hashlib.sha256(f'{request.system}{request.prompt}{request.seed}'.encode()).hexdigest())
        if is_check(request.prompt):
            return self.choose(request, rng)
        if request.how == 'continue':
            return self.go_on(request, rng)
        if request.schema['type'] == 'string':
            return json.dumps(self.text(request, rng))
        return self.list_items(request, rng)

    def list_items(self, request, rng):
        "Return a JSON answer with as many items as asked for, now and then one fewer."
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        n = items['minItems']
        if n > 1 and rng.random() < 0.2:
            n -= 1
        make = self.text if key == 'text' else self.new_name
        return json.dumps({'items': [{key: make(request, rng)} for _ in range(n)]})

    def go_on(self, request, rng):
        "Return a continuation: a text, or names with semicolons between them."
        if request.prompt.rstrip().endswith('"') or request.lead:
            return self.text(request, rng) + '.'
        return ' ' + '; '.join(self.new_name(request, rng) for _ in range(5)) + ';'

    def new_name(self, request, rng):
        "Return a name of three words."
        return ' '.join(rng.choices(WORDS, k=3))

    def text(self, request, rng):
        "Return a text of eight to twelve words, or a bad one."
        words = rng.choices(WORDS, k=rng.randint(8, 12))
        if rng.random() < self.faults:
            return rng.choice(BAD)(words)
        return ' '.join(words)

    def choose(self, request, rng):
        "Return a mark or a name for one of the labels that `request` shows, with log-probabilities if asked for."
        marks = re.findall(r'^([A-Z]|\d+)\. ', request.prompt, re.M)
        options = marks or re.findall(r'Classes: (.*)\.', request.prompt)[-1].split(', ')
        weights = [rng.random() for _ in options]
        choice = max(zip(weights, options))[1]
        if not request.logprobs:
            return choice
        from syngen_nb import models

        total = sum(weights)
        top = {option: round(math.log(w / total), 6) for option, w in zip(options, weights)}
        return models.Answer(choice, 10, 1, logprobs=[top])


BAD = [
    lambda words: 'The same old text about the harbour and the market',
    lambda words: 'This is where it all begins ' + ' '.join(words[:6]),
    lambda words: 'Sea is what this text about ' + ' '.join(words[:5]) + ' is',
    lambda words: ' '.join(words[:7]) + ', and the',
    lambda words: 'As an AI language model I like ' + ' '.join(words[:5]),
]


def is_check(prompt):
    "Return whether `prompt` asks for the label of a text."
    return 'Which of them is it?' in prompt or prompt.rstrip().endswith('Class:')


class RoughWriter(Writer):
    """Does everything wrong that a model can do, but always the same for the same request.

    It fails the first time some requests come, and answers them the second time. It cuts answers off, gives names twice
    or in another order of words, says names of labels, and writes texts that are turned down for all kinds of reasons.
    """

    name = 'fake/rough'
    faults = 0.45
    failing = 0.015  # Share of requests that fail at first; a list that fails twice would be given up

    def __init__(self, prompts=None, logprobs=0, wait=0):
        super().__init__(prompts, logprobs)
        self.wait = wait  # Most seconds that an answer takes; each takes a random part of it
        self.failed = set()  # Requests that it has failed to answer

    async def ask(self, request):
        "Answer `request`, or fail; what it does follows from the request, how long it takes does not."
        if self.wait:
            await asyncio.sleep(random.random() * self.wait)
        luck = luck_of(request)
        fails = luck.random() < self.failing
        if fails and self.asked and self.is_first_time(request):
            raise TimeoutError('no answer in time')
        answer = await super().ask(request)
        if is_check(request.prompt):
            return 'I cannot tell' if luck.random() < 0.1 and not request.logprobs else answer
        return cut(answer, luck) if luck.random() < 0.2 else answer

    def is_first_time(self, request):
        "Return whether `request` has not failed before, and take note that it does now."
        key = request.prompt, request.seed
        first = key not in self.failed
        self.failed.add(key)
        return first

    def new_name(self, request, rng):
        "Return a name of two words out of a few, which often says what another one says, or names a label."
        words = rng.sample(WORDS[:9], 2)
        return ' '.join(['news of the sea', *words] if rng.random() < 0.15 else words)

    def text(self, request, rng):
        "Return a text of two sentences, or a bad one."
        if rng.random() < self.faults:
            return rng.choice([*BAD, *WORSE])(rng.choices(WORDS, k=10))
        first, second = (' '.join(rng.choices(WORDS, k=rng.randint(5, 8))) for _ in range(2))
        return f'{first}. {second}'


class SilentWriter(Writer):
    "Must not be asked: all answers are in the cache."

    def __init__(self, like):
        super().__init__(logprobs=like.logprobs)
        self.name, self.prompts = like.name, like.prompts

    async def ask(self, request):
        raise AssertionError(f'The cache has no answer to: {request.prompt[:200]}')


class WriterWithoutLogprobs(Writer):
    "Says that it gives log-probabilities, and refuses when it is asked for them."

    name = 'fake/no-logprobs'

    async def ask(self, request):
        if request.logprobs:
            raise ValueError('logprobs are not supported here')
        return await super().ask(request)


WORSE = [
    lambda words: f'A man from the village went down to the shore and sold his old {words[0]}',
    lambda words: f'Dear [name], your {words[0]} has come to the {words[1]} of the town',
    lambda words: f'{words[0]} {words[1]}',
    lambda words: 'una nota sobre el mar y sus olas',
    lambda words: f'I saw {words[0].title()} and {words[1].title()} on the way to the {words[2]} last week',
]


def luck_of(request):
    "Return a source of random numbers that belongs to `request`."
    return random.Random(hashlib.sha256(f'luck 3 {request.prompt} {request.seed}'.encode()).hexdigest())


def cut(answer, luck):
    "Return the beginning of `answer`, marked as cut off at the token limit."
    from syngen_nb import models

    return models.Answer(answer[: int(len(answer) * luck.uniform(0.4, 0.95))], 10, 10, cut=True)
