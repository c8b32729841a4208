// The toolbar of a DataView: which label is shown, how many texts there are, and buttons that download them.
const FILES = {
  csv: ['CSV', 'All texts, for spreadsheets and programs'],
  parquet: ['Parquet', 'All texts, with types and how they were made; needs pyarrow'],
  jsonl: ['JSONL', 'All texts, one JSON object a line'],
};
const SAFE = 'CSV only: an apostrophe before what a spreadsheet would compute as a formula';

class DataBar {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.receiver = fileReceiver();
    this.makeFilter();
    this.makeFiles();
    const files = h('span', { class: 'files' }, ...this.files, this.safeBox);
    el.append(h('div', { class: 'bar' }, this.labelBox, this.count, this.more, this.part, files), this.note);
  }
  makeFilter() {
    const ask = op => () => post(this.model, { op });
    this.label = h('select', { 'aria-label': 'Show label', onchange: () => post(this.model, { op: 'label', label: this.label.value }) });
    this.labelBox = h('span', { class: 'filter' }, h('span', { textContent: 'Show' }), this.label);
    this.count = h('span');
    this.more = button('', ask('more'));
    this.what = h('bdi', { class: 'text' });
    this.part = h('span', { class: 'part' }, this.what, button('Show all', ask('all')));
  }
  makeFiles() {
    this.note = h('span', { class: 'note', role: 'status' });
    this.safe = h('input', { type: 'checkbox' });
    this.safeBox = h('label', { title: SAFE }, this.safe, h('span', { textContent: 'safe for spreadsheets' }));
    const makeButton = ([kind, [name, title]]) => button(name, e => this.save(kind, e.currentTarget), { title });
    this.files = Object.entries(FILES).map(makeButton);
  }
  save(kind, pressed) {
    say(this.note, '');
    able(pressed, false);
    post(this.model, { op: 'save', kind, safe: this.safe.checked, to: this.receiver.to });
  }

  draw() {
    const info = this.model.get('info');
    if (!info.labels) return;
    this.drawLabels(info.labels);
    this.label.value = info.label;
    say(this.count, info.said);
    say(this.more, info.new);
    this.more.hidden = !info.new;
    say(this.what, info.what);
    this.part.hidden = !info.what;
    this.keepFocus();
    this.drawFiles();
  }
  drawLabels(labels) {
    this.labelBox.hidden = !labels.length;
    const key = JSON.stringify(labels);
    if (key == this.label.key) return;
    this.label.key = key;
    const options = [['', 'all labels'], ...labels].map(([value, textContent]) => h('option', { value, textContent }));
    this.label.replaceChildren(...options);
  }
  drawFiles() { for (const file of this.files) able(file, !this.model.get('info').empty); }

  // A button that is hidden would lose the focus to the page
  keepFocus() {
    const focused = document.activeElement;
    if (this.el.contains(focused) && focused.closest('[hidden]')) this.label.focus();
  }

  hear(message, buffers) {
    if (message.op == 'file' && message.to != this.receiver.to) return;  // another view asked for it
    this.receiver.hear(message, buffers);
    if (message.op == 'error') {
      say(this.note, message.text);
      this.note.classList.add('error');
    }
    this.drawFiles();
  }
}

function render({ model, el }) {
  frame(el, 'data', model);
  const bar = new DataBar(model, el);
  const drawn = () => bar.draw(), heard = (message, buffers) => bar.hear(message, buffers);
  model.on('change:info', drawn);
  model.on('msg:custom', heard);
  bar.draw();
  return () => {
    views.delete(el);
    model.off('change:info', drawn);
    model.off('msg:custom', heard);
  };
}

export default { ...answers, render };
