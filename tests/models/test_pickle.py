"Models that are copied, pickled and sent to other processes: they work, and hold no secret"

import copy
import os
import pickle
import subprocess
import sys

import cloudpickle
import pytest
from helpers import HERE, TASK, anthropic, openai
from odd_server import odd
from test_access import chain

from syngen_nb import Cache, Judge, generate, get_model, grow
from syngen_nb.cache import CacheError
from syngen_nb.models import ModelError

both = pytest.mark.parametrize('make', [openai, anthropic])
KEY, TOKEN, PASSWORD = 'sk-SECRET-4711-abcdef', 'tok-4712-abcdef', 'hunter2-4713'
HOW = {
    'pickle': lambda model: pickle.loads(pickle.dumps(model)),
    'protocol 2': lambda model: pickle.loads(pickle.dumps(model, 2)),
    'cloudpickle': lambda model: pickle.loads(cloudpickle.dumps(model)),
    'deepcopy': copy.deepcopy,
    'copy': copy.copy,
    'in a judge': lambda model: pickle.loads(pickle.dumps(Judge(model=model))).model,
}


def grown(model, cache=':memory:'):
    return grow(TASK, 1, 1, 1, model=model, cache=cache, progress=False)


def secret_model(make, server):
    address = (server.url if make is openai else server.root).replace('//', f'//anna:{PASSWORD}@')
    secrets = dict(extra_headers={'X-Gateway': TOKEN}, extra_query={'key': TOKEN}, extra_body={'api_key': TOKEN})
    return make(server, base_url=address, api_key=KEY, **secrets)


@both
@pytest.mark.parametrize('how', HOW)
def test_a_used_model_works_again(make, how):
    "It sends what the first one sends, key and all, and its answers have the same key"
    with odd() as s:
        model = secret_model(make, s)
        grown(model)
        first = s.seen[0]
        again = HOW[how](model)
        assert again.key() == model.key() and again.code() == model.code() and again.name == model.name
        s.seen.clear()
        grown(again)
        for part in ('path', 'body'):
            assert getattr(s.seen[0], part) == getattr(first, part)
        assert (
            s.seen[0].headers['x-gateway'] == TOKEN
            and s.seen[0].headers['authorization'] == first.headers['authorization']
        )


@both
@pytest.mark.parametrize('is_used', [False, True])
def test_no_pickle_holds_a_secret(make, is_used):
    with odd() as s:
        model = secret_model(make, s)
        if is_used:
            grown(model)
        for data in (
            pickle.dumps(model),
            pickle.dumps(model, 0),
            cloudpickle.dumps(model),
            repr(model.__getstate__()).encode(),
        ):
            assert not any(secret.encode() in data for secret in (KEY, TOKEN, PASSWORD))


CHILD = f"""
import pickle, sys; sys.path.insert(0, {str(HERE)!r})
from helpers import TASK
from syngen_nb import grow
from syngen_nb.models import ModelError
for model in pickle.load(open(sys.argv[1], 'rb')):
    try:
        print(len(grow(TASK, 1, 1, 1, model=model, cache=':memory:', progress=False).cells()))
    except ModelError as error:
        print(error)
"""


def test_in_another_process(tmp_path, monkeypatch):
    "A server without a key works; what was left behind is named; a key in the environment is enough"
    with odd() as s:
        models = [get_model('openai/x', base_url=s.url), openai(s, extra_headers={'X-Key': TOKEN})]
        monkeypatch.setenv('OPENAI_BASE_URL', s.url)
        path = tmp_path / 'models.pickle'
        path.write_bytes(pickle.dumps([*models, get_model('openai/x', api_key=KEY)]))
        environment = os.environ | dict(OPENAI_API_KEY='another-key')
        child = subprocess.run([sys.executable, '-c', CHILD, path], env=environment, capture_output=True, text=True)
        first, second, third = child.stdout.splitlines()
        assert (first, third, child.stderr) == ('3', '3', '')
        assert 'leaves api_key, extra_headers behind' in second and 'get_model' in second and TOKEN not in second
        assert {asked.headers['authorization'] for asked in s.seen} == {'Bearer none', 'Bearer another-key'}


def test_what_was_learned_goes_along():
    "A parameter that was refused is left out from the start"
    with odd(
        lambda asked: (400, dict(error='stop, max_tokens: unknown')) if 'max_tokens' in asked.body else asked.usual()
    ) as s:
        model = openai(s)
        grown(model)
        s.seen.clear()
        grown(pickle.loads(pickle.dumps(model)))
        assert not any('max_tokens' in asked.body for asked in s.seen)


def test_copies_do_not_share_what_changes():
    model = openai(
        odd_stand_in := type('Server', (), dict(url='http://127.0.0.1:9/v1')), extra_headers={'X-Key': TOKEN}
    )
    again = copy.deepcopy(model)
    again._api_key = 'another-key-of-a-test'
    third = pickle.loads(pickle.dumps(again))
    assert (model._current_key(), third._current_key()) == ('a-key-of-a-test', 'another-key-of-a-test')
    assert odd_stand_in.url == third.base_url


def test_a_local_model(small):
    "A pickled one starts its own threads; without a file of its own it needs none to be pickled"
    model = get_model('local/small', temperature=0.5, concurrency=2)
    again = pickle.loads(pickle.dumps(model))
    assert again.key() == model.key() and again.code() == model.code()


def test_a_cache(tmp_path):
    "One on disk opens its file again, a recording too; one in memory says what to do"
    with odd() as s:
        df = generate(TASK, 3, 1, 1, 1, model=openai(s), cache=tmp_path / 'c.sqlite', progress=False)
        n_asked = s.count
        for again in (
            pickle.loads(pickle.dumps(Cache(tmp_path / 'c.sqlite'))),
            copy.deepcopy(Cache(tmp_path / 'c.sqlite')),
        ):
            assert generate(TASK, 3, 1, 1, 1, model=openai(s), cache=again, progress=False).equals(df)
        Cache(tmp_path / 'c.sqlite').export(tmp_path / 'c.jsonl')
        replay = pickle.loads(pickle.dumps(Cache.replay(tmp_path / 'c.jsonl')))
        assert generate(TASK, 3, 1, 1, 1, model=openai(s), cache=replay, progress=False).equals(df)
        assert s.count == n_asked
    for how in (pickle.dumps, copy.deepcopy):
        with pytest.raises(CacheError, match='in memory cannot be pickled or copied; give it a path'):
            how(Cache(':memory:'))


def test_an_error_of_a_model_can_be_pickled():
    "As a process pool does with what its workers raise"
    error = pickle.loads(pickle.dumps(ModelError('no', 'access')))
    assert (str(error), error.kind) == ('no', 'access') and len(chain(error)) == 1
