"""Make syngen_nb/recordings/reviews.jsonl, which the notebooks replay, with the embedded model (some minutes on two cores).

    python tools/record.py [CACHE]

Needed after a change to the prompts or the settings of the embedded model. The task and the number of rows are the quickstart's; a cache in which its
answers are already saves the time."""
import sys
from pathlib import Path

from syngen_nb import Cache, Task, generate

task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])

if __name__=='__main__':
    cache = Cache(sys.argv[1] if len(sys.argv)>1 else ':memory:')
    generate(task, 40, cache=cache)
    path = Path(__file__).parents[1]/'syngen_nb/recordings/reviews.jsonl'
    print(cache.export(path), 'answers in', path.name)
