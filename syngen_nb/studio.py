"The old path of `syngen_nb.widgets.studio`; it goes away with version 0.3."
from .moved import moved

globals().update(moved('studio', 'widgets.studio'))
