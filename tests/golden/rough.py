"""Runs with a model that does everything wrong. They use the public face alone.

Each case starts a run; what it gave, what it turned down and what it lacks must stay as they are."""

import pandas as pd
from fakes import RoughWriter, WriterWithoutLogprobs
from golden.cases import LOCAL, RICH, SMALL, TASK

from syngen_nb import DEFAULT, METHOD, Judge, Label, Task, Taxonomy, grow, start, start_grow

SETS = dict(default=DEFAULT, method=METHOD, local=LOCAL, small=SMALL)
LOGPROBS = dict(default=0, method=0, local=100, small=100)
# With seed 0 two lists that are asked again give one name; which of them gets it depends on who answers first
SEED = 3
QUIET = dict(progress=False)
GERMAN = Task('Notizen ordnen', ['Meer', 'Land'], language='German')
LETTERS = Task('Sort letters', [Label(f'kind {n}', f'about {n}') for n in range(28)])
NEWS = Task('Sort news', [Label('sport', 'games, not politics'), 'politics'], examples=[('The team won', 'sport')] * 2)


def write(prompts, n=36, task=TASK, verify=None, **kwargs):
    "Return a case that writes `n` texts with the prompt set called `prompts`."

    def case(cache, model):
        return start(task, n, model=model(SETS[prompts], LOGPROBS[prompts]), cache=cache, verify=verify, **kwargs)

    return case


def with_template(prompts, **templates):
    "Return a case in which some templates of a prompt set are replaced."

    def case(cache, model):
        return start(TASK, 12, model=model(SETS[prompts], LOGPROBS[prompts]), cache=cache, prompts=templates)

    return case


def judged_by_another(cache, model):
    "Start a run whose labels another model checks."
    judge = Judge('drop', model=model(DEFAULT, 20), odds=1.2)
    return start(TASK, 24, model=model(METHOD), cache=cache, verify=judge)


def without_logprobs(cache, model):
    "Start a run with a model that turns out to have no log-probabilities."
    writer = model(DEFAULT, 20)
    if isinstance(writer, RoughWriter):
        writer = WriterWithoutLogprobs(logprobs=20)
    writer.name = WriterWithoutLogprobs.name
    return start(TASK, 9, model=writer, cache=cache, verify=Judge('keep', votes=2))


def from_errors(prompts):
    "Return a case that grows a tree from errors, once for two labels and once more below one branch."

    def case(cache, model):
        writer = model(SETS[prompts], LOGPROBS[prompts])
        tax = grow(NEWS, 2, 2, 2, model=writer, cache=cache, **QUIET)
        rows = [('they won the vote', 'politics', 'sport'), ('a long note ' * 30, 'sport', 'politics')]
        errors = pd.DataFrame([*rows, *rows[:1]], columns=['text', 'label', 'predicted'])
        tax = grow(tax, errors=errors, n_subtopic=3, model=writer, cache=cache, **QUIET)
        branch = tax.children(('sport',))[0]
        tax = grow(tax, errors=errors.iloc[1:2], at=branch, model=writer, cache=cache, **QUIET)
        return start(tax, 26, model=writer, cache=cache, verify=False)

    return case


def weighed(prompts):
    "Return a case with weights, a lock, removed names, and more rows than before."

    def case(cache, model):
        writer = model(SETS[prompts], LOGPROBS[prompts])
        tax = grow(TASK, 2, 2, 2, model=writer, cache=cache, seed=5, **QUIET)
        sea, land, air = (tax.children(o) for o in tax.children())
        tax.weigh(sea[0], 0)
        tax.weigh(land[1], 2.5)
        tax.weigh(tax.children()[2], 2)
        tax.lock(tax.children(air[0])[0])
        tax.remove(tax.cells(air[1])[0])
        tax.remove(land[0])
        tax = grow(tax, model=writer, cache=cache, seed=5, **QUIET)
        start(tax, 20, model=writer, cache=cache, verify=False).result()
        return start(tax, 44, model=writer, cache=cache, verify=False)

    return case


def again(cache, model):
    "Start to grow a tree again, in place, below a node."
    writer = model(DEFAULT)
    tax = grow(TASK, 2, 3, 2, model=writer, cache=cache, **QUIET)
    tax.lock(tax.cells()[3])
    tax.rename(tax.cells()[-1], 'by hand')
    grow(tax, again=True, model=writer, cache=cache, **QUIET)
    return start_grow(tax, 2, 4, 2, model=writer, cache=cache, at=tax.children()[1], again=True)


def relabelled(prompts):
    "Return a case in which texts move to the label that they are read as."

    def case(cache, model):
        tax = Taxonomy(TASK)
        for label in tax.children():
            topic = tax.add(tax.add(label, 'letters'), 'weather')
            tax.add(topic, 'last night')
            tax.add(topic, f'this morning in {label.name[0]}')
        writer = model(SETS[prompts], LOGPROBS[prompts] or 20)
        return start(tax, 24, model=writer, cache=cache, verify='relabel')

    return case


CASES = {
    **{f'{name}_9': write(name, 9) for name in SETS},
    **{f'{name}_36': write(name, 36, seed=SEED) for name in SETS},
    'default_verify': write('default', verify=True),
    'default_120': write('default', 120, seed=SEED, filters=['near_duplicate', 'opening', 'label_name']),
    'default_counts': write(
        'default', None, n_source_type=2, n_topic=2, n_subtopic=1, sample_per_subtopic=4, verify='keep'
    ),
    'small_unchecked': write('small', 60, verify=False, seed=3),
    'local_seed': write('local', 12, seed=11, rounds=2),
    **{f'rich_{name}': write(name, 12, RICH) for name in SETS},
    'letters': write('default', 28, LETTERS, verify=Judge('keep', votes=1)),
    'german': write('default', 4, GERMAN, rounds=2),
    'news_small': write('small', 10, NEWS),
    'news_local': write('local', 10, NEWS),
    'local_texts': with_template('local', texts='Write {{n}} on {{label}}, {{source_type}}: {{written|join(" / ")}}.'),
    'small_topics': with_template('small', topics='{{n}} topics of {{label}}, not {{siblings|join(", ")}}'),
    'default_system': with_template('default', system='You know {{labels}}.'),
    'method_judged': judged_by_another,
    'no_logprobs': without_logprobs,
    **{f'errors_{name}': from_errors(name) for name in SETS},
    **{f'weighed_{name}': weighed(name) for name in ('default', 'small')},
    'again': again,
    **{f'relabel_{name}': relabelled(name) for name in ('default', 'local')},
}
