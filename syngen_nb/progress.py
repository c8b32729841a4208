"The old path of `syngen_nb.widgets.run_view`; it goes away with version 0.3."
from .moved import moved

globals().update(moved('progress', 'widgets.run_view'))
