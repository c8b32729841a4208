"""Imports go down the floors of the package, see `tools/floors.py`."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools'))
import floors

pytestmark = pytest.mark.xfail(reason='the redesign is under way', strict=False)


def test_no_import_goes_up():
    assert floors.upward(floors.picture()) == []


def test_no_private_name_is_imported():
    assert floors.private_names() == []


def test_there_is_no_circle():
    assert floors.circles(floors.picture()) == []
