// The rows of labels, and the box below them. The kernel reads the box: what is complete there becomes rows.
class LabelList {
  constructor(view, id) {
    this.view = view;
    this.heads = h('div', { class: 'row heads dim' }, ...['name', 'description', 'share'].map(name => h('span', { class: `head-${name}` }, name)));
    put(this.heads, 'aria-hidden', 'true');  // Each field has its own name for a screen reader
    this.list = h('div', { class: 'list' });
    this.box = h('textarea', { class: 'box', id, rows: 1, dir: 'auto', placeholder: 'Add labels: one on each line, or paste a list' });
    this.isComposing = false;  // a character is being put together with an input method
    this.listen();
  }
  get rows() { return this.view.draft.value.labels.map(o => ({ ...o })); }
  get elements() { return [this.heads, this.list, this.box]; }

  // --- the box
  listen() {
    const { box } = this, on = (name, f) => box.addEventListener(name, f);
    on('input', e => { if (!e.isComposing) this.type(e.inputType == 'insertFromPaste' ? 'pasted' : ''); });
    on('compositionstart', () => {
      this.isComposing = true;
      this.view.draft.begin();
    });
    on('compositionend', () => {
      this.isComposing = false;
      this.type();
    });
    on('blur', () => whenUp(() => this.leave()));
    on('keydown', e => this.press(e));
  }
  type(how = '') {
    this.view.set({ pending: wellFormed(this.box.value) });
    if (how) this.view.draft.send(how);
  }
  leave() {
    if (this.box.isConnected && this.box.value.trim()) this.type('all');
    this.view.leave('labels');
  }
  press(e) {
    if (e.key != 'Enter' || e.isComposing || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    e.preventDefault();
    this.type('all');
  }

  // --- rows
  change(i, fields) {
    const { rows } = this;
    Object.assign(rows[i], fields);
    if (rows[i].share === '') delete rows[i].share;
    this.view.set({ labels: rows });
  }
  remove(i) {
    this.view.set({ labels: this.rows.filter((_, other) => other != i) });
    const next = this.list.children[Math.min(i, this.list.children.length - 1)];
    (next?.querySelector('.remove') ?? this.box).focus();
  }
  move(i, by, from) {
    const { rows } = this, to = i + by;
    if (to < 0 || to >= rows.length) return;
    [rows[i], rows[to]] = [rows[to], rows[i]];
    this.view.set({ labels: rows });
    const place = [...this.list.children[i].children].indexOf(from), parts = this.list.children[to].children;
    const other = 7 - place;  // of the buttons up and down, which have places 3 and 4
    (parts[place].disabled ? parts[other] : parts[place]).focus();
  }
  makeInput(i, name, more) {
    const oninput = e => this.change(i, { [name]: wellFormed(e.target.value) });
    const onblur = () => this.view.leave('labels');
    return h('input', { type: 'text', class: name, dir: 'auto', autocomplete: 'off', oninput, onblur, ...more });
  }
  makeButton(i, text, name, onclick, more = {}) {
    return button(text, onclick, { 'aria-label': `${name} ${i + 1}`, title: name, ...more });
  }
  makeRow(i) {
    const move = by => e => this.move(i, by, e.currentTarget);
    return h('div', { class: 'row', onkeydown: e => this.pressInRow(e, i) },
      this.makeInput(i, 'name', { 'aria-label': `Name ${i + 1}`, placeholder: 'name' }),
      this.makeInput(i, 'description', { 'aria-label': `Description ${i + 1}`, placeholder: 'description (optional)' }),
      this.makeInput(i, 'share', { 'aria-label': `Share ${i + 1}`, title: 'Share: how many rows, relative to the other labels (1, 0.5), or in percent (10 %)' }),
      this.makeButton(i, '↑', 'Move up', move(-1), { title: 'Move up (Alt ↑)' }),
      this.makeButton(i, '↓', 'Move down', move(1), { title: 'Move down (Alt ↓)' }),
      this.makeButton(i, '×', 'Remove', () => this.remove(i), { class: 'remove' }));
  }
  pressInRow(e, i) {
    if (e.isComposing) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (e.altKey && by) this.move(i, by, e.target);
    else if (e.key == 'Enter' && e.target.localName == 'input') this.box.focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  // --- drawing
  draw(value, { wrong, wrongShares, blankShare, isBoxWrong, message }) {
    const { list } = this, { labels } = value;
    this.heads.hidden = !labels.length;
    while (list.children.length > labels.length) list.lastChild.remove();
    while (list.children.length < labels.length) list.append(this.makeRow(list.children.length));
    labels.forEach((row, i) => {
      const [name, description, share, up, down] = list.children[i].children;
      show(name, row.name);
      show(description, row.description);
      show(share, String(row.share ?? ''));
      share.placeholder = blankShare;
      up.disabled = i == 0;
      down.disabled = i == labels.length - 1;
      mark(name, wrong.includes(i), message);
      mark(share, wrongShares.includes(i), message);
    });
    if (!this.isComposing) show(this.box, value.pending);
    mark(this.box, isBoxWrong, message);
  }
}

// Mark an input as wrong; `message` is the element that says why
const mark = (input, isWrong, message) => {
  put(input, 'aria-invalid', isWrong ? 'true' : null);
  put(input, 'aria-describedby', message.id);
};
