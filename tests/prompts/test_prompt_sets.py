"""The prompts of the package, byte for byte.

The key of a stored answer covers templates and rendered requests. After a change, no answer of an old cache is found
again, so a prompt should not change by accident. If you mean to change one, print its digest and put it here:

    python -c "from syngen_nb import DEFAULT; import hashlib; print(hashlib.sha256(DEFAULT.texts.encode()).hexdigest())"
"""

import hashlib
import json
from dataclasses import fields, replace
from importlib.resources import files

import pytest

from syngen_nb import Label, Task
from syngen_nb.prompt_sets import DEFAULT, LOCAL, METHOD, SMALL
from syngen_nb.prompts import KEYS, Prompts, check_template, context

SETS = [METHOD, DEFAULT, LOCAL, SMALL]
TEMPLATES = 'source_types topics subtopics texts errors check system lead'.split()
TASK = Task('Tell spam from ham', [Label('ham', 'wanted'), Label('spam', 'not wanted')])
DIGESTS = dict(
    method=dict(
        source_types='a5782f329d12f59c6d643426d2a322b90cb8c20e289ecd555c271059fe10606c',
        topics='cb929765e4fa12ee14b79ab7ce1918a4f3599420c3f8583e3a12fa81e7c22baa',
        subtopics='345acf1569156573267cb27bee9a7874f71b4979e4d1d231f0a9cab4d908d1a6',
        texts='3072a638d73da9373aef9f67bd59b3aaf69a37a5c08547ac29f2f322d1dad886',
        errors='8194e95ef7c162ccbe5aad83ebac52f56964817ac8610071975f8a4b41ba1518',
        lists='dee36ace772e1ed71145ee73f01e32ff75f471341ab8aa67fb7efebb93796fe5',
        requests='331a07137477d9507084d02277f7cf27b547a2b717544e20d911f8051ceb2445',
    ),
    default=dict(
        source_types='63eb697be427bbc4e9c6b3ee9ec8180fb2162834465c83a47245438585fcf250',
        topics='746cdd1e7806aac1c4dd3390df96fb339162e47f4d4d5700a8ee6663600ccce9',
        subtopics='898a0e04e8deae50298233576e885c5cd50baa2be17e027261c1f625d159d43d',
        texts='96f534b9fc9a5e76ed65266ae68bf08fc9c372a61ae1e5f13c7d8a19aae37808',
        errors='8194e95ef7c162ccbe5aad83ebac52f56964817ac8610071975f8a4b41ba1518',
        check='1ec86bf3456a773df1648d61a915b5cd48ac6ebf0c00e5ab3388187de55731ab',
        system='7d6ab2c38e2dccc4ba56fd2ec0774110598af65b0d91c43ee36fc846cfc4e423',
        lists='1f3751ca58e78b9dd0ea400493495d384c1e501e7edc07bf0654796aefb73a06',
        requests='5c709d02db500ddfaa462207bd25eebfe79178861cb7638951ad7c2f4a0e1841',
    ),
    local=dict(
        source_types='a100f4c490315de84033bfc1064d494ba8369b44490d00e18648261efb10098e',
        topics='319292adc03a4a41d9d376c32657f3bec40b38a6fcc6794112f67008c9e062d7',
        subtopics='3f79d2b60a705862868c770fb318b63d350b254f7cb71168e829ef333a669a78',
        texts='4e4dfb15285538958a2ceb2cfc81a1bff9e09c711a67ae3b313552eb57de79f2',
        errors='283febf25bf44275b2b00d1168d1b4b65bda1d59a6afb49bf6e5a19f028aa076',
        check='1ec86bf3456a773df1648d61a915b5cd48ac6ebf0c00e5ab3388187de55731ab',
        system='7bebb9f218f702a94b3dfd4405c9ce54c72b5a94dd4866b4d896d2acd1fe8c09',
        lead='cfbf7a8c005a1fc0220bace14a2f343523ccea13604d01305243796af6b310b4',
        lists='6a248c8ba56f18da3ceea6e5d6fd35da2bb045a7689bddce8d220a1d4c0d2d44',
        requests='73a140484375d892885c1c58aab1572aa1d34b82e94c77dd7458ebf22e932ea1',
    ),
    small=dict(
        source_types='a100f4c490315de84033bfc1064d494ba8369b44490d00e18648261efb10098e',
        topics='319292adc03a4a41d9d376c32657f3bec40b38a6fcc6794112f67008c9e062d7',
        subtopics='3f79d2b60a705862868c770fb318b63d350b254f7cb71168e829ef333a669a78',
        texts='34c8e067939f9ee91b1873df73fa4b4974f0e77ce3ddfa68b7b04eb62338f4dc',
        errors='283febf25bf44275b2b00d1168d1b4b65bda1d59a6afb49bf6e5a19f028aa076',
        check='92ff7e7c4183fe52b836cee3e0de241b7c288ef4e9affb1a9f98d812ac536ded',
        lead='cfbf7a8c005a1fc0220bace14a2f343523ccea13604d01305243796af6b310b4',
        lists='61b5c63eb28741decbb3d6c43e5b9c829dd477de06b9f6591f657abf8bb880c5',
        requests='bc17dff6b71960714120219e6cb628ee2e1704c7dc011626f8e452619d06d2f3',
    ),
)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def rendered(prompts):
    "A request of each level with everything that a prompt can show, and a check, as JSON"
    place = context(TASK, 'spam', 'text message', 'prizes', 'a holiday')
    place['errors'] = [dict(text='See you!', predicted='ham')]
    rejected = [('Spam!', 'is short')]
    requests = [prompts.request(level, place, 2, ['You won, says Omar'], 7, ['a car'], rejected, 3) for level in KEYS]
    if prompts.check:
        requests.append(prompts.check_request(TASK, 'See you!', ['ham', 'spam'], 7, 5))
    return json.dumps([vars(request) for request in requests], sort_keys=True)


@pytest.mark.parametrize('prompts', SETS, ids=lambda p: p.name)
def test_prompts_are_what_they_were(prompts):
    "Each template, the lists that are dealt out or built in, and what is sent"
    found = {name: digest(getattr(prompts, name)) for name in TEMPLATES if getattr(prompts, name)}
    found['lists'] = digest(json.dumps([prompts.vary, prompts.built_in], sort_keys=True))
    found['requests'] = digest(rendered(prompts))
    assert found == DIGESTS[prompts.name]


@pytest.mark.parametrize('prompts', SETS, ids=lambda p: p.name)
def test_key_parts(prompts):
    "What a key covers beyond the request: the templates, and for texts what they vary by"
    for level in KEYS:
        templates = (getattr(prompts, level), prompts.system)
        assert prompts.key_parts(level) == (templates if level != 'texts' else (*templates, prompts.vary))


@pytest.mark.parametrize('prompts', SETS, ids=lambda p: p.name)
def test_templates_are_valid(prompts):
    "An import does not check the package's own templates, so this does"
    for level in TEMPLATES:
        if getattr(prompts, level):
            check_template(getattr(prompts, level), level)


def test_a_template_of_another_level_is_refused():
    "A text of the package is checked where it is not the template of its own level"
    with pytest.raises(ValueError, match='template for topics uses'):
        replace(DEFAULT, topics=DEFAULT.check)


def test_template_files():
    "Every file is a template or the settings of a set, and ends in one line break, which is not part of the template"
    folders = {folder.name: folder for folder in (files('syngen_nb') / 'templates').iterdir()}
    assert set(folders) == {'shared', *(prompts.name for prompts in SETS)}
    known = {f'{field.name}.jinja' for field in fields(Prompts)} | {'set.toml'}
    for folder in folders.values():
        for file in folder.iterdir():
            text = file.read_text(encoding='utf-8')
            assert file.name in known and text.endswith('\n') and not text.endswith('\n\n'), file
