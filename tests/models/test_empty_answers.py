"Why an answer is empty: in the provider's words, for each cell"

import re

import pytest
from helpers import TASK, anthropic, openai
from odd_server import odd, without_text

from syngen_nb import Task, start
from syngen_nb.models import ModelError
from syngen_nb.run import ShortWarning

FEW = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, filters=False, rounds=2)
SORRY = "I'm sorry, I cannot assist with that request."
THOUGHT = dict(reasoning_content='Let me think. ' * 20)
CALL = [dict(id='c', type='function', function=dict(name='answer', arguments='{}'))]
HATE = {'hate': dict(filtered=True, severity='medium'), 'violence': dict(filtered=False, severity='safe')}
OPENAI = {
    'refusal': (dict(refusal=SORRY), {}, SORRY),
    'filter': ({}, dict(finish_reason='content_filter'), 'stopped by the content filter'),
    'filter of Azure': (
        {},
        dict(finish_reason='content_filter', content_filter_results=HATE),
        r'filter \(hate: medium\)',
    ),
    'cut while thinking': (
        THOUGHT,
        dict(finish_reason='length'),
        "cut off while thinking .*'length'.*raise max_tokens",
    ),
    'cut': ({}, dict(finish_reason='length'), "cut off at the token limit .*'length'"),
    'tool': (dict(tool_calls=CALL), dict(finish_reason='tool_calls'), "called the tool answer .*'tool_calls'"),
    'reasoning only': (dict(reasoning='hm'), {}, "only reasoning, no text .*'stop'"),
    'a reason of its own': ({}, dict(finish_reason='insufficient_system_resource'), 'insufficient_system_resource'),
    'a reason behind a gateway': ({}, dict(native_finish_reason='SAFETY'), "'stop', native_finish_reason 'SAFETY'"),
    'a filter behind a gateway': (
        {},
        dict(finish_reason='content_filter', native_finish_reason='RECITATION'),
        r'filter \(RECITATION\)',
    ),
    'no reason': ({}, dict(finish_reason=None), r'no text \(no reason given\)'),
    'words': (dict(content='I would rather not write this.'), {}, 'it says .I would rather not write this'),
}
DECLINED = dict(type='refusal', category='hate', explanation='Declined by policy.')
ANTHROPIC = {
    'refusal': (dict(stop_reason='refusal', stop_details=DECLINED), r'Declined by policy. \(refusal: hate\)'),
    'refusal without details': (dict(stop_reason='refusal'), r'declined \(refusal\)'),
    'cut while thinking': (
        dict(stop_reason='max_tokens', content=[dict(type='thinking', thinking='hm', signature='x')]),
        "cut off while thinking .*'max_tokens'",
    ),
    'tool': (
        dict(stop_reason='tool_use', content=[dict(type='tool_use', id='t', name='answer', input={})]),
        "called the tool answer .*'tool_use'",
    ),
    'context': (dict(stop_reason='model_context_window_exceeded'), 'model_context_window_exceeded'),
}


def for_toxic(make_empty):
    "A server that gives no text where texts of the label toxic are asked for"
    return lambda asked: make_empty(asked) if 'with the label "toxic"' in text_of(asked.body) else asked.usual()


def text_of(body):
    return body['messages'][-1]['content']


def check(make, make_empty, expected):
    "The cell of the label, and no other, says why it is short: in `short()`, in the frame and in the warning"
    with odd(for_toxic(make_empty)) as s:
        run = start(Task('Moderate', ['toxic', 'fine']), **FEW, model=make(s, retries=0), cache=':memory:')
        with pytest.warns(ShortWarning, match=f'(?s)toxic · .*{expected}'):
            df = run.result(20)
    (cell,) = run.short()
    assert cell['cell'].startswith('toxic') and (cell['got'], cell['want']) == (0, 2)
    assert re.search(expected, cell['why']) and df.attrs['syngen']['shortfall'] == [cell]


@pytest.mark.parametrize('kind', OPENAI)
def test_openai(kind):
    message, choice, expected = OPENAI[kind]
    check(openai, lambda asked: without_text(asked, message, **choice), expected)


@pytest.mark.parametrize('reason', ['content_filter', 'content_filter: SAFETY'])
def test_a_filter_that_stops_in_the_middle(reason):
    "The half that came is no text, and no token limit cut it off"
    half = dict(content='{"items": [{"text": "a half')
    check(openai, lambda asked: without_text(asked, half, finish_reason=reason), 'stopped by the content filter')


def test_a_refusal_in_the_middle():
    part = dict(type='text', text='{"items": [{"text": "a half')
    fields = dict(stop_reason='refusal', stop_details=DECLINED, content=[part])
    check(anthropic, lambda asked: without_text(asked, **fields), 'Declined by policy')


def test_an_answer_without_a_message():
    "Gemini leaves the message out of what its filter stops"

    def reply(asked):
        out = without_text(asked, finish_reason='content_filter: SAFETY')
        del out['choices'][0]['message']
        return out

    check(openai, reply, r'content filter \(SAFETY\)')


@pytest.mark.parametrize('kind', ANTHROPIC)
def test_anthropic(kind):
    fields, expected = ANTHROPIC[kind]
    check(anthropic, lambda asked: without_text(asked, **fields), expected)


def test_a_run_in_which_everything_is_declined():
    with odd(lambda asked: without_text(asked, dict(refusal=SORRY))) as s, pytest.raises(ModelError, match=SORRY):
        start(TASK, **FEW, model=openai(s, retries=0), cache=':memory:').result(20)


def test_a_label_whose_names_are_declined():
    "Without any topic there is no cell; the label says why"

    def reply(asked):
        is_declined = 'topics' in text_of(asked.body) and 'toxic' in text_of(asked.body).partition('not ')[0]
        return without_text(asked, dict(refusal=SORRY)) if is_declined else asked.usual()

    with odd(reply) as s:
        run = start(Task('Moderate', ['toxic', 'fine']), **FEW, model=openai(s, retries=0), cache=':memory:')
        with pytest.warns(ShortWarning):
            run.result(20)
    short = {item['cell']: item for item in run.short()}
    assert SORRY in short['toxic']['why']


def test_the_reason_comes_again_from_the_cache(cache):
    "The same call later says the same"
    with odd(for_toxic(lambda asked: without_text(asked, dict(refusal=SORRY)))) as s:
        for _ in range(2):
            run = start(Task('Moderate', ['toxic', 'fine']), **FEW, model=openai(s, retries=0), cache=cache)
            with pytest.warns(ShortWarning, match=SORRY):
                run.result(20)
