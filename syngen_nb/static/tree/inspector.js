// The panel next to the tree: one node with its texts, what was asked for it, and the controls that change it.
// Its elements stay the same while a run goes on, so that neither the focus nor what is typed or marked is lost.
const MADE = {
  hand: 'made by hand',
  'built-in': 'from a list that comes with the small model',
  errors: 'for what a classifier got wrong',
};

class Inspector {
  constructor(view) {
    this.view = view;
    this.details = null;    // what the kernel said of the node last
    this.isWaiting = false; // whether a part is out of date, because its text is being marked
    this.empty = h('p', { class: 'dim', textContent: 'Select a node to see how it was made and to change it.' });
    this.element = h('div', { class: 'side', role: 'region', 'aria-label': 'Node' }, this.empty);
    this.element.dataset.id = '';
    this.parts = { head: h('div'), facts: h('p', { class: 'dim' }), texts: h('div'), below: h('div'), named: h('div') };
    this.makeControls();
    this.onSelection = () => this.catchUp();
    document.addEventListener('selectionchange', this.onSelection);
  }
  close() { document.removeEventListener('selectionchange', this.onSelection); }

  get id() { return this.element.dataset.id; }
  act(op, more) { this.view.act(op, { id: this.id, ...more }); }

  // --- controls
  makeControls() {
    const send = () => this.sendWeight(), shift = by => this.view.shift(this.id, by);
    this.lock = h('input', { type: 'checkbox', onchange: () => this.act('lock', { on: this.lock.checked }) });
    this.weight = h('input', { type: 'number', min: 0, step: 'any', class: 'weight', onchange: send, onblur: send,
      onkeydown: e => { if (e.key == 'Enter') send(); } });
    this.under = this.makeChoice('Move under', parent => this.act('move', { parent }));
    this.into = this.makeChoice('Merge into', into => {
      this.act('merge', { into });
      this.view.heir = into;
    });
    this.controls = h('div', { class: 'change' },
      h('label', {}, this.lock, ' locked'), h('label', {}, 'weight ', this.weight),
      button('↑', () => shift(-1), { 'aria-label': 'Move up', title: 'Move up (Alt-↑)' }),
      button('↓', () => shift(1), { 'aria-label': 'Move down', title: 'Move down (Alt-↓)' }),
      h('span', { class: 'moves' }, this.under, this.into));  // They wrap together
  }

  // `shown` is the value the kernel has; a value that was sent is not sent again when the box is left
  sendWeight() {
    const { weight } = this, value = weight.value;
    if (value === weight.shown || value === weight.sent) return;
    weight.sent = value;
    this.act('weigh', { weight: value === '' ? null : +value });
  }

  // A list of nodes to choose from. While it may be open its options stay
  makeChoice(name, chosen) {
    const hold = () => { select.isFree = false; };
    const choose = () => {
      const id = select.value;
      select.value = '';
      select.isFree = true;
      if (id) chosen(id);
    };
    const leave = () => { select.isFree = true; this.showAgain(); };
    const listeners = { onpointerdown: hold, onkeydown: hold, onblur: leave, onchange: choose };
    const select = h('select', { 'aria-label': name, ...listeners });
    select.isFree = true;
    return select;
  }
  offer(select, nodes, total) {
    const key = JSON.stringify([nodes, total]);
    if (select.key === key || !select.isFree) return;
    select.key = key;
    able(select, nodes.length);
    const title = h('option', { value: '', textContent: `${select.getAttribute('aria-label')} …` });
    const options = nodes.map(([value, textContent]) => h('option', { value, textContent }));
    select.replaceChildren(title, ...options);
    if (total > nodes.length) {
      select.append(h('option', { disabled: true, textContent: `… and ${whole.format(total - nodes.length)} more` }));
    }
  }

  // The kernel refused a change: show its values again
  reset() {
    const { lock, weight } = this;
    if (lock.shown != null) lock.checked = lock.shown;
    weight.sent = null;
    if (weight.shown != null && weight !== document.activeElement) weight.value = weight.shown;
  }

  // --- parts
  // Make the content of a part if its data have changed. `make` returns a list of elements, null for none
  fill(part, data, make) {
    const key = JSON.stringify(data);
    if (part.key === key) return;
    if (part.key && this.isMarking(part)) { this.isWaiting = true; return; }
    const isOpen = part.querySelector('details')?.open ?? false, hadFocus = part.contains(document.activeElement);
    part.replaceChildren(...make().filter(Boolean));
    const fold = part.querySelector('details');
    if (part.key && fold) {
      fold.open = isOpen;
      if (hadFocus) fold.firstChild.focus({ preventScroll: true });
    }
    part.key = key;
  }

  // A text that the user marks, to copy it, stays as it is until that is over
  isMarking(element) {
    const marked = getSelection();
    if (!marked.rangeCount || marked.isCollapsed || !this.element.contains(marked.anchorNode)) return false;
    return marked.getRangeAt(0).intersectsNode(element);
  }
  catchUp() {
    if (!this.isWaiting || this.isMarking(this.element)) return;
    this.isWaiting = false;
    this.showAgain();
  }

  // --- a node
  show(details) {
    const { view, parts } = this, node = view.state[details.id];
    if (!view.nodes.has(details.id) || details.id != view.current) return;
    this.details = details;
    if (this.id != details.id) this.start(details.id);
    const head = [details.kind, details.path, node.name, details.description, node.error];
    this.fill(parts.head, head, () => describe(node, details));
    this.showControls(node, details);
    say(parts.facts, this.facts(node, details));
    this.fill(parts.texts, [details.texts, details.n_texts], () => listTexts(details));
    const below = details.kind == 'subtopic' ? 'Its texts' : 'What is below';
    this.fill(parts.below, [details.kind, details.asked], () => [exchanges(below, details.asked)]);
    this.fill(parts.named, details.named, () => [exchanges('Its name', details.named)]);
  }
  showAgain() { if (this.details) this.show(this.details); }

  // Another node: nothing of the last one stays
  start(id) {
    const { head, facts, texts, below, named } = this.parts;
    this.element.dataset.id = id;
    this.lock.shown = this.weight.shown = null;
    this.under.isFree = this.into.isFree = true;
    for (const part of Object.values(this.parts)) part.key = null;
    if (!this.controls.isConnected) this.element.replaceChildren(head, this.controls, facts, texts, below, named);
    this.element.scrollTop = 0;
  }
  showControls(node, details) {
    const { lock, weight } = this, isLocked = !!node.locked, value = String(node.weight ?? 1);
    if (lock.shown !== isLocked) lock.checked = lock.shown = isLocked;
    if (weight.shown !== value) {
      weight.value = weight.shown = value;
      weight.sent = null;
    }
    this.under.hidden = details.kind == 'label';
    this.offer(this.under, details.parents, details.n_parents);
    this.offer(this.into, details.siblings);
  }
  facts(node, details) {
    const all = details.n_texts ? counted(details.n_texts, 'text') : '';
    const texts = node.want ? `${node.have ?? 0} of ${counted(node.want, 'text')}` : all;
    return joined([texts, node.status ?? 'done', MADE[details.origin]]);
  }

  clear() {
    const hadFocus = this.element.contains(document.activeElement);
    this.details = null;
    this.element.dataset.id = '';
    this.element.replaceChildren(this.empty);
    if (hadFocus) (this.view.rows.reachable() ?? this.view.toolbar.find).focus({ preventScroll: true });
  }
}

// --- what the parts consist of
const describe = (node, details) => [
  h('div', { class: 'dim text', textContent: [KIND[details.kind], ...details.path.slice(0, -1)].join(' · ') }),
  h('h4', { class: 'text', textContent: node.name }),
  details.description ? h('p', { class: 'text', textContent: details.description }) : null,
  node.error ? h('p', { class: 'error text', textContent: node.error }) : null,
];

const listTexts = ({ texts, n_texts }) => {
  const items = texts.map(textContent => h('li', { class: 'text', textContent }));
  const more = `and ${whole.format(n_texts - texts.length)} more`;
  return [
    items.length ? h('ol', {}, ...items) : null,
    n_texts > texts.length ? h('p', { class: 'dim', textContent: more }) : null,
  ];
};

const exchanges = (title, list) => {
  if (!list.length) return null;
  const name = i => joined([list.length > 1 ? `${i + 1}.` : '', list[i].model], ' ');
  const each = list.flatMap((o, i) => [h('p', { class: 'dim', textContent: name(i) }), ...exchange(o)]);
  return h('details', { class: 'asked' }, h('summary', { textContent: `${title}: ${cost(list)}` }), ...each);
};
const exchange = ({ system, prompt, answer }) => [
  ...(system ? quoted('System text as sent', system) : []),
  ...quoted('Prompt as sent', prompt),
  ...quoted('Answer as received', answer),
];
const quoted = (title, textContent) => [h('b', { textContent: title }), h('pre', { class: 'text', textContent })];

const cost = list => {
  const sum = name => list.reduce((total, o) => total + o[name], 0);
  const price = costWords(list.some(o => o.dollars == null) ? null : sum('dollars'));
  const requests = counted(list.length, 'request');
  const uncounted = list.filter(o => o.tokens_in == null || o.tokens_out == null).length;
  const tokens = `${counted(sum('tokens_in'), 'token')} in, ${whole.format(sum('tokens_out'))} out${notCounted(uncounted)}`;
  return `${requests}, ${tokens}, ${price}`;
};
