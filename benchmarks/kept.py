"""Measure which share of its texts a model keeps: how many pass the filters, and how many of these pass the check.

    python benchmarks/kept.py [MODEL [ROWS]]

The figures are `Model.keeps` of the default model, from which `estimate` and the progress of a run expect rewrites.
Those of `local/small` come from `estimates.py`, which counts the first text of each cell in six tasks.
They differ widely between tasks, so the last line is the geometric mean over the tasks."""

import sys
import warnings
from math import prod

from syngen_nb import Task, start
from syngen_nb.run import ShortWarning

TASKS = [
    Task('Classify the sentiment of a movie review', ['negative', 'positive']),
    Task('Sort notes by what they are about', ['Sea', 'Land', 'Air']),
]


def measure(model, task, rows):
    "Return the shares of texts that pass the filters, and the check."
    run = start(task, rows, model=model, cache=':memory:')
    n_kept = len(run.result())
    found = run.dropped.reason.str.startswith('reads like')
    n_misread, n_filtered = int(found.sum()), int((~found).sum())
    n_passed = n_kept + n_misread
    return n_passed / (n_passed + n_filtered), n_kept / n_passed


def main(model, rows):
    warnings.simplefilter('ignore', ShortWarning)
    shares = []
    for task in TASKS:
        shares.append(measure(model, task, rows))
        print(
            f'{model}, {task.instruction}: {shares[-1][0]:.2f} pass the filters, {shares[-1][1]:.2f} the check',
            flush=True,
        )
    means = [prod(share) ** (1 / len(shares)) for share in zip(*shares)]
    print(f'{model}: {means[0]:.2f}, {means[1]:.2f}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else 'local', int(sys.argv[2]) if len(sys.argv) > 2 else 36)
