"An answer that held nothing settles nothing: a server that is well again is asked"

import json
import warnings
from collections import Counter

import pytest
from helpers import TASK

from syngen_nb import Cache, Judge, Model, ReplayMiss, ShortWarning, generate, grow, start
from syngen_nb.answer_tables import short_key
from syngen_nb.models import Answer, ModelError
from syngen_nb.prompt_sets import SMALL as SMALL_PROMPTS

ROUNDS = 3
SMALL = dict(n_source_type=1, n_topic=1, n_subtopic=1, rounds=ROUNDS, filters=False, progress=False)
NEEDED = 1 + 3 + 3 + 3  # requests for SMALL, two texts a cell and the three labels of TASK
NOTHING = {
    'empty': '',
    'blank': ' \n',
    'declined': "I'm sorry, but I can't help with that.",
    'prose': 'Sure! Here is what you asked for:',
    'cut': Answer('{"items": [{"te', cut=True),
    'an empty list': '{"items": []}',
    'a wrong kind': '{"items": [{"text": null, "item": null, "source_type": null}]}',
}


class Moody(Model):
    "Answers well, or with `said` where `is_ill`"

    name = 'my/model'

    def __init__(self, said='', is_ill=lambda prompt: True):
        self.said, self.is_ill, self.asked = said, is_ill, 0

    async def ask(self, req):
        self.asked += 1
        if self.is_ill and self.is_ill(req.prompt):
            return self.said
        if 'Which of them is it?' in req.prompt:
            return 'A'
        key = next(iter(req.schema['properties']['items']['items']['properties']))
        return json.dumps({'items': [{key: f'text number {self.asked} {i} of some length'} for i in range(3)]})


def writes_on_sea(prompt):
    return 'with the label "Sea"' in prompt


def write(model, cache, n=2, **kw):
    return generate(TASK, **SMALL | dict(sample_per_subtopic=n) | kw, model=model, cache=cache)


@pytest.mark.parametrize('said', NOTHING)
def test_a_server_that_is_well_again(said, cache):
    "An ill server costs a run a few requests. Once it is well the same call gets its rows, and the next one asks nothing"
    ill, well = Moody(NOTHING[said]), Moody(is_ill=None)
    for i in (1, 2):  # it is asked again each time, and gives up each time
        with pytest.raises(ModelError):
            write(ill, cache)
        assert ill.asked == i * ROUNDS
    df = write(well, Cache(cache))
    assert len(df) == 6 and well.asked == NEEDED
    assert write(well, Cache(cache)).equals(df) and well.asked == NEEDED


def test_a_label_that_is_always_declined(cache):
    "Each run asks for it, as often as a run does, and never pays again for the rest"
    model = Moody(said="I can't.", is_ill=writes_on_sea)
    paid = []
    for _ in range(3):
        before = model.asked
        with pytest.warns(ShortWarning):
            df = write(model, cache)
        paid.append(model.asked - before)
        assert df.label.value_counts().to_dict() == {'Land': 2, 'Air': 2, 'Sea': 0}
    assert paid[0] > ROUNDS and paid[1:] == [ROUNDS, ROUNDS]


def test_an_empty_answer_among_others_is_not_asked_again(cache):
    "What came after it settled the list"
    seen = Counter()
    model = Moody(is_ill=lambda prompt: seen.update([prompt]) or seen[prompt] == 1)  # Ill for each question once
    df = write(model, cache, n=8)
    asked = model.asked
    assert len(df) == 24 and write(model, cache, n=8).equals(df) and model.asked == asked
    c = Cache(cache)
    c.export(cache.with_suffix('.jsonl'))
    lesson = Cache.replay(cache.with_suffix('.jsonl'))
    assert write(model, lesson, n=8).equals(df) and model.asked == asked


@pytest.mark.parametrize('n_runs', [1, 3])
def test_a_recording_of_a_short_run_replays(n_runs, cache):
    "It ends where the recorded run ended, also if the cache had seen several"
    model = Moody(is_ill=writes_on_sea)
    for _ in range(n_runs):
        with pytest.warns(ShortWarning):
            df = write(model, cache)
    Cache(cache).export(cache.with_suffix('.jsonl'))
    with pytest.warns(ShortWarning):
        again = write(model, Cache.replay(cache.with_suffix('.jsonl')))
    assert again.equals(df) and 0 < len(df) < 6


class FailsOn(Moody):
    "Its server refuses requests whose prompt has all `words`: every one, or every second one at first"

    concurrency = 4

    def __init__(self, *words, every=1):
        super().__init__(is_ill=None)
        self.words, self.every, self.n_such = words, every, 0

    async def ask(self, req):
        if all(word in req.prompt for word in self.words):
            self.n_such += 1
            if self.n_such % self.every == 0 or self.n_such > 3:
                raise ModelError('The prompt was filtered', 'request')
        return await super().ask(req)


FAILURES = {
    'all texts of a label': FailsOn('with the label "Sea"'),
    'texts of a cell, in part': FailsOn('with the label "Land"', every=2),
    'topics of a label': FailsOn('topics', 'labelled "Air"'),
    'subtopics of a label': FailsOn('subtopics', 'labelled "Land"'),
}


@pytest.mark.parametrize('failure', FAILURES)
def test_a_recording_of_requests_that_failed_replays(failure, cache):
    "To the same frame; other arguments are still refused"
    model = FAILURES[failure]
    counts = dict(n_source_type=2, n_topic=2, n=8, filters=False)
    with pytest.warns(ShortWarning, match='was filtered'):
        df = write(model, cache, **counts)
    assert 0 < len(df) < 96
    recording = cache.with_suffix('.jsonl')
    Cache(cache).export(recording)
    asked = model.asked
    with pytest.warns(ShortWarning, match='Or this request failed in the recorded run'):
        assert write(model, Cache.replay(recording), **counts).equals(df)
    assert model.asked == asked
    for other in (dict(seed=7), dict(n=40), dict(n_topic=5)):
        with pytest.raises(ReplayMiss), warnings.catch_warnings():
            warnings.simplefilter('ignore', ShortWarning)
            write(model, Cache.replay(recording), **counts | other)


def test_names_and_checks(cache):
    "Lists of names and judges that could not be read recover too"
    with pytest.raises(ModelError):
        grow(TASK, 2, 2, 2, model=Moody(), cache=cache, rounds=ROUNDS, progress=False)
    well = Moody(is_ill=None)
    tax = grow(TASK, 2, 2, 2, model=well, cache=cache, rounds=ROUNDS, progress=False)
    assert len(tax.cells()) == 24
    judge = Moody('I cannot tell', is_ill=lambda prompt: True)
    judge.name = 'my/judge'
    run = start(tax, sample_per_subtopic=1, model=well, cache=cache, verify=Judge('keep', judge), filters=False)
    with pytest.warns(ShortWarning):
        assert run.result().checked_label.isna().all()
    judge.is_ill = None
    run = start(tax, sample_per_subtopic=1, model=well, cache=cache, verify=Judge('keep', judge), filters=False)
    assert run.result().checked_label.notna().all()
    asked = judge.asked
    run = start(tax, sample_per_subtopic=1, model=well, cache=cache, verify=Judge('keep', judge), filters=False)
    assert run.result().checked_label.notna().all() and judge.asked == asked


def test_a_stopped_run_goes_on(cache):
    "What was empty before the stop is passed over, not asked again"
    model = Moody(is_ill=lambda prompt: model.asked < ROUNDS)
    c = Cache(cache)
    df = write(model, c)
    series = c.find(cell='source_types')[0]['series']
    assert [row['draw'] for row in c.find(series)] == list(range(ROUNDS))
    c._do('delete from packed where series=? and draw=?', short_key(series), ROUNDS - 1)  # the run was killed here
    asked = model.asked
    assert len(write(model, c)) == len(df) and model.asked - asked >= 1
    assert [row['draw'] for row in c.find(series)] == list(range(ROUNDS))


class BreaksOff(Model):
    "Goes on in the middle of a sentence, and is cut off there"

    name = 'my/breaks'
    prompts = SMALL_PROMPTS

    def __init__(self):
        self.asked = 0

    async def ask(self, req):
        self.asked += 1
        return Answer(text=' and then we went to the', cut=True)


def test_a_continuation_that_breaks_off_is_an_answer(cache):
    "A small model that writes badly is not asked again by the same call"
    model = BreaksOff()
    for _ in range(2):
        with pytest.warns(ShortWarning):
            write(model, cache, verify=False)
        asked, model.asked = model.asked, 0
    assert asked == 0


class Refuses(Model):
    "A judge that its provider does not let see some texts"

    name = 'fake/judge'
    concurrency = 4

    async def ask(self, request):
        if sum(request.prompt.encode()) % 3 == 0:
            raise ModelError('The prompt was filtered', 'request')
        return 'A'


def test_a_recording_of_checks_that_failed_replays(cache):
    "A failed check left nothing, and the text stays unchecked again; without any check the judge is another one"

    def judged(cache, judge):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ShortWarning)
            return write(Moody(is_ill=None), cache, n=8, verify=Judge('keep', model=judge))

    df = judged(cache, Refuses())
    assert 0 < df.checked_label.isna().sum() < len(df)
    recording = cache.with_suffix('.jsonl')
    Cache(cache).export(recording)
    assert judged(Cache.replay(recording), Refuses()).equals(df)
    other = Refuses()
    other.name = 'fake/other'
    with pytest.raises(ReplayMiss):
        judged(Cache.replay(recording), other)
