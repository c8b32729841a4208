"The embedded small model, in this process; structure only"

from helpers import check_exact, needs_llama

from syngen_nb import Cache, Task, generate, get_model

pytestmark = needs_llama

task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])


def test_small(small, cache, tmp_path):
    "A handful of rows; the second call asks nothing, and the recording replays without the model"
    kw = dict(n_record_to_generate=4, n_source_type=1, n_topic=1, n_subtopic=1, progress=False, rounds=12)
    m = get_model('local/small', concurrency=4)
    df = generate(task, model=m, cache=cache, **kw)
    check_exact(df, 4, task)
    u = df.attrs['syngen']['usage']
    assert (
        set(df.model) == {'local/small'}
        and u['dollars'] == 0 == u['unpriced']
        and u['requests'] >= 4
        and u['tokens_out'] > 0
    )
    again = generate(task, model=m, cache=cache, **kw)
    assert again.equals(df) and again.attrs['syngen']['usage']['requests'] == 0
    c = Cache(cache)
    c.export(tmp_path / 'r.jsonl')

    class Silent(type(m)):
        async def ask(self, req):
            raise AssertionError('a replay asks no model')

    for model in (Silent('local/small', concurrency=2), 'local/small'):  # how many at a time is no part of what is sent
        assert generate(task, model=model, cache=Cache.replay(tmp_path / 'r.jsonl'), **kw).equals(df)
