"Answers are read in whatever form they come: reasoning left out, whole items kept, halves dropped, JSON never a text."

import json
import time

import pytest

from syngen_nb import Model, Task, generate
from syngen_nb.answers import after_reasoning, salvage
from syngen_nb.models import Answer
from syngen_nb.prompt_sets import DEFAULT, SMALL

ONE = 'We waited an hour for the food, and nobody said sorry.'
TWO = 'The soup was "cold", they\'d say.'
GOOD = json.dumps({'items': [{'text': ONE}, {'text': TWO}]})
DRAFT = 'The format is {"items": [{"text": "a draft"}]}, so I write ["another draft"].'

THOUGHTS = {
    'think': f'<think>\n{DRAFT}\n</think>\n\n',
    'only the end': f'{DRAFT}</think>',
    'capitals': f'<THINK>{DRAFT}</THINK>',
    'thinking': f'<thinking>{DRAFT}</thinking>',
    'reasoning': f'Sure.\n<reasoning>{DRAFT}</reasoning>',
    'twice': f'<think>{DRAFT}</think>\n<think>{DRAFT}</think>',
    'Magistral': f'[THINK]{DRAFT}[/THINK]',
    'Kimi': f'◁think▷{DRAFT}◁/think▷',
    'Seed': f'<seed:think>{DRAFT}</seed:think>',
    'Cohere': f'<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>',
    'Sky-T1': f'<|begin_of_thought|>{DRAFT}<|end_of_thought|><|begin_of_solution|>',
    'Gemma': f'<unused94>thought\n{DRAFT}<unused95>',
    'gpt-oss': f'<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>',
    'gpt-oss, json': f'<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final <|constrain|>json<|message|>',
    'gpt-oss, glued': f'analysisI think. {DRAFT}assistantfinal',
    'gpt-oss, glued to a small letter': f'analysisuser wants {DRAFT}assistantfinal',
    'gpt-oss, glued to JSON': 'analysis[{"text": "a draft"}]assistantfinal',
    'Apertus': f'<|inner_prefix|>{DRAFT}<|inner_suffix|>',
    'LongCat': f'<longcat_think>{DRAFT}</longcat_think>',
    'MiniMax': f'<mm:think>{DRAFT}</mm:think>',
    'Open WebUI': f'<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n> {DRAFT}\n</details>\n',
    'LibreChat': f':::thinking\n{DRAFT}\n:::\n\n',
    'a fence': f'```thinking\n{DRAFT}\n```\n',
    'Poe': f'*Thinking...*\n\n> {DRAFT}\n>\n> More.\n\n',
    'Granite': f"Here's my thought process: {DRAFT} Here's my response: ",
    'Apriel': f'Here are my reasoning steps:\n{DRAFT}\n[BEGIN FINAL RESPONSE]',
    'attributes': f'<think duration="3">{DRAFT}</think>',
    'escaped': f'&lt;think&gt;{DRAFT}&lt;/think&gt;',
    'an answer in tags': f'<think>{DRAFT}</think><answer>',
    'a monologue': f'<inner_monologue>{DRAFT}</inner_monologue>',
    'a rationale': f'<rationale>{DRAFT}</rationale>',
    'brackets': f'[REASONING]{DRAFT}[/REASONING]',
}
UNCLOSED = {
    'think': f'<think>{DRAFT}',
    'after words': f'Sure! <think>{DRAFT}',
    'Magistral': f'[THINK]{DRAFT}',
    'Kimi': f'◁think▷{DRAFT}',
    'gpt-oss': f'<|channel|>analysis<|message|>{DRAFT}',
    'gpt-oss, no final': f'<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>commentary<|message|>{DRAFT}',
    'gpt-oss, glued': f'analysisI think. {DRAFT}',
    'Open WebUI': f'<details type="reasoning" done="false">\n<summary>Thinking…</summary>\n> {DRAFT}',
    'a fence': f'```thinking\n{DRAFT}\n',
    'Poe': f'*Thinking...*\n\n> {DRAFT}',
    'Granite': f'Here is my thought process: {DRAFT}',
    'escaped': f'&lt;think&gt;{DRAFT}',
}


@pytest.mark.parametrize('name', THOUGHTS)
def test_reasoning_is_removed(name):
    assert salvage(THOUGHTS[name] + GOOD, 'text') == [ONE, TWO]
    assert after_reasoning(THOUGHTS[name] + 'B').strip().removeprefix('Sure.').strip() == 'B'


@pytest.mark.parametrize('name', UNCLOSED)
@pytest.mark.parametrize('cut', [True, False])
def test_reasoning_without_an_end_gives_nothing(name, cut):
    assert salvage(UNCLOSED[name], 'text', cut) == []
    assert 'draft' not in after_reasoning(UNCLOSED[name])


BEGINNINGS = (
    'analysisParalysis is real, says my boss.',
    'assistantanalysisX is how the log begins.',
    'commentaryBox seats were cold and far away.',
    'Here is my thought process: I saw it, I bought it.',
    "Here's my thought process: never buy shoes online.",
    'Here are my reasoning steps: one, it was cheap.',
    'Thinking...\nThat is all my phone did for an hour.',
)


@pytest.mark.parametrize('text', BEGINNINGS)
def test_a_text_may_begin_like_thoughts(text):
    "A continuation is a text as it stands, and the words before an answer make the difference"
    assert SMALL.read(text, 'texts') == [text]
    assert SMALL.read(text + ' And the', 'texts', cut=True) == [text]
    assert salvage(text, 'text') == []


@pytest.mark.parametrize('name', [name for name in THOUGHTS if name != 'reasoning'])
def test_reasoning_before_a_continuation_is_removed(name):
    assert SMALL.read(THOUGHTS[name] + ONE, 'texts') == [ONE]


@pytest.mark.parametrize('text', ['Write </think> to close it.', 'Use <think> and [THINK] tags, "analysisA" too.'])
def test_a_text_may_speak_of_tags(text):
    assert salvage(json.dumps({'items': [{'text': text}]}), 'text') == [text]
    assert salvage(json.dumps(text), 'text') == [text]


WHOLE = {
    'plain': GOOD,
    'twice': json.dumps(GOOD),
    'three times': json.dumps(json.dumps(GOOD)),
    'a list with it': json.dumps([GOOD]),
    'items that hold it': json.dumps({'items': [GOOD]}),
    'items that are it': json.dumps({'items': GOOD}),
    'in the text': json.dumps({'text': GOOD}),
    'each item': json.dumps({'items': [json.dumps({'text': ONE}), json.dumps({'text': TWO})]}),
    'twice, quotes lost': json.dumps(GOOD)[1:-1],
    'twice, fenced': f'```json\n{json.dumps(GOOD)}\n```',
    'parts around it': json.dumps([{'type': 'text', 'text': GOOD}]),
    'parts with thoughts': json.dumps([{'type': 'thinking', 'text': DRAFT}, {'type': 'text', 'text': GOOD}]),
    'texts in parts': json.dumps([{'text': [{'type': 'text', 'text': o}]} for o in (ONE, TWO)]),
    'texts in objects': json.dumps([{'text': {'value': o, 'annotations': []}} for o in (ONE, TWO)]),
    'a text in two parts': json.dumps(
        [{'text': [{'type': 'text', 'text': ONE[:9]}, {'text': ONE[9:]}]}, {'text': TWO}]
    ),
    'a line each': '\n'.join(json.dumps({'text': o}) for o in (ONE, TWO)),
    'a string each': '\n'.join(json.dumps(o) for o in (ONE, TWO)),
    'a string each, commas': ',\n'.join(json.dumps(o) for o in (ONE, TWO)),
    'Python': str([{'text': ONE}, {'text': TWO}]),
    'Python, None': str({'items': [{'text': ONE, 'id': None}, {'text': TWO, 'id': None}]}),
    'a wrong key': GOOD.replace('"text"', '"review"'),
    'a key with a capital': GOOD.replace('"text"', '"Text"'),
    'a wrong key and remarks': json.dumps([{'content': o, 'label': 'x', 'reason': 'because'} for o in (ONE, TWO)]),
    'a wrong key, said so': f'Here you are:\n{GOOD.replace(chr(34) + "text", chr(34) + "sentence")}\nBye',
    'notes beside': json.dumps({'notes': ['one note', 'another'], 'items': [{'text': ONE}, {'text': TWO}]}),
    'for a web page': GOOD.replace('\\"', "'").replace('"', '&quot;').replace("'cold'", '\\&quot;cold\\&quot;'),
    'drafts beside': json.dumps({'thoughts': [{'text': 'A draft.'}], 'items': [{'text': ONE}, {'text': TWO}]}),
    'drafts before': json.dumps({'reasoning': [{'text': 'A draft.'}]}) + '\n' + GOOD,
    'pairs': json.dumps([['text', ONE], ['text', TWO]]),
    'quotes not escaped': GOOD.replace('\\"', '"'),
}


@pytest.mark.parametrize('form', WHOLE)
def test_whole_answers_in_other_clothes(form):
    assert salvage(WHOLE[form], 'text') == [ONE, TWO]


def test_apostrophes_in_single_quotes():
    answer = "{'items': [{'text': 'It's cold.'}, {'text': 'They don't care, it's said.'}]}"
    assert salvage(answer, 'text') == ["It's cold.", "They don't care, it's said."]


CLOTHES = (
    'plain',
    'twice',
    'items that are it',
    'a line each',
    'a string each',
    'Python',
    'a wrong key',
    'quotes not escaped',
)


@pytest.mark.parametrize('form', CLOTHES)
def test_half_an_item_is_dropped(form):
    "However much of the answer is missing, what comes is whole, and never JSON"
    for n in range(len(WHOLE[form])):
        for cut in (True, False):
            found = salvage(WHOLE[form][:n], 'text', cut)
            assert set(found) <= {ONE, TWO}, (n, found)
        if n > WHOLE[form].find(ONE[:20]) + len(ONE) + 12 and form not in ('Python', 'a wrong key'):
            assert found[:1] == [ONE], n


@pytest.mark.parametrize(
    'answer', ['{"error": "I cannot"}', '{"message": "I am sorry."}', '[{"error": "no"}]', '[1, 2]', 'null', '"{}"']
)
def test_what_holds_no_item(answer):
    assert salvage(answer, 'text') == []
    assert salvage(f'Sorry: {answer}', 'text') == []


@pytest.mark.parametrize(
    'text', ['[sic] He came.', '{me} too', 'He wrote {"a": 1} down.', '"No," she said.', '[1] is a note.']
)
def test_a_text_with_brackets_stays(text):
    assert salvage(json.dumps({'items': [{'text': text}]}), 'text') == [text]


class Clothed(Model):
    "Writes what it is asked for, in other clothes, after some thoughts"

    name = 'my/clothed'

    def __init__(self, clothe):
        self.clothe, self.n = clothe, 0

    async def ask(self, request):
        (key,) = request.schema['properties']['items']['items']['properties']
        self.n += 1
        items = [
            {key: f'number {self.n} {i} of some length, and so on.'}
            for i in range(request.schema['properties']['items']['minItems'])
        ]
        return Answer(self.clothe(json.dumps(dict(items=items))))


@pytest.mark.parametrize(
    'clothe',
    [json.dumps, lambda text: f'<think>{DRAFT}</think>{text}', lambda text: f'{DRAFT}</think>{json.dumps([text])}'],
    ids=['twice', 'think', 'both'],
)
def test_neither_frame_nor_tree_has_json_or_drafts(clothe):
    kw = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, filters=False, progress=False)
    df = generate(Task('Rate', ['negative', 'positive']), **kw, model=Clothed(clothe), cache=':memory:')
    assert len(df) == 4
    written = df[['text', 'source_type', 'topic', 'subtopic']].to_numpy().ravel()
    assert all(words.startswith('number ') for words in written)


@pytest.mark.parametrize(
    'text',
    [
        'I use <think> and </think> to teach.',
        'It reads <|end|>.',
        '<analysis>Good</analysis>',
        '<details type="reasoning">So?</details> Yes.',
        'The <answer> is <details>hidden</details>.',
    ],
)
@pytest.mark.parametrize('around', ['```json\n{}\n```', 'Here they are:\n{}\nEnjoy!'])
def test_tags_inside_items_stay(text, around):
    items = [text, 'Another text.']
    answer = around.replace('{}', json.dumps([{'text': item} for item in items]))
    assert salvage(answer, 'text') == items


@pytest.mark.parametrize(
    'text', ['{{7*7}} ${7*7} {% raw %}', '{name}, your parcel is here', '[1] As noted', '{{ user }} left']
)
def test_texts_in_braces_are_no_json(text):
    assert salvage(json.dumps([{'text': text}]), 'text') == [text]


def test_lines_of_strings_may_hold_tabs():
    assert salvage('"Name:\tAnna"\n"another text",', 'text') == ['Name:\tAnna', 'another text']


@pytest.mark.parametrize(
    'piece',
    ['{', '{"', '[{', '{"text":', '[\\"', '{\\"', '<|channel|>final ', '<think>', '\\']
    + ['{"text": <!--', '["a" ', "{'text': 'it's a ", '</think>'],
)
def test_a_broken_answer_takes_no_time(piece):
    start = time.thread_time()
    whole = '[{"text": "A text before."},'
    assert salvage(whole + piece * (100_000 // len(piece)), 'text')[:1] in ([], ['A text before.'])
    assert time.thread_time() - start < 1.5


@pytest.mark.parametrize('name', ['think', 'thinking', 'reasoning'])
def test_reasoning_between_special_tokens_is_no_answer(name):
    draft = f'<|{name}|>Like {{"text": "a draft"}}'
    assert salvage(draft + f'<|/{name}|>{{"text": "The text."}}', 'text') == ['The text.']
    assert salvage(draft, 'text', cut=True) == []


@pytest.mark.parametrize(
    'item', ['["a","b"] is a list', '{"json": "x"} is what the app shows.', '{"text": "x"} failed']
)
def test_a_sentence_that_begins_with_json_is_whole(item):
    answer = json.dumps({'items': [{'text': item}, {'text': 'Another one.'}]})
    assert salvage(answer, 'text') == [item, 'Another one.']


def test_an_item_that_is_json_is_read():
    answer = json.dumps({'items': [{'text': '{"text": "One."}, {"text": "Two."}'}]})
    assert salvage(answer, 'text') == ['One.', 'Two.']


@pytest.mark.parametrize('reasoning', ['<think>I need a text.</think>', '<details type="reasoning">So.</details>\n'])
@pytest.mark.parametrize(
    'text',
    [
        'Wrap it in <answer> tags, please',
        'It prints <think>foo</think> in my reply',
        'Where does </think> come from?',
        '<scratchpad> and </scratchpad> are both shown to our users.',
        'The log says <|channel|> and stops',
    ],
)
def test_items_about_tags_stay_after_reasoning(reasoning, text):
    "What stands in an item of the answer proper is no reasoning"
    answer = json.dumps([{'text': text}, {'text': 'Another one came too'}])
    assert DEFAULT.read(reasoning + answer, 'texts') == [text, 'Another one came too']
