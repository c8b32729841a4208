"What the judge thinks of each label, as columns on request"

import numpy as np
import pytest
from fakes import Writer
from golden.cases import TASK

from syngen_nb import Cache, Judge, generate

NAMES = [f'p_{label.name}' for label in TASK.labels]
QUIET = dict(progress=False)


def check(df):
    "The columns add up to 1, and the largest one is that of the label that was read, with its confidence."
    said = df[NAMES].to_numpy()
    assert np.allclose(said.sum(1), 1)
    assert np.allclose(said.max(1), df.confidence)
    assert [NAMES[i] for i in said.argmax(1)] == [f'p_{name}' for name in df.checked_label]


@pytest.mark.parametrize('policy', ['drop', 'keep', 'relabel'])
def test_columns_of_generate(policy):
    cache = Cache(':memory:')
    judge = Judge(policy, probabilities=True)
    df, again = (generate(TASK, 30, model=Writer(), cache=cache, verify=judge, **QUIET) for _ in range(2))
    check(df)
    assert again.equals(df)
    usual = generate(TASK, 30, model=Writer(), cache=cache, verify=Judge(policy), **QUIET)
    assert usual.equals(df.drop(columns=NAMES)) and not set(NAMES) & set(usual)
