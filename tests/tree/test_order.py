"The same answers make the same tree, in whatever order they arrive"

import asyncio
import json
from itertools import permutations

import pytest

from syngen_nb import Model, Task, Taxonomy, grow
from syngen_nb.run import ShortWarning

TOPICS = ('plot', 'pace', 'cast')
AGAIN = 'another branch says the same'


class Endings(Model):
    "Ends every branch alike, and when it is asked again, each time in `second`; the topics answer in an order of their own"

    name = 'own/endings'

    def __init__(self, order, second):
        self.order = order
        self.second = second

    async def ask(self, request):
        topic = next(topic for topic in TOPICS if f'"{topic}"' in request.prompt or f' {topic}' in request.prompt)
        if AGAIN not in request.prompt:
            return json.dumps([dict(item='the ending')])
        await asyncio.sleep(0.01 * (1 + self.order.index(topic)))
        return json.dumps([dict(item=name) for name in self.second[topic]])


def grown(order, second, label='good'):
    "Return the subtopics of each topic"
    tree = Taxonomy(Task('Judge a film', ['good', 'bad']))
    tree.lock(('bad',))
    reviews = tree.add((label,), 'reviews')
    for topic in TOPICS:
        tree.add(reviews, topic)
    tree = grow(tree, 1, 3, 1, model=Endings(order, second), cache=':memory:', progress=False)
    return [cell.name for cell in tree.cells()]


@pytest.mark.filterwarnings(f'ignore::{ShortWarning.__module__}.ShortWarning')
@pytest.mark.parametrize(
    'second, expected',
    [
        (dict.fromkeys(TOPICS, ['a twist']), ['the ending', 'a twist', 'the ending']),
        (dict(pace=['a twist'], cast=['twists'], plot=[]), ['the ending', 'a twist', 'the ending']),
        (dict(pace=['the ending'], cast=['a twist'], plot=[]), ['the ending', 'the ending', 'a twist']),
    ],
    ids=['same name', 'same words', 'the first has none'],
)
def test_names_that_replace_others(second, expected):
    "Two lists come with one new name: the first in the tree has it, whichever was answered first"
    assert {tuple(grown(order, second)) for order in permutations(TOPICS)} == {tuple(expected)}
