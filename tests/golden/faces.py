"""What classes and results show in public, and figures of reports, as plain data."""

import dataclasses
import json

import pandas as pd
from fakes import Writer
from golden.cases import QUIET, TASK, replayed

import syngen_nb
from syngen_nb import (
    METHOD,
    Cache,
    Taxonomy,
    compare,
    estimate,
    evaluate,
    generate,
    get_model,
    grow,
    report,
    split,
    start,
    start_grow,
)

CLASSES = 'Label Plan Task Cache Model Prompts Taxonomy Judge TaskForm TaxonomyTree DataView Studio'.split()


def is_ours(of):
    return of.__module__.split('.')[0] in ('syngen_nb', 'fakes')


def names_of(thing):
    "Return the public names of a class or an object that this package gives it, its own attributes included."
    kind = thing if isinstance(thing, type) else type(thing)
    found = {name for of in kind.__mro__ if is_ours(of) for name in (*vars(of), *getattr(of, '__annotations__', ()))}
    if not isinstance(thing, type):
        found |= set(vars(thing))
    return sorted(name for name in found if not name.startswith('_'))


def attributes():
    "Return the public names of the classes, and of what their functions return."
    cache = Cache(':memory:')
    tax = grow(TASK, 1, 1, 1, model=Writer(), cache=cache, **QUIET)
    texts = start(tax, 6, model=Writer(), cache=cache)
    texts.result()
    growing = start_grow(TASK, 1, 1, 1, model=Writer(), cache=cache)
    growing.result()
    df = replayed()
    train, test = split(df, test=0.25, seed=3)
    things = {name: getattr(syngen_nb, name) for name in CLASSES}
    things |= {
        'start': texts,
        'start_grow': growing,
        'usage': texts.usage,
        'node': tax.children()[0],
        'estimate': estimate(tax, 6, model=Writer(), cache=cache),
        'report': report(df),
        'compare': compare({'a': report(df)}),
        'evaluate': evaluate(train, test, curve=False),
        'openai': get_model('openai/x'),
        'anthropic': get_model('anthropic/x'),
        'local': get_model('local'),
    }
    return {name: names_of(thing) for name, thing in things.items()}


def run_facts():
    "Return what finished runs say of themselves."
    cache = Cache(':memory:')
    growing = start_grow(TASK, 2, 2, 1, model=Writer(), cache=cache)
    tax = growing.result()
    texts = start(tax, 12, model=Writer(), cache=cache, verify=True)
    texts.result()
    found = {}
    for name, run in dict(grow=growing, texts=texts).items():
        found[name] = dict(
            repr=repr(run),
            status=run.status,
            done=run.done,
            progress=run.progress(),
            states=[run.state(o.id) for o in tax.walk()],
            asked=[[(o['cell'], o['draw']) for o in run.asked(o.id)] for o in tax.walk()],
            errors=run.errors,
            short=run.short(),
            usage=str(run.usage),
            taken_back=run.taxonomy.steps,
        )
    found['cache'] = [[o['cell'], o['draw'], o['series'], o['model']] for o in cache.rows()]
    found['found'] = len(cache.find(cell='topics · Sea · ' + tax.children(('Sea',))[0].name))
    found['info'] = {k: v for k, v in cache.info().items() if k != 'path'}
    return found


def more_estimates():
    "Return estimates of calls of other kinds, and of one that is partly paid for."
    cache = Cache(':memory:')
    tax = grow(TASK, 2, 2, 2, model=Writer(), cache=cache, **QUIET)
    generate(tax, 12, model=Writer(), cache=cache, **QUIET)
    copied = Cache(':memory:')  # Answers that were copied say nothing about seconds
    copied.load(list(cache.rows()))
    memory = dict(cache=':memory:')
    found = dict(
        partly=estimate(tax, 60, model=Writer(), cache=copied),
        anthropic=estimate(TASK, 50, model='anthropic/claude-haiku-4-5', **memory),
        small=estimate(TASK, 50, model='local/small', **memory),
        small_unchecked=estimate(TASK, 50, model='local/small', verify=False, **memory),
        method=estimate(TASK, 50, model='openai/gpt-4o', prompts=METHOD, **memory),
        server=estimate(TASK, 50, model=get_model('openai/x', base_url='http://h/v1', concurrency=2), **memory),
        large=estimate(TASK, 2000, model='openai/gpt-4o', seed=2, **memory),
        relabel=estimate(TASK, 24, model='openai/gpt-4o', verify='relabel', **memory),
        tree=estimate(tax, sample_per_subtopic=2, model='openai/gpt-4o', **memory),
    )
    return {name: [str(o), dataclasses.asdict(o)] for name, o in found.items()}


def figures():
    "Return the numbers of reports, a comparison and an evaluation."
    df = replayed()
    train, test = split(df, test=0.25, seed=3)
    found = report(df)
    worth = evaluate(train, test, curve=[10, 20], seed=1, C=10)
    tables = dict(
        lines=found.to_frame(),
        verdicts=found.verdicts().reset_index(),
        words=found.words,
        openings=found.openings,
        branches=found.branches,
        near=found.near,
        told=found.told,
        checked=found.checked,
        aps=found.aps,
        against=report(df, real=test).to_frame(),
        compare=compare({'all': found, 'train': report(train)}).to_frame(),
        scores=worth.to_frame(),
        curve=worth.curve,
        errors=worth.errors,
    )
    texts = {
        name: None if o is None else pd.DataFrame(o).to_csv(float_format='%.6g').splitlines()
        for name, o in tables.items()
    }
    return texts | {
        'rows': {name: [int(i) for i in rows] for name, rows in found.rows.items()},
        'notes': found.notes,
    }


def more_keys(folder):
    "Return the keys of models with files, addresses and settings of their own."
    file = folder / 'own.gguf'
    file.write_bytes(b'not a model')
    models = dict(
        file=get_model('local', path=file, top_k=5),
        hub=get_model('local', repo='someone/some', file='model.gguf', max_tokens=9),
        small=get_model('local/small'),
        anthropic=get_model('anthropic/x', base_url='https://h/', max_tokens=7, top_k=3),
        openai=get_model('openai/x', temperature=1.2, extra_body=dict(a=1)),
        fake=Writer(),
        default=get_model(),
    )
    return {name: [model.name, model.key(), model.prompts.name, model.logprobs] for name, model in models.items()}


def saved_forms(folder):
    "Return what is written of tasks, plans and caches."
    cache = Cache(folder / 'c.sqlite')
    grow(TASK, 1, 1, 1, model=Writer(), cache=cache, **QUIET)
    cache.export(folder / 'c.jsonl')
    tax = Taxonomy(TASK)
    return dict(
        task=TASK.to_dict(),
        tree=tax.to_dict(),
        export=(folder / 'c.jsonl').read_text(encoding='utf-8').splitlines(),
        replayed=len(Cache.replay(folder / 'c.jsonl')),
    )


def replay_facts():
    "Return all that the replayed frame holds beside its texts."
    df = replayed()
    return dict(
        attrs=df.attrs['syngen'],
        frame=df.to_json(orient='split', double_precision=12),
        cells=df.cell.tolist(),
        index=str(df.index),
        labels=[list(df[name].cat.categories) for name in ('label', 'checked_label')],
        ordered=[df[name].cat.ordered for name in ('label', 'checked_label')],
        codes=[df[name].cat.codes.tolist() for name in ('label', 'checked_label')],
        confidence=str(df.confidence.dtype),
    )


def all_of_it(folder):
    "Return all of these facts as JSON gives them back."
    found = dict(
        attributes=attributes(),
        runs=run_facts(),
        estimates=more_estimates(),
        figures=figures(),
        keys=more_keys(folder),
        forms=saved_forms(folder),
        replayed=replay_facts(),
    )
    return json.loads(json.dumps(found))
