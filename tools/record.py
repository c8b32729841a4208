"""Record the answers that the notebooks replay: syngen_nb/recordings/reviews.jsonl.

    python tools/record.py [CACHE]

The embedded model writes them, in some minutes on two cores. This is needed after a change to its prompts or
settings. The task and the number of rows are those of the quickstart. A cache that holds its answers already saves
the time."""

import sys
from pathlib import Path

from syngen_nb import Cache, Task, generate

task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])

if __name__ == '__main__':
    cache = Cache(sys.argv[1] if len(sys.argv) > 1 else ':memory:')
    generate(task, 40, cache=cache)
    path = Path(__file__).parents[1] / 'syngen_nb/recordings/reviews.jsonl'
    print(cache.export(path), 'answers in', path.name)
