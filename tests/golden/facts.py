"""What the public face looks like, as plain data."""

import dataclasses
import inspect
import json
import warnings

from golden.cases import TASK

import syngen_nb
from syngen_nb import Studio, card, estimate, evaluate, get_model, report, split, to_csv, to_jsonl

CLASSES = 'Label Plan Task Cache Model Prompts Taxonomy Judge TaskForm TaxonomyTree DataView Studio'.split()


def plain(value):
    "Return `value` as JSON gives it back."
    return json.loads(json.dumps(value, default=str))


def attrs(df):
    "Return what a frame says of itself, without what depends on the cache."
    said = plain(df.attrs.get('syngen')) or {}
    return {name: value for name, value in said.items() if name != 'usage'}


def parameters(function):
    "Return names, kinds and defaults of the parameters of `function`."
    found = inspect.signature(function).parameters.values()
    return [[p.name, p.kind.name, '' if p.default is p.empty else repr(p.default)] for p in found]


def signatures():
    "Return the parameters of all public functions, classes and their methods."
    found = {}
    for name in syngen_nb.__all__:
        thing = getattr(syngen_nb, name)
        is_error = isinstance(thing, type) and issubclass(thing, Exception)
        if callable(thing) and not is_error:
            found[name] = parameters(thing)
    for name in CLASSES:
        of = getattr(syngen_nb, name)
        own = {m for part in of.__mro__ if part.__module__.startswith('syngen_nb') for m in vars(part)}
        methods = {m: getattr(of, m) for m in own if not m.startswith('_')}
        found |= {f'{name}.{m}': parameters(o) for m, o in methods.items() if inspect.isroutine(o)}
    return found


def nameless(parameter):
    "Return a parameter without its name where nobody gives it by name: one letter, or `**kw`."
    name, kind, default = parameter
    return ['', kind, default] if len(name) == 1 or kind == 'VAR_KEYWORD' else parameter


def may_become(old, new):
    "Return whether parameters `old` may become `new`: more of them have a default, and come last or by keyword alone."
    was_letter = [i for i, parameter in enumerate(old) if len(parameter[0]) == 1]
    new = [['', *p[1:]] if i in was_letter else nameless(p) for i, p in enumerate(new)]
    old = [nameless(p) for p in old]
    places = [[p for p in some if p[1].startswith('POSITIONAL')] for some in (old, new)]
    rest = [[p for p in some if not p[1].startswith('POSITIONAL')] for some in (old, new)]
    kept = places[1][: len(places[0])] == places[0] and all(p in rest[1] for p in rest[0])
    return kept and all(p[2] or p[1].startswith('VAR_') for p in new if p not in old)


def model_keys():
    "Return what tells models apart, as it goes into the keys of the cache."
    server = dict(base_url='http://user:pass@h:8000/v1/?a=b', temperature=0.5, max_tokens=9)
    models = {
        'openai': get_model('openai/x'),
        'openai server': get_model('openai/x', structured=False, **server),
        'anthropic': get_model('anthropic/x'),
        'local': get_model('local'),
        'small': get_model('local/small', temperature=1.0),
    }
    return plain({name: model.key() for name, model in models.items()})


def estimates():
    "Return estimates of some calls, without the seconds."
    calls = {
        '40': dict(n_record_to_generate=40),
        'counts': dict(n_source_type=2, n_topic=2, n_subtopic=2, sample_per_subtopic=3),
        'verify': dict(n_record_to_generate=30, verify=True),
    }
    found = {name: estimate(TASK, model='openai/gpt-4o', cache=':memory:', **kw) for name, kw in calls.items()}
    found['local'] = estimate(TASK, 30, cache=':memory:')
    return {name: [str(e), dataclasses.asdict(e)] for name, e in found.items()}


def files(df, folder):
    "Return what the functions that write files make of a frame."
    to_csv(df, folder / 'rows.csv')
    to_jsonl(df, folder / 'rows.jsonl')
    train, test = split(df, test=0.25, seed=3)
    return {
        'csv': (folder / 'rows.csv').read_text(),
        'jsonl': (folder / 'rows.jsonl').read_text(),
        'card': str(card(df)),
        'split': [train.index.tolist(), test.index.tolist()],
        'report': str(report(df)),
        'html': report(df)._repr_html_(),
    }


def scores(df):
    "Return what a frame is worth on a part of it."
    train, test = split(df, test=0.25, seed=3)
    found = evaluate(train, test, curve=False, C=10)
    return plain(dict(baselines=found.baselines.round(6).to_dict(), confusion=found.confusion.to_dict()))


def studio_with(cache):
    "Return a studio with a tree that was edited and texts."
    from fakes import Writer

    from syngen_nb import Plan

    studio = Studio(TASK, Plan.make(TASK, 12), model=Writer(), cache=cache)
    studio.grow().result()
    studio.generate().result()
    label = studio.taxonomy.children()[0]
    studio.taxonomy.rename(studio.taxonomy.children(label)[0], 'by hand')
    return studio


def quietly(function, *args):
    "Call `function` without warnings."
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return function(*args)
