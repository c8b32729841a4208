"""The calls whose results must stay as they are. They use the public face alone."""

import pandas as pd
from fakes import Writer

from syngen_nb import METHOD, Cache, Label, Task, Taxonomy, generate, get_model, grow, start, verify

TASK = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])
RICH = Task(
    'Clasificar notas',
    [Label('mar', 'agua salada'), Label('tierra', 'suelo firme')],
    language='Klingon',
    examples=[('una nota sobre el mar y sus olas', 'mar'), ('una nota sobre el campo', 'tierra')],
)
LOCAL = get_model('local').prompts
SMALL = get_model('local/small').prompts
QUIET = dict(progress=False)


def write(cache, task=TASK, n=30, prompts=None, logprobs=0, **kwargs):
    "Return the frame of a call of `generate`."
    return generate(task, n, model=Writer(prompts, logprobs), cache=cache, **QUIET, **kwargs)


def edited_tree(cache):
    "Return a tree with every kind of edit in it."
    tax = grow(TASK, 2, 2, 2, model=Writer(), cache=cache, **QUIET)
    sea, land, air = tax.children()
    tax.remove(tax.children(tax.children(sea)[0])[1])
    tax.rename(tax.children(land)[0], 'letters home')
    tax.lock(tax.children(land)[1])
    tax.weigh(tax.children(air)[0], 3)
    tax.add(tax.children(air)[1], 'a topic by hand')
    tax.move(tax.children(tax.children(air)[0])[0], tax.children(air)[1])
    tax.merge(*tax.children(tax.children(sea)[1]))
    return tax


def from_edited_tree(cache, **kwargs):
    "Return the frame of a tree that was edited, and grown further."
    model = Writer()
    tax = grow(edited_tree(cache), n_topic=3, model=model, cache=cache, **QUIET)
    tax = grow(tax, at=tax.children(('Air',))[0], again=True, model=model, cache=cache, **QUIET)
    return generate(tax, 40, model=model, cache=cache, **QUIET, **kwargs)


def from_errors(cache):
    "Return the frame of a tree that has grown from errors."
    tax = grow(TASK, 2, 2, 1, model=Writer(), cache=cache, **QUIET)
    rows = [('the rain on the river was cold', 'Sea', 'Land'), ('a bird over the road', 'Air', 'Land')]
    errors = pd.DataFrame(rows, columns=['text', 'label', 'predicted'])
    tax = grow(tax, errors=errors, n_subtopic=2, model=Writer(), cache=cache, **QUIET)
    return generate(tax, sample_per_subtopic=2, model=Writer(), cache=cache, **QUIET)


def checked_elsewhere(cache):
    "Return a frame from elsewhere with its labels checked."
    df = pd.DataFrame(
        dict(text=[f'a note about {word}' for word in ('rain', 'fish', 'road', 'bird')], label=list('SLAS'))
    )
    df['label'] = df.label.map(dict(S='Sea', L='Land', A='Air'))
    return verify(df, TASK, model=Writer(), cache=cache, **QUIET)


def relabelled(cache):
    "Return a frame whose texts may move to the label that they are read as."
    tax = Taxonomy(TASK)
    for label in tax.children():
        tax.add(tax.add(tax.add(label, 'letters'), 'weather'), 'last night')
    return generate(tax, 12, model=Writer(logprobs=20), cache=cache, verify='relabel', **QUIET)


def shouting(text, about):
    "Reject texts with a certain word."
    return 'has a door' if 'door' in text else ''


CASES = {
    'default': lambda cache: write(cache),
    'default_large': lambda cache: write(cache, n=150),
    'method': lambda cache: write(cache, prompts=METHOD),
    'local': lambda cache: write(cache, prompts=LOCAL, logprobs=100),
    'small': lambda cache: write(cache, prompts=SMALL, logprobs=100),
    'small_votes': lambda cache: write(cache, prompts=SMALL, n=12),
    'rich': lambda cache: write(cache, RICH, n=20),
    'rich_local': lambda cache: write(cache, RICH, n=12, prompts=LOCAL, logprobs=100),
    'seed': lambda cache: write(cache, seed=7, n=12),
    'template': lambda cache: generate(
        TASK, 12, model=Writer(), prompts=dict(texts='Write {{n}} about {{label}}, {{topic}}.'), cache=cache, **QUIET
    ),
    'counts': lambda cache: generate(
        TASK, n_source_type=2, n_topic=1, n_subtopic=2, sample_per_subtopic=3, model=Writer(), cache=cache, **QUIET
    ),
    'verify_votes': lambda cache: write(cache, verify=True, n=18),
    'verify_keep': lambda cache: write(cache, verify='keep', logprobs=20, n=18),
    'verify_drop': lambda cache: write(cache, verify='drop', logprobs=20, n=18),
    'relabel': relabelled,
    'filters': lambda cache: write(cache, filters=['too_short', 'near_duplicate', shouting], n=18),
    'no_filters': lambda cache: write(cache, filters=False, n=18),
    'edited': from_edited_tree,
    'errors': from_errors,
    'verify': checked_elsewhere,
}


def dropped_texts(cache):
    "Return what a run turned down."
    run = start(TASK, 30, model=Writer(), cache=cache)
    run.result()
    return run.dropped


def tree_forms(cache):
    "Return trees as plain data: grown, edited, undone, redone and through a frame."
    tax = edited_tree(cache)
    forms = dict(edited=tax.to_dict())
    for _ in range(3):
        tax.undo()
    forms['undone'] = tax.to_dict()
    tax.redo()
    forms['redone'] = tax.to_dict()
    frame = tax.to_frame()
    forms['frame'] = frame.reset_index().to_dict('records')
    forms['from_frame'] = tax.from_frame(frame.iloc[2:].assign(weight=2.0)).to_dict()
    tax.retask(Task('Sort letters', ['Land', 'Water', 'Sea']))
    forms['retask'] = tax.to_dict()
    forms['html'] = tax._repr_html_().split('</style>')[1]
    return forms


def replayed():
    "Return the frame that the recording of the quickstart gives."
    task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
    return generate(task, 40, cache=Cache.replay('reviews'), **QUIET)
