"A model in this process that answers at once, always with texts that are new"
import json
from random import Random
from syngen_nb import Model

SMALL = 'the and of to in it was that for with we had my on at they but when this so from our one there then after'.split()
LONG = [a+b+c for a in 'bar den fol gan hes kor lim mer nor pel rus tan'.split() for b in 'a e i o u'.split() for c in 'ber dle gent ken lin mond nar pet ster ton very wick'.split()]  # 720, as many as a person uses

class Own(Model):
    name = 'own/quick'
    def __init__(self): self.asked, self.rng = 0, Random(0)
    def words(self, n): return ' '.join(self.rng.choice(SMALL if self.rng.random()<.4 else LONG) for _ in range(n)).capitalize()
    async def ask(self, req):
        self.asked += 1
        arr = req.schema['properties']['items']
        key, = arr['items']['properties']
        return json.dumps(dict(items=[{key: self.words(40)+'.' if key == 'text' else f'{self.words(2)} {self.rng.getrandbits(30)}'} for _ in range(arr['maxItems'])]))
