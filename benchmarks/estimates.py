"""Compare estimates with what recorded runs used: how many lie in the range, and how wide the range is.

    python benchmarks/estimates.py
    python benchmarks/estimates.py record MODEL SET [ROWS [SEED]]

The runs in `recorded/` and the recording `reviews` are made again from their answers, without a model. Each is
estimated before it, and when a quarter and a half of its answers are there. It is made as it was recorded, without
label checks and for fewer rows. A run whose answers were not all recorded is left out. What is usual for a model was
set with these recordings. So each is also estimated with what those of the other tasks say of it.

Seconds are simulated, because a recording says nothing about an idle machine: each answer comes after the seconds that
the model's pace says, times a factor for the machine (up to 1.6 times slower or faster) and one for the answer. A clock
of its own measures them. So they show whether stages, rounds and slots are counted rightly, not whether the pace is
that of your machine. Seconds that were really measured stand in the last table: half the CPU time of a recorded run,
as it kept both cores busy."""

import asyncio
import json
import lzma
import random
import sys
import time
import warnings
from heapq import heappop, heappush
from pathlib import Path

import pandas as pd
from worth_arms import TASKS

from syngen_nb import Cache, Replay, Task, estimate, get_model, start
from syngen_nb.answer_tables import Row
from syngen_nb.asker import Asker, NoPlace
from syngen_nb.estimate import Survey
from syngen_nb.generate import text_run
from syngen_nb.loop import worker
from syngen_nb.options import TextOptions
from syngen_nb.run import ShortWarning

RECORDED = Path(__file__).parent / 'recorded'
MOVIES = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
SETS = TASKS | dict(movies=MOVIES, notes=Task('Sort notes by what they are about', ['Sea', 'Land', 'Air']))
QUIET = 0.004  # Seconds without a new request, after which the clock goes on
MACHINES = 1.6  # How many times as slow or fast a machine is at most
KEPT = ('series', 'draw', 'cell', 'model', 'answer', 'made')  # Of an answer
QUANTITIES = ('requests', 'tokens_in', 'tokens_out', 'seconds')


# --- recordings


def record(model: str, name: str, rows: str = '40', seed: str = '0') -> None:
    "Make a run, and keep its answers and what it took."
    RECORDED.mkdir(exist_ok=True)
    cache = Cache(':memory:')
    began = time.process_time()
    run = start(SETS[name], int(rows), model=model, cache=cache, seed=int(seed))
    run.result()
    cpu_seconds = time.process_time() - began
    write(model, name, int(rows), int(seed), cache.find(), cpu_seconds)


def write(model: str, name: str, rows: int, seed: int, answers: list[dict], cpu_seconds: float | None) -> None:
    "Write a recording: what was called, and a line for each answer."
    facts = dict(model=model, set=name, rows=rows, seed=seed, cpu_seconds=cpu_seconds)
    lines = [
        facts,
        *({name: row[name] for name in ('series', 'draw', 'cell', 'model', 'answer', 'made')} for row in answers),
    ]
    text = '\n'.join(json.dumps(line, ensure_ascii=False) for line in lines)
    path = RECORDED / f'{model.replace("/", "-")}_{name}_{rows}_{seed}.jsonl.xz'
    path.write_bytes(lzma.compress(text.encode(), preset=9))


def recordings() -> list[tuple[dict, list[dict]]]:
    "Return what is recorded: how it was called, and its answers."
    found = []
    for path in sorted(RECORDED.glob('*.jsonl.xz')):
        facts, *answers = [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().split('\n')]
        found.append((facts, answers))
    reviews = dict(model='local', set='movies', rows=40, seed=0, cpu_seconds=None)
    return [*found, (reviews, list(Replay('reviews').rows()))]


# --- a run that is made again


class NotRecorded(Exception):
    "An answer that the recording does not have."


class Clock:
    "A clock that goes on to the next answer as soon as nobody asks any more."

    def __init__(self):
        self.now = 0.0
        self.waiting = []
        self.has_moved = True
        self.ticking = None

    async def sleep(self, seconds):
        future = asyncio.get_running_loop().create_future()
        heappush(self.waiting, (self.now + seconds, id(future), future))
        self.has_moved = True
        if self.ticking is None or self.ticking.done():
            self.ticking = asyncio.ensure_future(self.tick())
        await future

    async def tick(self):
        while self.waiting:
            await asyncio.sleep(QUIET)
            if self.has_moved:
                self.has_moved = False
                continue
            self.now, _, future = heappop(self.waiting)
            self.has_moved = True
            if not future.done():
                future.set_result(None)


class Player(Asker):
    "Answers jobs out of a recording, after the seconds that a model would take."

    place = NoPlace
    answers: dict = {}
    machine = 1.0
    random = random.Random(0)

    async def ask(self, job):
        answer = self.answers.get((job.key, job.draws))
        if answer is None:
            raise NotRecorded(job.name)
        wait, tokens_a_second = job.model.pace
        seconds = (wait + answer.get('tokens_out', 1) / tokens_a_second) * self.machine * self.random.uniform(0.7, 1.3)
        await self.clock.sleep(seconds)
        self.usage.requests += 1
        self.usage.tokens_in += answer.get('tokens_in', 0)
        self.usage.tokens_out += answer.get('tokens_out', 0)
        self.cache.put(job.key, job.draws, answer, cell=job.name, model=job.model.name)
        self.order.append((job.key, job.draws, answer, job.name, self.clock.now))
        job.take(answer)
        return 'asked'


def play(facts: dict, answers: list[dict], **options) -> tuple[dict, list] | None:
    "Make a run again; return what it used and its answers in the order they came, or None if some are missing."
    rng = random.Random(json.dumps([facts, options], sort_keys=True))
    Player.answers = {(row['series'], row['draw']): row['answer'] for row in answers}
    Player.machine = MACHINES ** rng.uniform(-1, 1)
    Player.random = rng
    Player.order = []
    Player.clock = Clock()
    run = text_run(SETS[facts['set']], options_of(facts, ':memory:', **options), asker_type=Player)
    try:
        run.begin().result()
    except NotRecorded:
        return None
    usage = run.usage
    used = dict(requests=usage.requests, tokens_in=usage.tokens_in, tokens_out=usage.tokens_out)
    return used | dict(seconds=Player.clock.now), Player.order


def options_of(facts: dict, cache, **options) -> TextOptions:
    call = dict(n_record_to_generate=facts['rows'], model=facts['model'], seed=facts['seed'], cache=cache) | options
    return TextOptions(**call)


# --- estimates


def kept(facts: dict, answers: list[dict]) -> tuple[float, float]:
    "Return which share of the first texts of the cells passed the filters, and which share of these the judge."
    cache = Cache(':memory:')
    cache.load([row | dict(request=None) for row in answers])
    survey = Survey(SETS[facts['set']], options_of(facts, cache))
    for step in survey.steps():
        worker.start(step).result()
    fate = survey.fate
    return fate.passed / fate.asked, 1 - fate.misread / fate.read


def held_out(facts: dict, shares: list[dict]) -> tuple[float, float] | None:
    "Return what `Model.keeps` would be without the recordings of this task; None if there are no others."
    others = pd.DataFrame([row for row in shares if row['model'] == facts['model'] and row['set'] != facts['set']])
    if others.empty:
        return None
    return tuple(others.groupby('set')[['filters', 'checks']].mean().mean())


def estimated(facts: dict, order: list, share: float, keeps: tuple | None = None, **options) -> tuple:
    "Return the estimate when a share of the answers is there, and what the rest used."
    n = int(share * len(order))
    cache = Cache(':memory:')
    began = time.time() - 1e6
    rows = [
        Row(series, draw, name, facts['model'], None, answer, began + at)
        for series, draw, answer, name, at in order[:n]
    ]
    cache.put_all(rows)
    model = get_model(facts['model'])
    if keeps:
        model.keeps = keeps
    call = dict(n_record_to_generate=facts['rows'], model=model, seed=facts['seed'], cache=cache) | options
    found = estimate(SETS[facts['set']], **call)
    rest = [answer for _, _, answer, _, _ in order[n:]]
    used = dict(
        requests=len(rest),
        tokens_in=sum(answer.get('tokens_in', 0) for answer in rest),
        tokens_out=sum(answer.get('tokens_out', 0) for answer in rest),
    )
    return found, used


def compared(name: str, when: str, found, used: dict) -> dict:
    "Return a row of the table: whether each quantity lies in its range, and how wide that is."
    row = dict(run=name, when=when)
    for quantity in QUANTITIES:
        low, high = getattr(found, quantity), getattr(found, f'most_{quantity}')
        row[quantity] = low <= used[quantity] <= high
        row[f'{quantity}_width'] = high / low if low else float('nan')
        row[f'{quantity}_at'] = f'{used[quantity]:.0f} in {low:.0f}–{high:.0f}'
    return row


def main() -> None:
    warnings.simplefilter('ignore', ShortWarning)
    rows, measured, shares, unseen = [], [], [], []
    for facts, answers in recordings():
        passed, agreed = kept(facts, answers)
        shares.append(dict(model=facts['model'], set=facts['set'], filters=passed, checks=agreed))
    for facts, answers in recordings():
        keeps = held_out(facts, shares)
        kinds = {'': {}, ' unchecked': dict(verify=False), ' half': dict(n_record_to_generate=facts['rows'] // 2)}
        for kind, options in kinds.items():
            name = f'{facts["model"]} {facts["set"]} {facts["rows"]} seed {facts["seed"]}{kind}'
            played = play(facts, answers, **options)
            if played is None:
                continue
            used, order = played
            for share in (0, 0.25, 0.5):
                found, rest = estimated(facts, order, share, **options)
                n = int(share * len(order))
                spent = order[n - 1][4] if n else 0.0
                rest['seconds'] = used['seconds'] - spent
                rows.append(compared(name, f'{share:.0%} there', found, rest))
                if keeps:
                    without, _ = estimated(facts, order, share, keeps, **options)
                    unseen.append(compared(name, f'{share:.0%} there', without, rest))
                if not kind and not share and facts['cpu_seconds']:
                    measured.append((name, facts['cpu_seconds'] / 2, found.seconds, found.most_seconds))
    say(pd.DataFrame(rows), measured)
    print('\nEach task with what the recordings of the other tasks say of the model')
    say_counts(pd.DataFrame(unseen))
    say_kept(pd.DataFrame(shares))


def say(table: pd.DataFrame, measured: list) -> None:
    "Print the figures."
    pd.set_option('display.width', 250, 'display.max_rows', 500, 'display.max_columns', 50)
    print(table[['run', 'when', *(f'{quantity}_at' for quantity in QUANTITIES)]].to_string(index=False))
    say_counts(table)
    if measured:
        inside = sum(low <= seconds <= high for _, seconds, low, high in measured)
        print(f'\nSeconds by CPU time: {inside} of {len(measured)} in the range')
        for name, seconds, low, high in measured:
            print(f'  {name}: {seconds:.0f} s, estimated {low:.0f} to {high:.0f} s')


def say_counts(table: pd.DataFrame) -> None:
    "Print how many estimates hold, at each moment and in all."
    for when, some in table.groupby('when'):
        print(f'\n{when}: {len(some)} runs')
        for quantity in QUANTITIES:
            print(
                f'  {quantity:10} in the range {some[quantity].sum()} of {len(some)}, '
                f'high / low {some[f"{quantity}_width"].median():.1f} (median)'
            )
    whole = len(table)
    counts = {quantity: int(table[quantity].sum()) for quantity in QUANTITIES}
    print(f'\nOf {whole} estimates:', ', '.join(f'{name} {n} ({n / whole:.0%})' for name, n in counts.items()))


def say_kept(shares: pd.DataFrame) -> None:
    "Print which share of the texts was kept, from which `Model.keeps` follows: each set counts once."
    sets = shares.groupby(['model', 'set'])[['filters', 'checks']].mean()
    print('\nKept at the first try')
    print(sets.round(2).to_string())
    print(sets.groupby('model').mean().round(2).to_string())


if __name__ == '__main__':
    if sys.argv[1:2] == ['record']:
        record(*sys.argv[2:])
    else:
        main()
