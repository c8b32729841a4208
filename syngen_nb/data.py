"The old path of `syngen_nb.widgets.data_view`; it goes away with version 0.3."
from .moved import moved

globals().update(moved('data', 'widgets.data_view'))
