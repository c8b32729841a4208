"Spaces, scripts with marks, and Unicode forms: words stay whole, and what looks the same is the same"

import json
import random
import unicodedata

import pandas as pd
import pytest

from syngen_nb import Label, Model, Task, Taxonomy, card, evaluate, generate, report, split, start, verify
from syngen_nb.duplicates import near_duplicates
from syngen_nb.filters import broken_off, copies_example, names_label, other_language, too_short
from syngen_nb.stats import scores
from syngen_nb.text import clean_name, clean_text, fold, gist, opening, same, whole_sentences, words

SPACES = [chr(c) for c in (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x1F)]
LINE_ENDS = ['\n', '\r', '\r\n', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029']


def nfd(text):
    return unicodedata.normalize('NFD', text)


# --- spaces


@pytest.mark.parametrize('space', SPACES, ids=ascii)
def test_every_space_becomes_a_space(space):
    assert clean_text(f'{space}the{space}car died{space}') == 'the car died'
    assert clean_name(f'the{space}car') == 'the car'


@pytest.mark.parametrize('end', LINE_ENDS, ids=ascii)
def test_every_line_end_becomes_a_line_feed(end):
    assert clean_text(f'Dear all,{end}the meeting is off{end}') == 'Dear all,\nthe meeting is off'
    assert clean_name(f'Dear{end}all') == 'Dear all'


def test_what_is_no_space_stays():
    "The wide space of Chinese, the zero-width space of Khmer, joiners, tags of flags, and new emoji"
    for text in [
        '東京\u3000大阪',
        'ខ្ញុំ\u200bស្រលាញ់',
        'می\u200cخواهم',
        'Cymru 🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f',
        'a\U0001fae8b',
    ]:
        assert clean_text(text) == text
    assert clean_text('co\u00adoperate \x00now\u200e!') == 'cooperate now!'  # Hyphenation, a null, a direction


@pytest.mark.filterwarnings('ignore:1 of 2 rows')  # The other label gets the same text
def test_spaces_reach_the_frame():
    class French(Model):
        name = 'my/french'

        async def ask(self, request):
            if 'Write ' in request.prompt:
                return json.dumps(dict(items=[dict(text='À la\u00a0caisse\u202f: trop cher\u2028vraiment')]))
            return json.dumps(dict(items=[dict(item='Avis\u202fcourts', source_type='Avis\u2009longs')]))

    task = Task('x', ['pos', 'neg'], language='French')
    df = generate(
        task, n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=1,
        model=French(), cache=':memory:', filters=False, progress=False, rounds=1,
    )  # fmt: skip
    assert df.text[0] == 'À la caisse : trop cher\nvraiment'
    assert (df.source_type[0], df.topic[0]) == ('Avis longs', 'Avis courts')


def test_a_label_may_have_any_space_but_no_line_end():
    assert Label('Très\u202fbien\u202f!').name == 'Très\u202fbien\u202f!'
    for end in LINE_ENDS:
        with pytest.raises(ValueError, match='one line'):
            Label(f'a{end}b')


# --- scripts with marks

FIVE = {
    'Hindi': 'यह फिल्म बहुत अच्छी थी',
    'Bengali': 'এই ছবিটি খুব ভালো ছিল',
    'Tamil': 'இந்தப் படம் மிகவும் நன்றாக இருந்தது',
    'Telugu': 'ఈ సినిమా చాలా బాగా ఉంది',
    'Malayalam': 'ഈ സിനിമ വളരെ നല്ല ഒന്നായിരുന്നു',
    'Sinhala': 'මේ චිත්‍රපටය ඉතා හොඳ එකකි',
    'Hebrew with points': 'הַסֶּרֶט הַזֶּה הָיָה טוֹב מְאֹד',
    'Arabic with points': 'كَانَ هَذَا الفِيلْمُ جَيِّدًا جِدًّا',
    'Yoruba': 'Fíìmù yìí dára gan\u0323 púpọ̀',
    'Adlam': '𞤐𞤣𞤫𞥅 𞤬𞤭𞤤𞤥𞤵 𞤥𞤮𞥅𞤳𞤵 𞤬𞤮𞤼𞤭 𞤥𞤢𞥄',
    'Turkish': 'BU FİLM ÇOK İYİ İDİ',
}


@pytest.mark.parametrize('language', FIVE)
def test_words_stay_whole(language):
    text = FIVE[language]
    assert len(words(f'{text}!')) == len(text.split()) == 5
    assert len(opening(text).split()) == 4
    assert len(gist(text)) == 5
    assert words(nfd(text)) == words(text)


DIFFERENT = [
    ('मैं खाना खाता हूँ', 'मैं खाने खाती हूं'),
    ('বাঘ', 'বিঘ'),
    ('பால்', 'பல்'),
    ('كُتُب', 'كَتَبَ'),
    ('סֵפֶר', 'סָפַר'),
    ('กิน', 'กัน'),
    ('ບໍ່ດີ', 'ບໍດີ'),
    ('ကောင်း', 'ကိုင်း'),
    ('ọ̀kọ̀', 'ọkọ'),
]


@pytest.mark.parametrize('pair', DIFFERENT)
def test_different_words_do_not_fold_alike(pair):
    a, b = pair
    assert fold(a) != fold(b) and same(a) != same(b)
    assert near_duplicates([f'{a}!', b, a]) == [-1, -1, 0]


def test_texts_that_differ_in_vowel_signs_are_both_kept():
    a, b = DIFFERENT[0]

    class Hindi(Model):
        name, n = 'my/hindi', 0

        async def ask(self, request):
            if 'Write ' in request.prompt:
                return json.dumps(dict(items=[dict(text=a), dict(text=b)]))
            Hindi.n += 1
            return json.dumps(dict(items=[dict(item=f'नाम {Hindi.n}', source_type=f'नाम {Hindi.n}')]))

    run = start(
        Task('x', ['अ', 'ब'], language='Hindi'), n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2,
        model=Hindi(), cache=':memory:', filters=['broken_off', 'too_short'], rounds=1,
    )  # fmt: skip
    with pytest.warns(UserWarning):  # The other label gets the same two texts
        df = run.result()
    assert set(df.text) == {a, b}


@pytest.mark.parametrize(
    'fill, sad, happy',
    [
        ('आज सुबह घर पर चाय के साथ किताब पढ़ते हुए मुझे लगा कि मौसम', 'दुखी', 'खुश'),
        ('আজ সকালে বাড়িতে চা খেতে খেতে বই পড়ার সময় মনে হলো', 'দুঃখী', 'দুঃখা'),
        ('இன்று காலை வீட்டில் தேநீர் குடித்துக் கொண்டே புத்தகம் படித்தேன் நான் அங்கே', 'பாடு', 'படி'),
        ('הַיּוֹם בַּבֹּקֶר קָרָאתִי מִכְתָּב בַּבַּיִת עִם כּוֹס תֵּה חַם וּמָתוֹק', 'סֵפֶר', 'סָפַר'),
    ],
    ids=['Hindi', 'Bengali', 'Tamil', 'Hebrew'],
)
def test_evaluate_learns_a_word_with_marks(fill, sad, happy):
    "One word tells the label, so every test row can be right"

    def rows(seed):
        rng = random.Random(seed)
        found = [
            (' '.join([*rng.sample(fill.split(), 8), w]), l) for _ in range(60) for l, w in [('a', sad), ('b', happy)]
        ]
        return pd.DataFrame(found, columns=['text', 'label']).drop_duplicates('text')

    assert evaluate(rows(1), rows(2), curve=False).accuracy == 1


@pytest.mark.filterwarnings('ignore:1 of 120 test rows')
def test_evaluate_learns_thai_without_spaces():
    def rows(seed):
        rng = random.Random(seed)
        parts = ['วันนี้', 'ตอนเช้า', 'ที่บ้าน', 'กับเพื่อน', 'ร้านอาหาร', 'ในเมือง', 'เมื่อวาน', 'ครอบครัว']
        found = [
            (''.join([*rng.sample(parts, 5), w]), l) for _ in range(60) for l, w in [('a', 'อร่อย'), ('b', 'แย่มาก')]
        ]
        return pd.DataFrame(found, columns=['text', 'label']).drop_duplicates('text')

    assert evaluate(rows(1), rows(2), curve=False).accuracy == 1


def test_a_label_is_found_as_a_whole_word():
    for label, says, longer in [('खुश', 'मैं खुश हूँ', 'बड़ी खुशी हुई'), ('ভাল', 'এটা ভাল ছিল', 'এটা ভালো ছিল'), ('துன்ப', 'அது துன்ப நாள்', 'அது துன்பம்')]:  # fmt: skip
        assert names_label(says, label) and not names_label(longer, label)


def test_ends_of_sentences():
    for text in ['यह अच्छा है। लेकिन', 'یہ اچھا ہے۔ لیکن', 'Լավ է։ Բայց', 'ጥሩ ነው። ግን', 'ကောင်းတယ်။ ဒါပေမယ့်', 'هل هذا جيد؟ لكن']:  # fmt: skip
        assert whole_sentences(text) == text.rsplit(' ', 1)[0]


# --- Unicode forms

ALIKE = [
    ('Größe', nfd('GRÖSSE')),
    ('한국어', nfd('한국어')),
    ('Tiếng Việt', nfd('Tiếng việt')),
    ('A', 'Ａ'),
    ('カメラ', 'ｶﾒﾗ'),
    ('ab', 'a\u200db'),
    ('☺ good', '☺\ufe0f good'),
    ('\u0958', '\u0915\u093c'),  # Composed and decomposed qa
]


@pytest.mark.parametrize('pair', ALIKE, ids=ascii)
def test_names_that_look_the_same_are_the_same(pair):
    a, b = pair
    assert same(a) == same(b) and fold(a) == fold(b)
    with pytest.raises(ValueError, match='are the same'):
        Task('x', [a, b])
    tree = Taxonomy(Task('x', [a, 'other']))
    assert tree[b,] is tree[a,] and tree[b,].name == a
    with pytest.raises(ValueError, match='already'):
        tree.add('task', b)


def test_what_differs_to_the_eye_differs():
    for a, b in [('10²', '102'), ('½ cup', '12 cup'), ('é', 'e'), ('ı', 'i'), ('①', '1')]:
        assert same(a) != same(b) and fold(a) != fold(b)


GERMAN = pd.DataFrame(
    dict(text=[f'gut und billig {i}' for i in range(8)] + [f'übel und teuer {i}' for i in range(8)], label=['Größe'] * 8 + ['Übel'] * 8)
)  # fmt: skip
FROM_MAC = GERMAN.assign(label=GERMAN.label.map(nfd), text=GERMAN.text.map(nfd))


def test_frames_in_another_form():
    "Train and test, predictions, splits, reports and cards take the labels of a file from a Mac"
    scored = evaluate(GERMAN, FROM_MAC.assign(text=FROM_MAC.text + ' neu'), curve=False)
    assert scored.labels == ['Größe', 'Übel'] and scored.accuracy == 1
    with pytest.warns(UserWarning, match='16 of 16 test rows'):
        evaluate(GERMAN, FROM_MAC, curve=False)
    assert scores(GERMAN.label, FROM_MAC.label)['accuracy'] == 1
    mixed = pd.concat([GERMAN[::2], FROM_MAC[1::2]], ignore_index=True)
    assert report(mixed).labels == ['Größe', 'Übel']
    assert report(mixed.assign(label=mixed.label.astype('category'))).labels == ['Größe', 'Übel']
    table = str(card([GERMAN, FROM_MAC])).split('## Labels')[1].split('##')[0]
    assert table.count('| 8 | 8 |') == 2
    train, test = split(mixed.assign(subtopic=mixed.label, topic='t', source_type='s'), by=None, test=4)
    assert len(test) == 4


def test_both_forms_of_a_subtopic_stay_together():
    places = [f'Stück {i}' for i in range(8)]
    rows = [(f'{rng_word} {i}', label, 's', 't', form(places[i % 4 + 4 * (label == "b")])) for label in 'ab' for i, (form, rng_word) in enumerate([(str, 'eins zwei'), (nfd, 'drei vier')] * 8)]  # fmt: skip
    df = pd.DataFrame(rows, columns=['text', 'label', 'source_type', 'topic', 'subtopic'])
    train, test = split(df, test=0.25, near=1)
    one_form = [set(side.subtopic.map(lambda name: unicodedata.normalize('NFC', name))) for side in (train, test)]
    assert not one_form[0] & one_form[1]


class First(Model):
    name = 'my/first'

    async def ask(self, request):
        return 'A'


def test_verify_takes_labels_in_another_form():
    "What it says is spelled as in the frame, so that both columns can be compared"
    checked = verify(FROM_MAC, Task('x', ['Größe', 'Übel']), model=First(), cache=':memory:', progress=False)
    assert list(checked.label) == list(FROM_MAC.label)
    assert set(checked.checked_label.dropna()) <= set(FROM_MAC.label)
    assert checked.checked_label.notna().any()


def test_examples_take_labels_in_another_form():
    task = Task('x', ['Größe', 'Farbe'], examples=[('Zu groß', nfd('Größe'))])
    assert task.examples == (('Zu groß', 'Größe'),) and task[nfd('Größe')].name == 'Größe'


def test_filters_in_another_form():
    korean = '상점은 환불에 대한 제 편지에 답장을 하지 않았습니다 정말 실망했습니다'
    assert names_label(nfd('Die Größe passt nicht'), 'Größe') and names_label('Die Größe passt nicht', nfd('Größe'))
    assert copies_example(nfd(korean), [korean])
    assert not other_language(nfd(korean), 'Korean')
    assert too_short('한국어') and too_short(nfd('한국어'))
    assert not broken_off(nfd('Il est pâle'))


def test_ids_are_those_of_older_trees():
    "An id takes the name as it is spelled, so frames and files of older versions still fit"
    tree = Taxonomy(Task('x', [nfd('Größe'), 'b']))
    assert tree.children()[0].id != Taxonomy(Task('x', ['Größe', 'b'])).children()[0].id
    assert tree.children()[0].name == nfd('Größe')
