"The table of docs/scale.md: its script finds the rates in docs/measured.md, and the page has what it says"

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / 'benchmarks'))
import scale


def test_the_page_has_the_times_of_the_embedded_models():
    page = scale.PAGE.read_text(encoding='utf-8')
    for way, cells in scale.local_rows():
        assert f'| {way} | {" | ".join(f"{time}, {cost}" for time, cost in cells)} |' in page


def test_a_rate_is_the_middle_of_several_runs(monkeypatch, tmp_path):
    (tmp_path / 'docs').mkdir()
    page = '0.53 to 0.57 and 1.5 a second with the default one (two runs), 4.3 and 8.4 with `local/small`'
    (tmp_path / 'docs/measured.md').write_text(page)
    monkeypatch.setattr(scale, 'ROOT', tmp_path)
    assert scale.measured_rates('local') == ((0.53 + 0.57) / 2, 1.5)
    assert scale.measured_rates('local/small') == (4.3, 8.4)


def test_a_batch_that_does_not_fit_at_once_may_take_longer():
    loads = [scale.Load(1, n, 1, 1) for n in (scale.MOST_AT_ONCE, scale.MOST_AT_ONCE + 1)]
    assert [scale.batch_words(load) for load in loads] == ['at most 3 days', '3 days or more']
