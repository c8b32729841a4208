"""Measure a cache of many answers: how long it takes to open, to look one up and to export, and its room on disk.

    python benchmarks/cache.py [ANSWERS] [--keep FILE]

Each answer is a text of about 200 characters, to a prompt of the default set. Wanted: open below 0.1 s, `get` below
50 µs, at most twice the answers' own size on disk, and an export that needs no more memory for more answers."""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from own import FREQUENT, RARE

LOOKED_UP = 20_000  # Answers that are looked up, in random order
AT_ONCE = 1_000  # Answers in one transaction
STORED_ALONE = 2_000  # Answers that are stored one by one
LABELS = ('Sea', 'Land', 'Air')
WORDS = FREQUENT * 20 + RARE


def series_of(i):
    return hashlib.sha256(str(i).encode()).hexdigest()[:32]


def rows(first, last):
    "Yield answers as a recording holds them."
    from syngen_nb import Task
    from syngen_nb.prompt_sets import DEFAULT
    from syngen_nb.prompts import context

    task = Task('Sort notes by what they are about', LABELS)
    places = ('a source type', 'a topic', 'a subtopic')
    requests = {label: DEFAULT.request('texts', context(task, label, *places), 1) for label in LABELS}
    random = Random(first)
    for i in range(first, last):
        label = LABELS[i % len(LABELS)]
        request = requests[label]
        names = [words(random, 3) for _ in places]
        prompt = request.prompt
        for place, name in zip(places, names, strict=True):
            prompt = prompt.replace(place, name)
        text = json.dumps(dict(items=[dict(text=words(random, 30) + '.')]))
        about = dict(instruction=task.instruction, n=1, system=request.system, prompt=prompt)
        cell = ' · '.join(('texts', label, *names))
        yield dict(series=series_of(i), draw=0, cell=cell, model='own/quick', answer=dict(text=text), request=about)


def words(random, n):
    return ' '.join(random.choices(WORDS, k=n)).capitalize()


def measure_filling(path, n):
    "Store `n` answers; print how long one takes, and what the answers alone are long."
    from syngen_nb import Cache

    cache = Cache(path)
    alone = list(rows(0, min(n, STORED_ALONE)))
    start = time.perf_counter()
    for row in alone:
        cache.put(**row)
    wall = time.perf_counter() - start
    own = sum(len(json.dumps(row['answer'])) for row in alone)
    for first in range(len(alone), n, AT_ONCE):
        batch = list(rows(first, min(n, first + AT_ONCE)))
        cache.load(batch)
        own += sum(len(json.dumps(row['answer'])) for row in batch)
    cache.close()
    print(wall / len(alone) * 1e6, own)


def measure_opening(path, n):
    "Print how long it takes to open the file and to find the first answer."
    from syngen_nb import Cache

    Cache(':memory:').put('s', 0, dict(text=''))
    start = time.perf_counter()
    cache = Cache(path)
    cache.get(series_of(n // 2), 0)
    print(time.perf_counter() - start)


def measure_looking_up(path, n):
    "Print what a `get` takes by the clock and the processor, and one of many, in µs; `find` and `info`, in seconds."
    from syngen_nb import Cache

    cache = Cache(path)
    keys = [(series_of(i), 0) for i in Random(0).choices(range(n), k=LOOKED_UP)]
    start, busy = time.perf_counter(), time.process_time()
    assert all(cache.get(*key) for key in keys)
    alone, busy_alone = time.perf_counter() - start, time.process_time() - busy
    busy = time.process_time()
    assert len(cache.get_many(keys)) == len(set(keys))
    together = time.process_time() - busy
    cell = cache.find(series=keys[0][0])[0]['cell']
    start = time.perf_counter()
    assert cache.find(cell=cell)
    find = time.perf_counter() - start
    start = time.perf_counter()
    assert cache.info()['answers'] == n
    info = time.perf_counter() - start
    print(*(seconds / LOOKED_UP * 1e6 for seconds in (alone, busy_alone, together)), find, info)


def measure_export(path, n):
    "Print the seconds that an export takes, and by how many MiB it raises the peak of the memory."
    from syngen_nb import Cache

    cache = Cache(path)
    cache.get(series_of(0), 0)
    before = peak()
    start = time.perf_counter()
    assert cache.export(f'{path}.jsonl') == n
    print(time.perf_counter() - start, peak() - before)


def measure_replay(path, n):
    "Print the seconds that it takes to open a recording, and by how many MiB that raises the peak of the memory."
    from syngen_nb import Cache

    before = peak()
    start = time.perf_counter()
    lesson = Cache.replay(f'{path}.jsonl')
    wall = time.perf_counter() - start
    assert lesson.get(series_of(n // 2), 0)
    print(wall, peak() - before)


def peak():
    unit = 2**20 if sys.platform == 'darwin' else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def alone(what, path, n):
    "Measure in a process of its own; return the figures that it prints."
    command = [sys.executable, __file__, str(n), '--keep', str(path), '--measure', what]
    return [float(figure) for figure in subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()]


def report(path, n):
    if not path.exists():
        put, own = alone('filling', path, n)
        size = path.stat().st_size
        print(f'cache: {n:,} answers, {own / 1e6:,.0f} MB of their own; one is stored in {put:.0f} µs')
        print(f'on disk {size / 1e6:,.0f} MB; ratio to their own size {size / own:.2f} (wanted: at most 2)')
    (opening,) = alone('opening', path, n)
    print(f'opened, first answer found in {opening:.3f} s; ratio to 0.1 s {opening / 0.1:.2f} (wanted: below 1)')
    get, busy, many, find, info = alone('looking_up', path, n)
    print(f'get {get:.0f} µs; ratio to 50 µs {get / 50:.2f} (wanted: below 1)')
    print(f'of that {busy:.0f} µs of the processor; {many:.0f} µs for one of get_many')
    print(f'find of one list {find:.3f} s, info {info:.3f} s')
    seconds, memory = alone('export', path, n)
    print(f'export in {seconds:.1f} s; {memory:,.0f} MiB more at the peak (wanted: the same for any number)')
    seconds, memory = alone('replay', path, n)
    print(f'its recording opened in {seconds:.1f} s; {memory:,.0f} MiB more at the peak')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('answers', type=int, nargs='?', default=100_000)
    parser.add_argument('--keep', type=Path, help='file of the cache, which stays; measured as it is if it is there')
    parser.add_argument('--measure', help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        globals()[f'measure_{given.measure}'](given.keep, given.answers)
    elif given.keep:
        report(given.keep, given.answers)
    else:
        with tempfile.TemporaryDirectory() as folder:
            report(Path(folder) / 'c.sqlite', given.answers)


if __name__ == '__main__':
    main()
