"""Compute how long 1,000, 100,000 and 10,000,000 rows take, and what they cost, for each way to run a model.

    python benchmarks/scale.py [--write]

It prints the table of docs/scale.md; with --write it puts the table there. Rates of the embedded models are those in
docs/measured.md. Requests and tokens are those of `estimate` for the task below, and prices are list prices.

What it takes as given stands at the top. The rate of a GPU server was measured by others: see `GPU`."""

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genai_prices import Usage, calc_price

from syngen_nb import Task, estimate, get_model

ROOT = Path(__file__).parents[1]
PAGE = ROOT / 'docs/scale.md'
MARKS = '<!-- Table by benchmarks/scale.py -->\n', '<!-- End of the table -->\n'
SIZES = 1_000, 100_000, 10_000_000
TASK = Task('Classify the sentiment of a movie review', ['negative', 'positive'])

# Qwen3.5-9B on an H100 with vLLM 0.17.1: 1,000 ShareGPT conversations of 342 tokens in and 281 out, 512 at a time, as
# https://docs.gpustack.ai/latest/performance-lab/qwen3.5-9b/h100/ measured them
GPU_TOKENS_OUT = 5_203  # A second
GPU_DOLLARS = 2.79, 4.76  # An hour of an H100 on demand: prices in March and May 2026 (RunPod)
CLUSTER = 64  # Machines of two cores
PROVIDERS = {'openai': 'gpt-5-mini', 'anthropic': 'claude-haiku-5-5'}
LIMITS = 50, 4_000  # Requests a minute: Anthropic's first tier and its fourth
BATCH_HOURS = 24  # What the providers promise for a batch
MOST_AT_ONCE = 100_000  # Requests of a round: what Anthropic takes in one batch; more have to queue
ROUNDS = 3  # Batches one after the other: tree and texts, then twice what was turned down


@dataclass
class Load:
    "What a number of rows asks of a model, with the texts that are turned down."

    rows: int
    requests: float
    tokens_in: float
    tokens_out: float


@cache
def load_of(rows):
    "Return what `rows` rows ask of a model behind an API; all such models are asked alike."
    found = estimate(TASK, rows, model=f'openai/{PROVIDERS["openai"]}', cache=':memory:', verify=False)
    times = found.most_requests / found.requests
    return Load(rows, found.most_requests, found.tokens_in * times, found.tokens_out * times)


def measured_rates(name):
    "Return the texts and the checks a second of an embedded model, as docs/measured.md has them."
    page = (ROOT / 'docs/measured.md').read_text(encoding='utf-8')
    words = 'a second with the default one' if name == 'local' else f'with `{name}`'
    rate = r'([\d.]+)(?: to ([\d.]+))?'  # One run, or the slowest and the fastest of several
    found = re.search(rf'{rate} and {rate} {re.escape(words)}', page)
    if not found:
        raise ValueError(f'docs/measured.md does not say "… and … {words}"; run benchmarks/local.py and write it there')
    low, high, checks_low, checks_high = found.groups()
    return mean_of(low, high), mean_of(checks_low, checks_high)


def mean_of(low, high):
    return (float(low) + float(high or low)) / 2


def local_seconds(name):
    "Return what a row takes on two cores, its check and the texts that are turned down included."
    texts, checks = measured_rates(name)
    passed, agreed = get_model(name).keeps
    return 1 / (texts * passed * agreed) + 1 / (checks * agreed)


def dollars(load, provider, **context):
    "Return the list price of `load`."
    each = Usage(
        input_tokens=round(load.tokens_in / load.requests), output_tokens=round(load.tokens_out / load.requests)
    )
    price = calc_price(each, PROVIDERS[provider], provider_id=provider, price_context=context or None)
    return float(price.total_price) * load.requests


def time_words(seconds):
    for unit, size in (('years', 365 * 86400), ('days', 86400), ('h', 3600), ('min', 60)):
        if seconds >= 1.5 * size:
            number = f'{seconds / size:,.{0 if seconds >= 10 * size else 1}f}'
            return f'{number.removesuffix(".0")} {unit}'
    return f'{seconds:.0f} s'


def money_words(*amounts):
    words = [f'${amount:,.0f}' if amount >= 10 else f'${amount:.2f}' for amount in amounts]
    return ' to '.join(dict.fromkeys(words))


def local_rows():
    for name in ('local/small', 'local'):
        seconds = local_seconds(name)
        yield f'one machine of two cores, `{name}`', [(time_words(seconds * n), 'free') for n in SIZES]
    yield (
        f'a cluster of {CLUSTER} such machines, `local`',
        [(time_words(seconds * n / CLUSTER), 'yours') for n in SIZES],
    )


def gpu_row():
    cells = []
    for rows in SIZES:
        hours = load_of(rows).tokens_out / GPU_TOKENS_OUT / 3600
        cells.append((time_words(hours * 3600), money_words(*(hours * price for price in GPU_DOLLARS))))
    return 'a GPU server, one H100, a model of 9 billion parameters', cells


def batch_words(load):
    days = time_words(ROUNDS * BATCH_HOURS * 3600)
    return f'{days} or more' if load.requests > MOST_AT_ONCE else f'at most {days}'


def provider_rows():
    loads = [load_of(rows) for rows in SIZES]
    for provider, name in PROVIDERS.items():
        live, batch = [], []
        for load in loads:
            slow, fast = (time_words(load.requests / limit * 60) for limit in LIMITS)
            cost, half = dollars(load, provider), dollars(load, provider, processing='batch')
            assert half < cost, f'genai-prices has no batch price of {name}'
            live.append((f'{fast} to {slow}', money_words(cost)))
            batch.append((batch_words(load), money_words(half)))
        yield f'{provider}/{name}, live', live
        yield f'{provider}/{name}, batch', batch


def table():
    "Return the table as Markdown."
    lines = [f'| way | {" | ".join(f"{n:,} rows" for n in SIZES)} |', '|---' * (len(SIZES) + 1) + '|']
    for way, cells in [*local_rows(), gpu_row(), *provider_rows()]:
        lines.append(f'| {way} | {" | ".join(f"{time}, {cost}" for time, cost in cells)} |')
    return '\n'.join(lines) + '\n'


def with_table(page, new):
    "Return the text of a page with `new` as its table."
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f'{before}{MARKS[0]}\n{new}\n{MARKS[1]}{after}'


if __name__ == '__main__':
    made = table()
    print(made)
    if '--write' in sys.argv:
        PAGE.write_text(with_table(PAGE.read_text(encoding='utf-8'), made), encoding='utf-8')
