"""A model in this process that answers at once, always with new texts."""

import json
from itertools import product
from random import Random

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


class Own(Model):
    name = 'own/quick'

    def __init__(self):
        self.asked = 0
        self.random = Random(0)

    def word(self):
        "Return a word; two of five are frequent ones."
        return self.random.choice(FREQUENT if self.random.random() < 0.4 else RARE)

    def words(self, n):
        return ' '.join(self.word() for _ in range(n)).capitalize()

    def item(self, key):
        "Return a text, or a name that is new."
        if key == 'text':
            return self.words(40) + '.'
        return f'{self.words(2)} {self.random.getrandbits(30)}'

    async def ask(self, request):
        self.asked += 1
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        return json.dumps(dict(items=[{key: self.item(key)} for _ in range(items['maxItems'])]))
