"Parameters that a server refuses: left out once, remembered, and named where the server does not say"

import asyncio
import warnings

import pytest
from helpers import TASK, anthropic, openai
from odd_server import odd

from syngen_nb import grow
from syngen_nb.models import ModelError, ask, retried
from syngen_nb.prompts import Request, items_schema

REQUEST = Request('Suggest 2 topics', system='Be plain', schema=items_schema('item', 2), stop=('zebra', '"item"'))
HATE = dict(hate=dict(filtered=True, severity='high'), jailbreak=dict(detected=False, filtered=False))
TEXT = Request('Once upon a time', how='continue', stop=(';',), max_tokens=7)


def said(words, **more):
    return dict(error=dict(message=words, **more))


def has_system(body):
    return 'system' in body or any(message['role'] == 'system' for message in body['messages'])


def refusing(name, status, error):
    "What a server says that refuses requests with the parameter `name`"
    is_sent = has_system if name == 'system' else lambda body: name in body
    return lambda asked: (status, error) if is_sent(asked.body) else asked.usual()


def answers(model, *requests):
    "The answers of a model to requests one after the other, and how many were sent again"
    again = []

    async def go():
        retried.set(lambda: again.append(1))
        return [await ask(model, request) for request in requests]

    return asyncio.run(go()), len(again)


FORMS = [
    ('max_tokens', 400, said("'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")),
    ('max_tokens', 400, said('no', code='unsupported_parameter', param='max_tokens')),
    ('max_tokens', 422, dict(detail=[dict(loc=['body', 'max_tokens'], msg='Extra inputs are not permitted')])),
    ('stop', 400, dict(error='stop not supported')),
    ('stop', 501, dict(message='Unknown field stop')),
    ('temperature', 400, said("'temperature' does not support 0.7 with this model. Only the default is supported.")),
    ('top_k', 422, dict(detail='extra fields not permitted: top_k')),
    ('system', 400, said('System role not supported')),
    ('system', 500, said('Jinja Exception: Only user and assistant roles are supported!')),
    ('system', 400, dict(message='Conversation roles must alternate user/assistant/user/assistant/...')),
    ('response_format', 400, said('This response_format type is unavailable now')),
    ('response_format', 400, dict(error="'response_format.type' must be 'json_object' or 'text'")),
    ('response_format', 500, said('failed to parse grammar')),
    ('response_format', 400, [said('JSON mode is not enabled for models/gemma')]),
    ('response_format', 500, said('failed to load model vocabulary required for format')),
    ('stop', 400, dict(message="This model doesn't support the stopSequences field. Remove it and try again.")),
    ('temperature', 400, said('invalid temperature: only 1 is allowed for this model')),
    ('top_k', 400, dict(message="[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs'}]")),
    ('max_tokens', 400, said('litellm - {"error": {"message": "no", "code": "unsupported", "param": "max_tokens"}}')),
]


@pytest.mark.parametrize(('name', 'status', 'error'), FORMS)
@pytest.mark.filterwarnings('ignore:.*is left out')
def test_a_refused_parameter_is_left_out_from_then_on(name, status, error):
    "Whatever form the refusal has, it costs one request, and the rest of the request stays as it was"
    with odd(refusing(name, status, error)) as s:
        model = openai(s, retries=0, temperature=0.7, extra_body=dict(top_k=5))
        _, n_again = answers(model, REQUEST, REQUEST)
        first, second, third = (asked.body for asked in s.seen)
        assert model.left_out == {name} and n_again == 1 and second == third
        for other in {'temperature', 'top_k', 'stop', 'response_format'} - {name}:
            assert second[other] == first[other]
        assert name not in second and not (name == 'system' and has_system(second))
    if name == 'system':
        assert second['messages'] == [dict(role='user', content='Be plain\n\nSuggest 2 topics')]
    assert second['max_completion_tokens' if name == 'max_tokens' else 'max_tokens'] == 4096


@pytest.mark.parametrize('name', ['stop_sequences', 'output_config', 'system'])
def test_the_same_with_anthropics_protocol(name):
    words = dict(
        stop_sequences='stop_sequences: Extra inputs are not permitted', system='System prompts are not allowed'
    )
    with odd(refusing(name, 400, said(words.get(name, f"'{name}' is not supported by this model")))) as s:
        model = anthropic(s, retries=0)
        (answer, _), n_again = answers(model, REQUEST, REQUEST)
        assert model.left_out == {name} and n_again == 1 and s.count == 3 and answer.text
        assert s.seen[1].body['max_tokens'] == 4096
        if name == 'system':
            assert s.seen[1].body['messages'] == [dict(role='user', content='Be plain\n\nSuggest 2 topics')]


def test_several_parameters_one_after_the_other():
    "A server that refuses both names of the limit, the schema and the stops still answers"
    refused = ['max_tokens', 'max_completion_tokens', 'response_format', 'stop']

    def reply(asked):
        name = next((name for name in refused if name in asked.body), None)
        return (400, said(f'Unrecognized request argument supplied: {name}')) if name else asked.usual()

    with odd(reply) as s:
        model = openai(s, retries=0)
        answers(model, REQUEST, REQUEST)
        assert model.left_out == set(refused) and s.count == 6


def test_an_answer_ends_where_it_should_without_the_parameter():
    "Where the server does not take the stops, the text is cut there"
    out = dict(id='1', object='text_completion', created=0, model='m', usage=None)
    out['choices'] = [dict(index=0, text='one; two; three', finish_reason='stop', logprobs=None)]
    with odd(lambda asked: (400, dict(error='stop is not supported')) if 'stop' in asked.body else out) as s:
        (answer,), _ = answers(openai(s, retries=0), TEXT)
    assert answer.text == 'one' and s.seen[-1].body['max_tokens'] == 7


@pytest.mark.parametrize('place', ['sampling', 'extra_body'])
@pytest.mark.parametrize('name', ['max_completion_tokens', 'max_tokens'])
def test_a_limit_by_name_is_the_only_one(place, name):
    "What the user gives under one name is sent under it alone, and under the other one if it is refused"
    if (place, name) == ('sampling', 'max_tokens'):
        options = dict(max_tokens=2000)
    else:
        options = {name: 2000} if place == 'sampling' else dict(extra_body={name: 2000})
    other = dict(max_tokens='max_completion_tokens', max_completion_tokens='max_tokens')[name]
    with odd() as s:
        answers(openai(s, **options), REQUEST)
        assert s.seen[0].body[name] == 2000 and other not in s.seen[0].body
    with odd(refusing(name, 400, said(f'{name} is not supported'))) as s:
        answers(openai(s, retries=0, **options), REQUEST)
        assert s.seen[1].body[other] == 2000 and name not in s.seen[1].body


def test_no_limit():
    "max_tokens=None takes it away; Anthropic's protocol has no such thing"
    with odd() as s:
        answers(openai(s, max_tokens=None), REQUEST)
        assert not {'max_tokens', 'max_completion_tokens'} & set(s.seen[0].body)
        with pytest.raises(ValueError, match='needs a limit'):
            anthropic(s, max_tokens=None)


def test_what_the_user_asked_for_is_not_left_out_in_silence():
    with odd(refusing('temperature', 400, said("Unsupported value: 'temperature'"))) as s:
        with pytest.warns(UserWarning, match='refuses temperature, so it is left out'):
            answers(openai(s, retries=0, temperature=0.7), REQUEST)
    with odd(refusing('stop', 400, said('Unsupported: stop'))) as s, warnings.catch_warnings():
        warnings.simplefilter('error')
        answers(openai(s, retries=0), REQUEST)


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (said('nope, not with this model'), 'try max_tokens=None, structured=False, without top_p'),
        (said('max_tokens is too large: 4096. This model supports at most 2048'), 'max_tokens= of get_model'),
        (said("'top_p' must be between 0 and 1"), "'top_p' must be between 0 and 1"),
        (said('Input is too long'), r'too long \(if a parameter is refused'),
    ],
)
def test_the_switch_is_named_where_the_server_does_not_say(error, expected):
    "Nothing is sent again: a value out of range is for the user to change"
    with odd(lambda asked: (400, error)) as s:
        with pytest.raises(ModelError, match=expected) as e:
            answers(openai(s, retries=0, top_p=7), REQUEST)
        assert s.count == 1 and e.value.kind == 'request'


@pytest.mark.parametrize(
    ('error', 'expected', 'kind'),
    [
        (
            said('Filtered by policy', code='content_filter', innererror=dict(content_filter_result=HATE)),
            'hate: high',
            'request',
        ),
        (said('litellm.ContentPolicyViolationError: stopped by the content policy'), 'content policy', 'request'),
        (said('API key expired. Please renew the API key.'), 'API key expired', 'access'),
        (said('Model Not Exist'), 'Model Not Exist', 'request'),
    ],
)
def test_no_switch_is_named_where_something_else_is_wrong(error, expected, kind):
    with odd(lambda asked: (400, error)) as s:
        with pytest.raises(ModelError, match=expected) as e:
            answers(openai(s, retries=0, top_p=1), REQUEST)
    assert 'if a parameter' not in str(e.value) and e.value.kind == kind and s.count == 1


def test_the_switch_works_for_both_protocols():
    for make, name in ((openai, 'response_format'), (anthropic, 'output_config')):
        with odd() as s:
            answers(make(s, structured=False), REQUEST)
            assert name not in s.seen[0].body
            assert make(s, structured=False).key() != make(s).key()


def test_other_refusals_are_not_about_a_parameter():
    "No request is sent again for a text that is turned down or too long, nor for a fault of the server"
    for status, error in (
        (400, said('Your text was turned down: unsupported topic, stop', code='content_filter')),
        (400, said('This model supports at most 4096 tokens', code='context_length_exceeded')),
        (429, said('max_tokens: not allowed to send so many')),
        (400, said("This model does not support 'logprobs'")),
    ):
        with odd(lambda asked, status=status, error=error: (status, error)) as s:
            with pytest.raises(ModelError):
                answers(openai(s, retries=0), REQUEST)
            assert s.count == 1


def test_a_run_with_many_requests_at_once(cache):
    "Each request that was on its way goes again once; the run is whole and the key is that of the model"
    with odd(refusing('max_tokens', 400, said("Unsupported parameter: 'max_tokens'"))) as s:
        tree = grow(TASK, 2, 2, 2, model=openai(s, retries=0), cache=cache, progress=False)
        assert len(tree.cells()) == 24 and sum('max_tokens' in asked.body for asked in s.seen) <= 3
        asked = s.count
        grow(TASK, 2, 2, 2, model=openai(s, retries=0), cache=cache, progress=False)
        assert s.count == asked
