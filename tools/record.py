"""Record the answers that the notebooks replay: syngen_nb/recordings/reviews.jsonl.

    python tools/record.py [CACHE]

The embedded model writes them, in some minutes on two cores. This is needed after a change to its prompts or
settings. The task and the number of rows are those of the quickstart. A cache that holds its answers already saves
the time."""

import sys
from pathlib import Path

from syngen_nb import Cache, Task, generate

TASK = Task('Classify the sentiment of a movie review', ['negative', 'positive'])

RECORDING = Path(__file__).parents[1] / 'syngen_nb/recordings/reviews.jsonl'


def main(path=':memory:'):
    cache = Cache(path)
    generate(TASK, 40, cache=cache)
    print(cache.export(RECORDING), 'answers in', RECORDING.name)


if __name__ == '__main__':
    main(*sys.argv[1:2])
