"""Old module paths work for one version, and say where things are now."""

import importlib
import sys

import pytest

OLD = {
    'tree': ('widgets.taxonomy_tree', ['TaxonomyTree']),
    'form': ('widgets.task_form', ['TaskForm']),
    'progress': ('widgets.run_view', ['RunView', 'view_of']),
    'data': ('widgets.data_view', ['DataView']),
    'weights': ('model_files', ['WEIGHTS', 'WeightsError', 'fetch_weights']),
}


@pytest.mark.parametrize('old', OLD)
def test_old_paths_warn_and_work(old):
    "The warning names the new path and points at the line that imports."
    new, names = OLD[old]
    sys.modules.pop(f'syngen_nb.{old}', None)
    with pytest.warns(DeprecationWarning, match=f'syngen_nb.{new}') as said:
        module = importlib.import_module(f'syngen_nb.{old}')
    assert all(hasattr(module, name) for name in names)
    assert [o.category for o in said].count(DeprecationWarning) == 1  # Sockets of other tests may warn too


def test_an_old_name_is_the_new_thing():
    from syngen_nb.model_files import fetch_model_file

    with pytest.warns(DeprecationWarning) as said:
        sys.modules.pop('syngen_nb.weights', None)
        from syngen_nb.weights import fetch_weights
    assert fetch_weights is fetch_model_file
    assert __file__ in [o.filename for o in said]
