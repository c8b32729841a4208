// The fields that are not labels, and the messages below all fields.
const LANGUAGES = 'English German French Spanish Portuguese Italian Dutch Polish Turkish Arabic Hindi Chinese Japanese Korean'.split(' ');
const MODELS = ['local', 'local/small', 'openai/', 'anthropic/'];
const COUNTS = { n_source_type: 'Source types', n_topic: 'Topics', n_subtopic: 'Subtopics', sample_per_subtopic: 'Texts per subtopic' };
const PARTS = ['instruction', 'labels', 'language', 'count', 'model'];  // each has a message

const labelOf = (text, input) => h('label', { htmlFor: input.id, textContent: text });

class Fields {
  constructor(view, id) {
    this.view = view;
    this.id = id;
    this.instruction = this.makeArea();
    this.language = this.makeLine('language', { class: 'short', list: `${id}-language-list` });
    this.rows = this.makeLine('rows', { inputMode: 'numeric' });
    this.counts = Object.keys(COUNTS).map(name => this.makeLine(name, { inputMode: 'numeric' }));
    this.by = { rows: this.makeRadio('rows'), counts: this.makeRadio('counts') };
    this.model = this.makeModel();
    this.messages = Object.fromEntries(PARTS.map(name => [name, this.makeMessage(name)]));
    this.estimate = h('div', { class: 'estimate' });
  }

  // --- elements
  makeArea() {
    const oninput = () => this.view.set({ instruction: wellFormed(this.instruction.value) });
    const onblur = () => this.view.leave('instruction');
    const placeholder = 'What the classifier does';
    return h('textarea', { id: `${this.id}-instruction`, dir: 'auto', rows: 3, placeholder, oninput, onblur });
  }
  makeLine(name, more) {
    const oninput = () => this.view.set({ [name]: wellFormed(input.value) }), onblur = () => this.view.leave(name);
    const input = h('input', { type: 'text', id: `${this.id}-${name}`, dir: 'auto', autocomplete: 'off', oninput, onblur, ...more });
    input.name = name;
    input.spellcheck = false;
    return input;
  }
  makeRadio(by) {
    const onchange = () => {
      this.view.set({ by });
      this.view.draft.send();
    };
    return h('input', { type: 'radio', name: `${this.id}-by`, onchange });
  }
  // A key may have been set meanwhile, so the kernel looks again
  makeModel() {
    const onfocus = () => {
      this.model.select();
      post(this.view.model, { op: 'look' });
    };
    const title = 'local, local/small, openai/NAME or anthropic/NAME';
    return this.makeLine('model', { class: 'short', list: `${this.id}-model-list`, title, onfocus });
  }
  makeMessage(name) { return h('div', { class: 'msg dim', id: `${this.id}-${name}-msg`, 'aria-live': 'polite' }); }
  makeOptions(name, options) {
    return h('datalist', { id: `${this.id}-${name}-list` }, ...options.map(value => h('option', { value })));
  }
  makeCounts() {
    const number = (text, input) => h('div', { class: 'number' }, labelOf(text, input), input);
    const radio = (by, text) => h('label', { class: 'radio' }, this.by[by], text);
    this.one = h('div', { class: 'numbers' }, number('Rows', this.rows));
    this.four = h('div', { class: 'numbers' }, ...this.counts.map(input => number(COUNTS[input.name], input)));
    const radios = h('div', { class: 'radios', role: 'radiogroup', 'aria-labelledby': `${this.id}-many` },
      radio('rows', 'in all'), radio('counts', 'by the size of the tree'));
    return [radios, this.one, this.four];
  }

  // A title and elements for each line of the form; `labels` are those of the labels
  makeLines(labels) {
    const { messages } = this, title = textContent => h('span', { textContent });
    const many = h('span', { textContent: 'How many', id: `${this.id}-many` });
    return [
      [labelOf('Instruction', this.instruction), this.instruction, messages.instruction],
      [labelOf('Labels', labels.box), ...labels.elements, messages.labels],
      [labelOf('Language', this.language), this.language, this.makeOptions('language', LANGUAGES), messages.language],
      [many, ...this.makeCounts(), messages.count],
      [labelOf('Model', this.model), this.model, this.makeOptions('model', MODELS), messages.model],
      [title('Estimate'), this.estimate],
    ];
  }

  // --- drawing
  draw(value) {
    show(this.instruction, value.instruction);
    for (const input of [this.language, this.rows, ...this.counts, this.model]) show(input, value[input.name]);
    for (const [name, radio] of Object.entries(this.by)) radio.checked = value.by == name;
    this.one.hidden = value.by != 'rows';
    this.four.hidden = value.by == 'rows';
  }
  drawMessages(value, said, isMild) {
    const { messages } = this, { errors } = said;
    for (const name of ['instruction', 'language', 'model']) mark(this[name], errors[name] && !isMild(name), messages[name]);
    for (const input of [this.rows, ...this.counts]) mark(input, errors[input.name], messages.count);
    const ofCounts = this.counts.map(input => errors[input.name]).find(Boolean) ?? errors.rows;
    this.tell('instruction', errors.instruction, '', isMild('instruction'));
    this.tell('labels', errors.labels, said.labels, isMild('labels'));
    this.tell('language', errors.language);
    this.tell('count', value.by == 'rows' ? errors.rows : ofCounts, said.tree);
    this.tell('model', errors.model, said.model, isMild('model'));
    messages.model.classList.toggle('warn', !errors.model && !!said.lacks);
    say(this.estimate, said.estimate || '–');
    put(this.estimate, 'aria-busy', said.estimate == 'estimating…' ? 'true' : null);
  }
  // An error in its colour, or in grey if it is mild; without one, the words that inform
  tell(name, error, words = '', isMild = false) {
    const message = this.messages[name];
    say(message, error ?? words);
    message.classList.toggle('error', !!error && !isMild);
    message.classList.toggle('dim', !error || isMild);
  }
}
