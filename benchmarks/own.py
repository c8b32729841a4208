"""A model in this process that answers at once, always with new texts, or with faults that a benchmark asks for."""

import json
from itertools import product
from random import Random
from zlib import crc32

from syngen_nb import Model

FREQUENT = (
    'the and of to in it was that for with we had my on at they but when this so from our one there then after'.split()
)
SYLLABLES = (
    'bar den fol gan hes kor lim mer nor pel rus tan'.split(),
    'a e i o u'.split(),
    'ber dle gent ken lin mond nar pet ster ton very wick'.split(),
)
RARE = [''.join(parts) for parts in product(*SYLLABLES)]  # 720, as many as a person uses
WORDS = RARE + 16 * FREQUENT  # Two of five are frequent ones
SPOILT = dict(near=0.3, opening=0.1, repeated=0.1)  # Share of the texts


class Own(Model):
    name = 'own/quick'

    def __init__(self, n_words=40, fault=''):
        self.n_words = n_words  # Of a text; 29 make 200 characters
        self.fault = fault  # One of `SPOILT`, or 'spent' for cells that have one text
        self.asked = 0
        self.random = Random(0)
        self.said = ['the very first of all the texts that there are in this long list']

    def words(self, n):
        return ' '.join(self.random.choices(WORDS, k=n)).capitalize()

    def text(self, prompt):
        "Return a text for `prompt`; the same in each process."
        if self.fault == 'spent' and crc32(prompt[:200].encode()) % 4 == 0:
            return 'This cell has just one text that it can say.'
        is_bad = self.random.random() < SPOILT.get(self.fault, 0)
        if self.fault == 'near' and is_bad:
            return f'{self.said[-1]} {self.words(1)}'
        if self.fault == 'repeated' and is_bad:
            return self.random.choice(self.said)
        start = 'Yesterday we went to ' if self.fault == 'opening' and is_bad else ''
        text = f'{start}{self.words(self.n_words)}.'
        if self.fault in ('near', 'repeated'):
            self.said.append(text)
        return text

    def name_of(self):
        "Return a name that is new."
        return f'{self.words(2)} {self.random.getrandbits(40)}'

    async def ask(self, request):
        self.asked += 1
        if request.schema is None:
            return 'A'  # The mark of the first label
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        n = items['maxItems']
        found = [self.text(request.prompt) if key == 'text' else self.name_of() for _ in range(n)]
        return json.dumps(dict(items=[{key: item} for item in found]))
