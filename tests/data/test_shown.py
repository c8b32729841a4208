"Text of people and models is shown as text: in every HTML, in Markdown, and where a page looks for formulas"

import importlib
import inspect
import pkgutil
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from fakes import Writer

import syngen_nb
from syngen_nb import Cache, Label, Plan, Task, Taxonomy, card, compare, estimate, evaluate, report
from syngen_nb.display import NO_MATH, markdown_text

EVIL = r'Sort <script>run()</script> [x](javascript:run()) from $5 to $10, \(a\) or \begin{b}c\end{b}, www.bad.example'
LABELS = ['between $1 and $2', r'\[x\] <img src=x onerror=run()>']
TASK = Task(EVIL, [Label(LABELS[0], 'costs $3 or $4'), LABELS[1]], examples=[('It costs $7 or $8', LABELS[0])])
SIGNS = re.compile(r'[$\\]')


@pytest.fixture
def df():
    texts = ['I paid $5 and got $6 back', 'Rain all day', r'\(q\) and $$r$$ too', 'A dog ran home', 'It cost $9 or $8']
    df = pd.DataFrame(dict(text=texts * 4, label=LABELS * 10, topic='$1 to $2', cell='c'))
    df['model'] = 'local/<script>run()</script>$a$ [x](javascript:run())'
    df.attrs['syngen'] = dict(
        instruction=EVIL,
        labels={LABELS[0]: 'costs $3 or $4'},
        model='local/`a` $x$',
        plan={'n_topic': 2, '\n```\n<script>run()</script> $5 and $10': 3},
        dropped={'$1 or $2': 3},
        shortfall=[dict(cell='a $1 or $2', want=1, got=0, error='402: pay <b>$5</b> or [$6](javascript:run())')],
    )
    return df


class Reader(HTMLParser):
    "Collects the elements of a page, and the texts with a sign of formulas that no class protects"

    VOID = ('img', 'br', 'input')

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.bare, self.safe = [], set(), [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append((tag, set((dict(attrs).get('class') or '').split())))

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        is_safe = any(set(NO_MATH.split()) <= names or tag == 'style' for tag, names in self.open)
        if SIGNS.search(data):
            (self.safe if is_safe else self.bare).append(data)


def pages(df):
    "Yield what shows as HTML, a name of its class to the HTML."
    from syngen_nb import DataView, Studio, TaskForm, TaxonomyTree, start
    from syngen_nb.models import Usage
    from syngen_nb.widgets.run_view import RunView

    tax = Taxonomy(TASK)
    tax.add(tax.children()[0], 'forums from $1 to $2')
    found = report(df)
    yield 'Label', TASK.labels[0]._repr_html_()
    yield 'Task', TASK._repr_html_()
    yield 'Taxonomy', tax._repr_html_()
    yield 'Usage', Usage()._repr_html_()
    yield 'Cache', Cache(':memory:')._repr_html_()
    compared = estimate(TASK, 10, model=['openai/gpt-4o', Writer()], cache=':memory:')
    yield 'Estimates', compared._repr_html_()
    yield 'Estimate', compared[0]._repr_html_()
    yield 'Report', found._repr_html_()
    yield 'Comparison', compare({'$1 and $2': found})._repr_html_()
    yield 'Evaluation', evaluate(df[:10], df[10:], curve=False)._repr_html_()
    run = start(tax, 2, model=Writer(), cache=':memory:')
    widgets = [DataView(df), TaskForm(), TaxonomyTree(tax), RunView(run), Studio(TASK, cache=':memory:')]
    for widget in widgets:
        yield type(widget).__name__, widget._still()['text/html']
        widget.close()


def shown_classes():
    "Return the names of all classes that show HTML."
    found = set()
    for module in pkgutil.walk_packages(syngen_nb.__path__, 'syngen_nb.'):
        for name, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if thing.__module__ == module.name and {'_repr_html_', '_html'} & set(vars(thing)):
                found.add(name)
    return found


@pytest.mark.filterwarnings('ignore')
def test_no_html_has_formulas(df):
    "All text with a dollar or a backslash is inside an element with both classes, whichever class of ours shows it"
    found = dict(pages(df))
    assert set(found) == shown_classes() - {'Kept'}
    with_signs = 0
    for name, html in found.items():
        page = Reader(html)
        assert not page.bare, name
        assert not {'script', 'img'} & page.tags or name == 'Evaluation', name  # Its picture is ours
        with_signs += bool(page.safe)
    assert with_signs > 8


def test_widgets_have_the_classes(df):
    from syngen_nb import DataView
    from syngen_nb.display import static

    assert set(NO_MATH.split()) <= set(DataView(df)._dom_classes)
    assert all(name in static('common.js') for name in NO_MATH.split())


def rendered(text):
    mistune = pytest.importorskip('mistune')  # It comes with nbconvert
    return mistune.create_markdown(escape=False, plugins=['table', 'url', 'strikethrough'])(text)


TICKS = '\n````\n<b>'
VALUES = [
    EVIL,
    *LABELS,
    TICKS,
    'a|b',
    '<b>',
    '&amp;',
    '# x',
    '[a](b)',
    '![a](b)',
    '*a* _b_ ~c~ `d`',
    'https://a.b',
    'x@y.zz',
]


@pytest.mark.parametrize('value', VALUES)
def test_markdown_shows_what_was_written(value):
    "A browser shows the very characters, and no element but those that keep signs of formulas apart"
    from html import unescape

    html = rendered(markdown_text(value))
    assert set(re.findall(r'<(\w+)', html)) <= {'p', 'span'}
    assert unescape(re.sub(r'</?(?:p|span)>', '', html)).strip() == ' '.join(value.split())
    inside = re.sub(r'<span>[^<]*</span>', '', html)  # A sign alone in its element is no end of a formula
    assert not SIGNS.search(unescape(inside))
    assert not SIGNS.search(re.sub(r'\\[`*_\[\]#|~/.@]', '', markdown_text(value)))


@pytest.mark.parametrize('form', [str, lambda o: o._repr_markdown_()], ids=['with its head', 'without'])
def test_a_card_holds_no_markup(df, form):
    "Nothing of a person, a model or a provider becomes an element or a link, in the head either"
    text = form(card(df, health=True, license='$a$ <script>run()</script> [x](javascript:run())'))
    html = rendered(text)
    tags = set(re.findall(r'<(\w+)', html))
    assert not tags & {'script', 'img', 'a', 'b', 'em', 'strong', 'del'}, tags
    outside = re.sub(r'<pre>.*?</pre>|<span>[^<]*</span>', '', html, flags=re.S)
    assert '$' not in outside and not re.search(r'\\[([]|\\begin', outside)


def test_a_card_without_its_head(df):
    text = card(df, health=False)
    body = text._repr_markdown_()
    assert body.startswith('# Sort') and 'pretty_name' not in body and text.endswith(body + '\n')
    assert isinstance(text, str) and type(str(text)) is str


@pytest.mark.parametrize(
    'title', [EVIL, 'Sort: "a" # b', "it's {a: b}", '🍿 \x07\x85\u2028 电影 हिन्दी', '- a\n---\n- b', '']
)
def test_the_head_is_the_same_yaml(df, title):
    "A reader of YAML gets the instruction as it was written, on one line of the file"
    yaml = pytest.importorskip('yaml')
    df.attrs['syngen']['instruction'] = title
    _, head, _ = card(df, health=False, license=title or None).split('---\n', 2)
    read = yaml.safe_load(head)
    assert read['pretty_name'] == title and read.get('license') == (title or None)
    assert not re.search(r'[<>`*\[\]$&@]', head.split('size_categories')[0].split('pretty_name')[1])


def test_estimates_have_no_formulas():
    "Two prices on one line would be the ends of a formula"
    found = estimate(Task('Sort', ['a', 'b']), 10, model='openai/gpt-4o', cache=':memory:')
    assert '$' in str(found) and NO_MATH in found._repr_html_() and not hasattr(found, '_repr_markdown_')
    assert '$' not in Plan.make(Task('Sort', ['a', 'b']), 10)._repr_markdown_()
