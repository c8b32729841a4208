"The old path of `syngen_nb.widgets.taxonomy_tree`; it goes away with version 0.3."
from .moved import moved

globals().update(moved('tree', 'widgets.taxonomy_tree'))
