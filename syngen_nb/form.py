"The old path of `syngen_nb.widgets.task_form`; it goes away with version 0.3."
from .moved import moved

globals().update(moved('form', 'widgets.task_form'))
