"Why an answer has no text, or is none, in the forms of several servers"

import pytest

from syngen_nb import ModelError, Request, get_model
from syngen_nb.server_errors import BadAnswer, complaint_of, refused_name

MODEL = get_model('openai/x', base_url='http://127.0.0.1:9/v1')
SENT = {'max_tokens', 'response_format', 'temperature', 'system', 'stop', 'seed'}


def read(reason='stop', message=None, **choice):
    "The answer in a response with one choice"
    said = dict(role='assistant', content=None) | (message or {})
    body = dict(choices=[dict(message=said, finish_reason=reason) | choice], usage=dict(prompt_tokens=1))
    return MODEL.read_body(body, Request('x'))


@pytest.mark.parametrize(
    'words, given',
    {
        'called the tool search': dict(message=dict(tool_calls=[None, dict(function=dict(name='search'))])),
        'called the tool old': dict(message=dict(function_call=dict(name='old', arguments='{}'))),
        'called the tool mine': dict(message=dict(tool_calls=[dict(type='custom', custom=dict(name='mine'))])),
        'I will not (refusal)': dict(message=dict(content=[dict(type='refusal', refusal='I will not')])),
        'no way (refusal)': dict(message=dict(refusal=['no', 'way'])),
        'the content filter (SAFETY)': dict(reason='content_filter', native_finish_reason='SAFETY'),
        'MALFORMED_FUNCTION_CALL': dict(reason='error', native_finish_reason='MALFORMED_FUNCTION_CALL'),
        'no reason given': dict(reason=None),
    }.items(),
)
def test_an_empty_answer_says_why(words, given):
    assert words in read(**given).why


@pytest.mark.parametrize('odd', ['x', [1], dict(content='x'), dict(content=[dict(token='a', top_logprobs=None)])])
def test_a_paid_answer_counts_whatever_its_log_probabilities_are(odd):
    assert read(message=dict(content='Good'), logprobs=odd).text == 'Good'


@pytest.mark.parametrize('choices', ['abc', dict(a=1), ['abc'], [None], float('nan'), [dict(message='hi')]])
def test_what_is_no_answer_is_named_without_words_of_python(choices):
    with pytest.raises(BadAnswer, match='there is no (choice|message) in the answer'):
        MODEL.read_body(dict(choices=choices), Request('x'))


def test_a_filtered_prompt_names_the_filter_and_no_parameter():
    inner = dict(content_filter_result=dict(hate=dict(filtered=True, severity='high'), jailbreak=dict(filtered=False)))
    body = dict(error=dict(message='The prompt was filtered.', code='content_filter', param='prompt', innererror=inner))
    error, again = MODEL.refusal(complaint_of(body, 400), Request('x', schema={'type': 'object'}))
    assert isinstance(error, ModelError) and not again
    assert str(error) == 'openai/x (400): The prompt was filtered. (hate: high)'


@pytest.mark.parametrize(
    'words, name',
    {
        "Error code: 400 - {'error': {'message': \"Unsupported parameter: 'max_tokens'\"}}": 'max_tokens',
        'JSON mode is not supported for model foo': 'response_format',
        'The specified schema produces a constraint that has too many states for serving.': 'response_format',
        'API 调用参数有误, seed 参数不支持': 'seed',
        "bedrock does not support parameters: ['response_format'], for model=foo": 'response_format',
        'The system is not available, try later': None,
    }.items(),
)
def test_a_refused_parameter_in_the_words_of_other_servers(words, name):
    complaint = complaint_of(dict(error=dict(message=words)), 400)
    assert refused_name(complaint, SENT) == name and '{' not in complaint.words
