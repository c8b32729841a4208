"What belongs to the key of an answer: all that is sent, and nothing else"

import pytest
from helpers import TASK, openai

from syngen_nb import generate, get_model
from syngen_nb.local_model import LocalModel


def asked(cache, s, prompts=None, **kw):
    "Requests that a small job takes with this cache"
    before = s.count
    generate(
        TASK,
        n_source_type=1,
        n_topic=1,
        n_subtopic=1,
        sample_per_subtopic=2,
        model=openai(s, **kw),
        prompts=prompts,
        cache=cache,
        progress=False,
    )
    return s.count - before


def test_what_is_sent_counts(server, cache):
    "Another prompt, even in a branch that is rarely taken, another sampling or limit is another request; the rest is not"
    all_ = 1 + 3 + 3 + 3
    assert asked(cache, server) == all_
    for kw in (dict(temperature=0.5), dict(max_tokens=100)):
        assert asked(cache, server, **kw) == all_ and asked(cache, server, **kw) == 0
    text = 'Write {{n}} of {{label}}, {{topic}}.{% if not written %} Begin WORD.{% endif %}'
    for word in ('freshly', 'anew'):
        prompts = dict(texts=text.replace('WORD', word))
        assert asked(cache, server, prompts) == 3 and asked(cache, server, prompts) == 0
    assert openai(server, structured=False).key() != openai(server).key()
    assert asked(cache, server, concurrency=1, timeout=7, retries=0, api_key='another-key-of-a-test') == 0


def test_seed_is_another_draw(server, cache):
    "The same seed finds its answers, another asks anew"
    counts = []
    for seed in (0, 1, 0, 1):
        before = server.count
        generate(TASK, 6, model=openai(server), seed=seed, cache=cache, progress=False)
        counts.append(server.count - before)
    assert counts[0] and counts[1] == counts[0] and counts[2:] == [0, 0]


def test_files_are_told_apart(tmp_path):
    "Two GGUF files of one name and size are two models"
    keys = []
    for folder in 'ab':
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'm.gguf').write_bytes(folder.encode() * 100)
        keys.append(get_model('local', path=tmp_path / folder / 'm.gguf').key())
    assert keys[0] != keys[1]
    assert LocalModel('local/small').key() == LocalModel('local/small', concurrency=2).key()
    with pytest.raises(ValueError, match='no setting timeout'):
        LocalModel('local', timeout=3)


def test_addresses_are_told_apart():
    "A query is part of the address, and is not kept"
    keys = [get_model('openai/m', base_url=f'http://h/v1?deployment={o}').key() for o in ('first', 'second')]
    assert keys[0] != keys[1] and 'first' not in str(keys[0])
