"One line of the provider's words, whatever form an error has: no page, no Python"

import json
import time

import pytest
from helpers import TASK, anthropic, openai
from odd_server import odd

from syngen_nb import grow
from syngen_nb.models import ModelError
from syngen_nb.server_errors import read_body

both = pytest.mark.parametrize('make', [openai, anthropic])
PAGE = '<html><head><title>{0}</title><script>alert(1)</script></head><body><h1>{0}</h1>' + 'nginx ' * 200
RAW = json.dumps(dict(error=dict(message='Model is overloaded')))
TRACEBACK = 'Traceback (most recent call last):\n  File "serve.py", line 7\nValueError: no such adapter'
PYTHON = ('Error:', 'object', 'NoneType', '<', 'Traceback', '\n', 'Error code')
BODIES = [  # Status, body, what is said of it, and the kind of the error
    (400, dict(error='no such adapter'), 'no such adapter', 'request'),
    (400, dict(error='Input validation error', error_type='validation'), 'Input validation error', 'request'),
    (422, dict(detail=[dict(loc=['body', 'n'], msg='must be 1', type='value_error')]), 'n: must be 1', 'request'),
    (400, dict(detail='nope, not with this model'), 'nope, not with this model', 'request'),
    (404, dict(object='error', message='The model `x` does not exist'), 'The model `x` does not exist', 'access'),
    (400, [dict(error=dict(code=400, message='API key not valid', status='INVALID'))], 'API key not valid', 'access'),
    (
        403,
        dict(success=False, errors=[dict(code=10000, message='Authentication error')]),
        'Authentication error',
        'access',
    ),
    (401, dict(error='invalid_token', error_description='The token expired'), 'The token expired', 'access'),
    (502, dict(error=dict(message='Provider failed', metadata=dict(raw=RAW))), 'Model is overloaded', 'server'),
    (500, dict(detail=TRACEBACK), 'no such adapter', 'server'),
    (400, dict(Message='too few credits', __type='Throttled'), 'too few credits', 'request'),
    (400, dict(error=dict(message='two\nlines\tof words')), 'two lines of words', 'request'),
]


def error_of(make, reply):
    with odd(lambda asked: reply) as s:
        with pytest.raises(ModelError) as e:
            grow(TASK, 1, 1, 1, model=make(s, retries=0), cache=':memory:', progress=False)
    return e.value


def check(error, expected, kind):
    words = str(error)
    assert expected in words and error.kind == kind and len(words) < 500
    shown = words.replace('ValueError: no such adapter', '').replace('Authentication error', '')
    assert not any(internal in shown for internal in PYTHON), words


@both
@pytest.mark.parametrize(('status', 'body', 'expected', 'kind'), BODIES)
def test_an_error_body(make, status, body, expected, kind):
    error = error_of(make, (status, body))
    check(error, expected, kind)
    assert f'({status})' in str(error)


@both
@pytest.mark.parametrize(
    ('status', 'content_type', 'text', 'expected', 'kind'),
    [
        (403, 'text/html', PAGE.format('The proxy says no'), 'The proxy says no', 'access'),
        (502, 'text/html; charset=utf-8', PAGE.format('Bad Gateway'), 'Bad Gateway', 'server'),
        (503, 'text/plain', 'no healthy upstream', 'no healthy upstream', 'server'),
        (504, 'text/html', '', 'Gateway Timeout', 'server'),
        (
            400,
            'application/xml',
            '<?xml version="1.0"?><Error><Message>Bad key</Message></Error>',
            'Bad key',
            'request',
        ),
        (200, 'text/html', PAGE.format('Sign in to the hotel wifi'), 'Sign in to the hotel wifi', 'server'),
        (200, 'application/json', '', 'the answer is empty', 'server'),
        (200, 'application/json', '{"id": "x", ', 'check base_url', 'server'),
        (200, 'application/json', 'null', 'in the answer', 'server'),
        (200, 'application/json', '{"choices": null, "content": null}', 'in the answer', 'server'),
        (
            200,
            'application/json',
            '{"error": {"message": "upstream is busy", "code": 429}}',
            'upstream is busy',
            'server',
        ),
        (200, 'application/json', '{"error": {"message": "no credits", "code": 402}}', 'no credits', 'access'),
        (200, 'application/json', '{"error": "quota used up"}', 'quota used up', 'server'),
        (200, 'application/json', '{"detail": "wrong path"}', 'wrong path', 'server'),
        (200, 'application/json', '[{"error": {"message": "bad key", "code": 403}}]', 'bad key', 'access'),
        (200, 'text/event-stream', 'data: {"error": {"message": "Overloaded"}}\n\n', 'Overloaded', 'server'),
        (200, 'text/event-stream', 'data: {"choices": []}\n\ndata: [DONE]\n\n', 'pass stream=False', 'server'),
    ],
)
def test_what_is_no_answer(make, status, content_type, text, expected, kind):
    check(error_of(make, (status, content_type, text)), expected, kind)


def test_bytes_that_cannot_be_read():
    "The server was reached; what it says about its own bytes is wrong"
    error = error_of(openai, (200, 'application/json', '{}', {'content-encoding': 'gzip'}))
    assert 'do not fit their content-encoding' in str(error) and 'reached' not in str(error)


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        (dict(choices=[]), 'no choice'),
        (dict(choices=[None]), 'no choice'),
        (dict(choices=[dict(index=0, finish_reason='stop', message=None)]), 'no message'),
        (dict(choices=[dict(index=0, message=None, error=dict(code=502, message='It broke'))]), 'It broke'),
    ],
)
def test_an_answer_without_a_choice(change, expected):
    with odd(lambda asked: asked.usual() | change) as s, pytest.raises(ModelError, match=expected) as e:
        grow(TASK, 1, 1, 1, model=openai(s, retries=0), cache=':memory:', progress=False)
    check(e.value, expected, 'server')


@both
def test_a_setting_that_the_sdk_does_not_have(make):
    "The error says where to put it, and no request is sent"
    with odd() as s, pytest.raises(ModelError, match='no setting top_z; give it in extra_body=') as e:
        grow(TASK, 1, 1, 1, model=make(s, top_z=1), cache=':memory:', progress=False)
    assert e.value.kind == 'access' and s.count == 0


def test_content_in_parts_is_text():
    "Some servers send a list of parts; reasoning among them is no text"

    def reply(asked):
        out = asked.usual()
        message = out['choices'][0]['message']
        message['content'] = [
            dict(type='thinking', thinking='[{"item": "draft"}]'),
            dict(type='text', text=message['content']),
        ]
        return out

    with odd(reply) as s:
        tree = grow(TASK, 1, 1, 1, model=openai(s), cache=':memory:', progress=False)
    assert len(tree.cells()) == 3 and 'draft' not in repr([node.name for node in tree.walk()])


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('{"code": 7}', '{"code": 7}'),
        ('1 < 2 and 3 > 2', '1 < 2 and 3 > 2'),
        ('[' * 3000, '[' * 300 + ' …'),
        ('{"message": "&lt;b&gt; is no tag"}', '&lt;b&gt; is no tag'),
        ('{"error": {"error": {"error": "deep"}}}', 'deep'),
        ('{"error": {"message": "twice"}, "message": "twice"}', 'twice'),
        (
            json.dumps(dict(error=dict(message=f'Azure says - {RAW}. Group=o1'))),
            'Azure says - Model is overloaded. Group=o1',
        ),
        (json.dumps(dict(message=repr([dict(loc=('body', 'n'), msg='not so many')]))), 'n: not so many'),
        (json.dumps(dict(error=f'Vertex - {RAW.encode()!r}')), 'Vertex - Model is overloaded'),
        (json.dumps(dict(error=dict(message=json.dumps(RAW)))), 'Model is overloaded'),
        (json.dumps(dict(code='BAD', upstream_error=dict(message='no such adapter'))), 'no such adapter'),
        ('{"error": "no parameters [max_tokens] or {\'seed\': 1}"}', "no parameters [max_tokens] or {'seed': 1}"),
        (json.dumps(dict(error='{' * 9000)), '{' * 300 + ' …'),
    ],
)
def test_words_of_other_bodies(text, expected):
    assert read_body(text) == expected


@pytest.mark.parametrize('piece', ['<!--', '<script>', '<a '])
def test_a_broken_page_takes_no_time(piece):
    start = time.thread_time()
    read_body(piece * (100_000 // len(piece)))
    assert time.thread_time() - start < 1


def test_a_script_that_was_cut_off_is_not_shown():
    assert read_body('<html><body><h1>Bad gateway</h1><script>alert(1); token') == 'Bad gateway'
