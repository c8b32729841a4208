"""Models without a server, for tests: what they say follows from what they are asked."""

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
        marks = re.findall(r'^([A-Z])\. ', request.prompt, re.M)
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
