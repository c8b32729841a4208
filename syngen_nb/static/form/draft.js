// What was typed and has no answer from the kernel yet. It takes the place of what the kernel sends.
const SEND_AFTER = 120;  // milliseconds

class Draft {
  constructor(model) {
    this.model = model;
    this.typed = {};   // fields that were not sent yet
    this.sent = [];    // messages without an answer: the number `n`, and the fields
    this.was = null;   // text of the box that had no answer when the typing began
    this.timer = null;
  }
  over(value) { return Object.assign({}, value, ...this.sent.map(o => o.fields), this.typed); }
  get value() { return this.over(this.model.get('value')); }

  // The text of the box that was sent last, if it has no answer yet
  get unanswered() { return this.sent.findLast?.(o => 'pending' in o.fields)?.fields.pending ?? null; }
  begin() { if (!this.timer) this.was ??= this.unanswered; }

  // All views of this page show what is typed at once; the kernel gets it a moment later
  set(fields) {
    this.begin();
    Object.assign(this.typed, fields);
    this.model.set('value', this.value);
    this.timer ??= setTimeout(() => this.send(), SEND_AFTER);
  }
  // Only the fields that changed are sent, since another page may have changed others.
  // `how` and `was` tell the kernel what to take out of the box, see LabelBox in Python
  send(how = '') {
    if (!this.timer) return;
    clearTimeout(this.timer);
    const { typed: fields, was } = this;
    this.timer = this.was = null;
    this.typed = {};
    this.sent.push({ fields, n: post(this.model, { op: 'type', fields, how, was }) });
  }

  // The kernel tells what it made of the fields of a message
  hear({ n, fields }) {
    const isOurs = this.sent.some(o => o.n == n);
    if (!isOurs && waiting.has(n)) return;  // another view of this page hears it too
    if (isOurs) this.sent = this.sent.filter(o => o.n > n);
    this.model.set('value', this.over({ ...this.model.get('value'), ...fields }));
  }
}

// Half a character cannot be sent
const wellFormed = text => text.toWellFormed?.() ?? text;

// Show a value in an input. `shown` is the value of before: an input may show it in its own way, and must not be set again then
const show = (input, value) => {
  if (input.shown !== value && input.value !== value) input.value = value;
  input.shown = value;
};

// While a mouse button is down nothing may move, or the click would miss
let isDown = false;
const setDown = event => { isDown = event.type == 'pointerdown'; };
for (const name of ['pointerdown', 'pointerup', 'pointercancel']) window.addEventListener(name, setDown, true);
const whenUp = f => {
  if (isDown) window.addEventListener('pointerup', () => setTimeout(f), { once: true });
  else f();
};
