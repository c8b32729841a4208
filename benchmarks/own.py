"A model in this process that answers at once, always with texts that are new"
import json
from random import Random
from syngen_nb import Model

class Own(Model):
    name = 'own/quick'
    def __init__(self): self.asked, self.rng = 0, Random(0)
    async def ask(self, req):
        self.asked += 1
        arr = req.schema['properties']['items']
        key, = arr['items']['properties']
        long = ' and then it went on as such things do' if key == 'text' else ''
        return json.dumps(dict(items=[{key: f'{key.capitalize()} {self.rng.getrandbits(60)}{long*6}'} for _ in range(arr['maxItems'])]))
