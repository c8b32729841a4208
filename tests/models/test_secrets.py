"Secrets in headers, queries, bodies and addresses: not shown, not saved, not part of a key"

import logging
import warnings
from contextlib import closing

import pytest
from helpers import TASK, anthropic, openai
from odd_server import odd
from test_access import chain, said

from syngen_nb import Cache, Studio, generate, get_model, grow
from syngen_nb.models import ModelError
from syngen_nb.secrets import answer_settings, is_secret

both = pytest.mark.parametrize('make', [openai, anthropic])
TOKENS = TOKEN, _ = 'tok-AAAA-4711-aaaa', 'tok-BBBB-4712-bbbb'
WAYS = dict(
    header=lambda token: dict(extra_headers={'Authorization': f'Bearer {token}'}),
    subscription=lambda token: dict(extra_headers={'Ocp-Apim-Subscription-Key': token, 'X-Trace': token}),
    default_header=lambda token: dict(default_headers={'X-Gateway': token}),
    query=lambda token: dict(extra_query={'key': token, 'api-version': '2026-01'}),
    default_query=lambda token: dict(default_query={'sig': token}),
    body=lambda token: dict(extra_body={'key': token, 'top_k': 5}),
    deep_in_a_body=lambda token: dict(extra_body={'gateway': {'headers': {'x': token}, 'auth': {'value': token}}}),
    by_its_form=lambda token: dict(extra_body={'note': [token]}),
)


ALL = dict(header=WAYS['subscription'], query=WAYS['query'], body=WAYS['deep_in_a_body'])
ways = pytest.mark.parametrize(('make', 'way'), [*((openai, way) for way in WAYS), (anthropic, 'all')])


def with_token(make, server, way, token):
    options = [options(token) for name, options in (ALL if way == 'all' else WAYS).items() if way in ('all', name)]
    return make(server, api_key=None, retries=0, **{name: value for some in options for name, value in some.items()})


@ways
def test_a_new_token_pays_for_nothing_again(make, way, cache):
    "The token reaches the server, and the same call with another token asks nothing"
    with odd() as s:
        for token in TOKENS:
            grow(TASK, 1, 1, 1, model=with_token(make, s, way, token), cache=cache, progress=False)
        sent = [token for asked in s.seen for token in TOKENS if token in f'{asked.path}{asked.headers}{asked.body}']
    assert set(sent) == {TOKENS[0]} and len(sent) == s.count


@pytest.mark.parametrize('name', ['code', 'X-Amz-Date', 'ticket', 'se'])
@pytest.mark.parametrize('option', ['default_query', 'extra_query'])
def test_a_signed_address_is_no_other_model(name, option):
    "Keys of Azure's functions have no form of their own, and each signature has another date"
    keys = [get_model('openai/x', api_key='k', **{option: {name: value, 'tier': 'a'}}).key() for value in 'pq']
    assert keys[0] == keys[1] != get_model('openai/x', api_key='k', **{option: {'tier': 'b'}}).key()


@ways
def test_a_token_is_nowhere(make, way, tmp_path, caplog, capfd):
    "Not in code, log, key, cache, export or frame, and an error of a server that repeats it has it masked"
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, 'anthropic')  # Its SDK logs whole bodies, for those who switch that on
    with odd() as s:
        m = with_token(make, s, way, TOKEN)
        df = generate(TASK, 3, 1, 1, 1, model=m, cache=tmp_path / 'c.sqlite', progress=False)
    with closing(Cache(tmp_path / 'c.sqlite')) as c:
        c.export(tmp_path / 'c.jsonl')
    shown = [m.code(), repr(m), repr(m.key()), repr(df.attrs), *capfd.readouterr()]
    assert '...' in m.code()
    with odd(lambda asked: (401, dict(error=dict(message=f'no such token: {TOKEN}; Bearer {TOKEN}')))) as s:
        m = with_token(make, s, way, TOKEN)
        with pytest.raises(ModelError, match='no such token: ') as e:
            grow(TASK, 1, 1, 1, model=m, cache=':memory:', progress=False)
    assert not any(TOKEN in text for text in (*shown, said(e.value), caplog.text))
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob('*') if path.is_file())


def test_a_saved_studio_holds_no_token(cache):
    "Neither Copy as Python nor the file of the studio"
    with odd() as s:
        m = openai(s, extra_headers={'Authorization': f'Bearer {TOKENS[0]}'}, extra_body={'api_key': TOKENS[0]})
        studio = Studio(TASK, model=m, cache=cache)
        studio.grow().result(20)
        assert TOKENS[0] not in studio.code() and 'Authorization' in studio.code()
        assert TOKENS[0] not in studio.save()


@both
def test_a_key_in_the_address(make, cache, caplog):
    "A query reaches the server after the path, is not logged, and a new key in it pays for nothing again"
    caplog.set_level(logging.DEBUG)
    with odd() as s:
        address = s.url if make is openai else s.root
        for token in TOKENS:
            m = make(s, base_url=f'{address}/?key={token}&api-version=2026-01')
            grow(TASK, 1, 1, 1, model=m, cache=cache, progress=False)
            assert token not in f'{m.code()} {m.key()} {caplog.text}' and 'key=...&api-version=2026-01' in m.code()
        path = '/v1/chat/completions' if make is openai else '/v1/messages'
        assert {asked.path for asked in s.seen} == {f'{path}?key={TOKENS[0]}&api-version=2026-01'}
        other = make(s, base_url=f'{address}/?key={token}&api-version=2027-01')
        assert other.key() != m.key()  # Another version may answer otherwise


def test_what_changes_an_answer_stays_in_the_key():
    "Settings with and without a secret name nearby, and features of the provider"
    plain = dict(temperature=1, extra_body=dict(top_k=5, eos_token='</s>', stop_token_ids=[1], chat_template='x 1'))
    assert answer_settings(plain) == plain
    for other in (
        dict(extra_body=dict(top_k=6)),
        dict(extra_headers={'anthropic-beta': 'long-context'}),
        dict(extra_query={'variant': 'b'}),
        dict(response_format=dict(properties=dict(key=dict(type='string')))),
    ):
        assert get_model('openai/x', **other).key() != get_model('openai/x').key()
        assert answer_settings(other) == other


BOOKKEEPING = ['user', 'metadata', 'prompt_cache_key', 'safety_identifier', 'service_tier', 'store', 'request_id', 'trace']


@pytest.mark.parametrize('name', BOOKKEEPING)
def test_what_only_books_a_request_is_no_part_of_the_key(name):
    assert get_model('openai/x', **{name: 'a'}).key() == get_model('openai/x').key()
    assert get_model('openai/x', extra_body={name: 'a'}).key() == get_model('openai/x').key()


def test_old_keys_stay():
    "Without any of these options a key is what it was, to the letter"
    assert get_model(
        'openai/m', base_url='http://me:pw@host/v1/', temperature=1.2, stop=['a'], api_key='k'
    ).key() == dict(
        name='openai/m',
        base_url='http://host/v1',
        max_tokens=4096,
        sampling=dict(temperature=1.2, stop=['a']),
        structured=True,
    )
    assert get_model('anthropic/m', thinking=dict(type='adaptive')).key() == dict(
        name='anthropic/m', base_url='', max_tokens=4096, sampling=dict(thinking=dict(type='adaptive'))
    )
    digest = 'f0dc9acf'  # The first digits of sha256('api-version=2026-01')
    assert (
        get_model('openai/m', base_url='http://h/v1?api-version=2026-01').key()['base_url'] == f'http://h/v1?{digest}'
    )


@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        ('apiKey', 'x', True),
        ('X-Amz-Security-Token', 'x', True),
        ('CLIENT_SECRET', 'x', True),
        ('anything', 'eyJhbGciOiJIUzI1NiJ9.e30.x', True),
        ('anything', 'sk-1', True),
        ('password', 4711, True),
        ('max_tokens', 100, False),
        ('bos_token', '<s>', False),
        ('token_limit', 100, False),
        ('min_token_count', 5, False),
        ('keywords', 'x', False),
        ('auth', True, False),
        ('monkey', 'banana', False),
        ('style', 'basic words', False),
    ],
)
def test_what_is_a_secret(name, value, expected):
    assert is_secret(name, value) is expected


def test_stream_is_refused_early():
    with pytest.raises(ValueError, match='stream=True cannot be used'):
        get_model('openai/x', stream=True)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        get_model('openai/x', stream=False)


def test_a_header_that_cannot_be_sent():
    "It is refused without being shown; a line break from copying does no harm"
    with odd() as s:
        grow(TASK, 1, 1, 1, model=openai(s, extra_headers={'X-Key': f'{TOKEN}\n'}), cache=':memory:', progress=False)
        assert s.seen[0].headers['x-key'] == TOKEN
        with pytest.raises(ModelError, match='header X-Key .* copy it again') as e:
            m = openai(s, extra_headers={'X-Key': f'a\n{TOKEN}'})
            grow(TASK, 1, 1, 1, model=m, cache=':memory:', progress=False)
    assert TOKEN not in ''.join(f'{o!s}{o!r}' for o in chain(e.value))


@both
def test_a_token_is_not_sent_on(make):
    "A server that sends a request on to another one does not hand over what was meant for itself"
    with odd() as other, odd(lambda asked: (307, 'text/plain', '')) as s:
        s.location = other.root
        m = make(s, extra_query={'key': TOKEN}, retries=0)
        grow(TASK, 1, 1, 1, model=m, cache=':memory:', progress=False)
        assert s.count == other.count and all(TOKEN in asked.path for asked in s.seen)
        assert not any(TOKEN in asked.path for asked in other.seen)


@both
@pytest.mark.parametrize('n_before', [280, 292])
def test_a_token_at_the_end_of_cut_words_is_masked(make, n_before):
    with odd(lambda asked: (401, dict(error=dict(message='x' * n_before + f' {TOKEN}, that is no token')))) as s:
        model = make(s, api_key=TOKEN, retries=0)
        with pytest.raises(ModelError) as e:
            grow(TASK, 1, 1, 1, model=model, cache=':memory:', progress=False)
    assert TOKEN[:5] not in str(e.value)


@both
def test_a_login_that_a_server_repeats_is_masked(make):
    with odd(lambda asked: (401, dict(error=dict(message=f'not allowed: {asked.headers["authorization"]}')))) as s:
        address = (s.url if make is openai else s.root).replace('http://', 'http://me:a-long-password@')
        model = make(s, base_url=address, api_key=None, retries=0)
        with pytest.raises(ModelError, match='not allowed') as e:
            grow(TASK, 1, 1, 1, model=model, cache=':memory:', progress=False)
    assert 'bWU6YS1sb25nLXBhc3N3b3Jk' not in str(e.value)
