"The scripts of `benchmarks/` keep up with the package: each can be imported, and the recorded runs can be made again"

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / 'benchmarks'
sys.path.insert(0, str(FOLDER))


@pytest.mark.parametrize('name', sorted(path.stem for path in FOLDER.glob('*.py')))
def test_a_script_can_be_imported(name, monkeypatch):
    monkeypatch.setattr(sys, 'argv', [name])
    assert importlib.import_module(name).__doc__


@pytest.mark.filterwarnings('ignore::syngen_nb.run.ShortWarning')
def test_a_recorded_run_is_estimated_and_made_again():
    import estimates

    facts, answers = estimates.recordings()[-1]  # Of film reviews, by the default model
    used, order = estimates.play(facts, answers, verify=False)
    assert used['requests'] == len(order) > facts['rows']
    found, rest = estimates.estimated(facts, order, 0.5, verify=False)
    assert rest['requests'] == len(order) - len(order) // 2
    assert found.requests <= rest['requests'] <= found.most_requests
