"The old path of `syngen_nb.model_files`; it goes away with version 0.3."
from .moved import moved

renamed = dict(
    WEIGHTS='MODEL_FILES', WeightsError='ModelFileError', Weights='ModelFile', fetch_weights='fetch_model_file'
)
globals().update(moved('weights', 'model_files', **renamed))
