__version__ = "0.1.0"
from .task import Label, Plan, Task
from .cache import Cache
from .models import Model, get_model
from .prompts import DEFAULT, METHOD, Prompts
from .taxonomy import Taxonomy
from .grow import agrow, grow
from .generate import agenerate, estimate, generate, start
