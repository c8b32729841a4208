// A RunView: how far a run is, what it costs, what went wrong, and buttons to pause, resume and stop it.
class RunPage {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.state = model.get('state');
    this.hasPageError = false;  // whether the line of errors is about a button that was pressed
    this.makeButtons();
    this.makeLines();
    this.makeCap();
    const gap = h('span', { class: 'gap' });
    el.append(h('div', { class: 'head' }, this.title, this.count, gap, this.pause, this.resume, this.stop),
      this.bar, this.stages, this.facts, this.cap, this.now, this.fault, this.errors, this.shorts);
  }
  makeButtons() {
    const act = op => {
      this.hasPageError = false;
      say(this.fault, '');
      post(this.model, { op });
    };
    this.pause = button('Pause', () => act('pause'));
    this.resume = button('Resume', () => act('resume'));
    this.stop = button('Stop', () => act('stop'));
  }
  // What a run at its spending cap says, and a field for a higher one
  makeCap() {
    this.capWords = h('span', { class: 'text', role: 'status' });
    this.capField = h('input', { type: 'number', min: 0, step: 'any', class: 'amount' });
    this.capName = h('label', {}, h('span'), this.capField);
    const raise = () => {
      const most = this.capField.valueAsNumber, [name] = this.state.run.raise;
      this.hasPageError = false;
      say(this.fault, '');
      post(this.model, { op: 'raise', name, most: Number.isNaN(most) ? null : most });
    };
    this.capField.addEventListener('keydown', e => { if (e.key == 'Enter') raise(); });
    const form = h('div', { class: 'raise' }, this.capName, button('Raise the cap', raise, { class: 'primary' }));
    this.cap = h('div', { class: 'cap' }, this.capWords, form);
    this.cap.hidden = true;
  }
  makeLines() {
    this.title = h('b');
    this.count = h('span');
    const range = { 'aria-valuemin': 0, 'aria-valuemax': 100 };
    this.bar = h('div', { role: 'progressbar', 'aria-label': 'Progress', class: 'bar', ...range }, h('div'));
    this.stages = h('div', { class: 'stages' });
    this.facts = h('div', { class: 'dim facts' });
    this.now = h('div', { class: 'dim now' });
    this.fault = h('div', { class: 'error text', role: 'alert' });
    this.errors = h('ul', { class: 'errors' });
    this.shorts = h('ul', { class: 'dim shorts' });
  }

  // --- drawing
  draw = eachFrame(() => {
    const run = this.state.run ?? {};
    this.el.hidden = !run.title;
    if (!run.title) return;
    put(this.el, 'data-status', run.status);
    this.drawHead(run);
    this.drawBar(run);
    this.drawButtons(run.status);
    const stages = this.records('stage').map(o => `${o.id} ${whole.format(o.done)}/${whole.format(o.total)}`);
    drawList(this.stages, 'span', stages);
    say(this.facts, factsOf(run));
    this.drawCap(run);
    this.drawNow(this.state.now ?? {}, run.rest);
    this.drawErrors(run.error);
  });
  drawHead(run) {
    const left = run.left ? `about ${run.left} left` : '';
    const count = `${whole.format(run.done)} of ${counted(run.total, run.unit)}`;
    say(this.title, `${run.title} with ${run.model}`);
    this.title.title = this.title.textContent;
    // The share of the work is not that of the rows, so it would look wrong next to them once nothing moves
    const share = run.status === 'running' ? `${percentOf(run)} %` : '';
    say(this.count, joined([share, count, run.status, left]));
  }
  drawBar(run) {
    const percent = percentOf(run);
    put(this.bar, 'aria-valuenow', percent);
    put(this.bar, 'aria-valuetext', `${percent} %, ${run.done} of ${counted(run.total, run.unit)}, ${run.status}`);
    put(this.bar, 'data-status', run.status);
    this.bar.firstChild.style.width = `${percent}%`;
  }
  drawButtons(status) {
    const { pause, resume, stop } = this, focused = document.activeElement;
    const isRunning = status == 'running', isDone = status == 'done';
    pause.hidden = !isRunning && !isDone;
    resume.hidden = !pause.hidden;
    able(pause, isRunning);
    able(stop, isRunning || status == 'paused');
    const hadFocus = focused === pause || focused === resume;
    if (hadFocus && focused.hidden) (pause.hidden ? resume : pause).focus();
  }
  drawCap({ cap = '', raise = [] }) {
    const [name, most] = raise, isNew = this.capWords.textContent !== cap;
    this.cap.hidden = !cap;
    say(this.capWords, cap);
    if (!name) return;
    say(this.capName.firstChild, name == 'max_dollars' ? 'New cap in dollars' : 'New cap in tokens');
    if (isNew && document.activeElement !== this.capField) this.capField.value = most;
  }
  // What happens now, what the server allows, or what a stopped run has left to do
  drawNow({ cells = [], n = 0, doing = '', limit = '' }, rest = '') {
    const more = n - cells.length;
    const asking = `asking: ${cells.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
    say(this.now, joined([doing, limit, n ? asking : '', rest]));
    this.now.classList.toggle('whole', !!rest);
    this.now.title = cells.join('\n');
  }
  drawErrors(error) {
    if (error) say(this.fault, error);
    else if (!this.hasPageError) say(this.fault, '');
    const failed = this.records('error').filter(o => o.error != error).map(describeError);
    const short = this.records('short').map(o => `short: ${o.id}, ${o.got} of ${o.want}`);
    drawList(this.errors, 'li', failed);
    drawList(this.shorts, 'li', short);
  }

  // The records of a kind: their keys in the state begin with its name
  records(kind) {
    const prefix = `${kind} `, keys = Object.keys(this.state).filter(key => key.startsWith(prefix));
    return keys.map(key => ({ id: key.slice(prefix.length), ...this.state[key] }));
  }

  hear(message) {
    if (message.op == 'patch') this.draw();
    if (message.op != 'error') return;
    this.hasPageError = true;
    say(this.fault, message.text);
  }
}

// Elements that stay the same are kept, so that nothing jumps
const drawList = (parent, tag, texts) => {
  while (parent.children.length > texts.length) parent.lastChild.remove();
  while (parent.children.length < texts.length) parent.append(h(tag, { class: 'text' }));
  texts.forEach((text, i) => say(parent.children[i], text));
};

// The share of the work that is done: names, texts, checks and rewrites together
const percentOf = run => Math.floor(100 * run.work);

const factsOf = run => {
  const some = (n, words) => n ? `${whole.format(n)} ${words}` : '';
  return joined([
    counted(run.requests, 'request'), some(run.cached, 'from the cache'),
    `${counted(run.tokens_in, 'token')} in`, `${whole.format(run.tokens_out)} out${notCounted(run.uncounted)}`,
    run.spent ?? run.cost,
    run.retries ? counted(run.retries, 'retry', 'retries') : '', some(run.failed, 'failed'),
    run.dropped ? `${counted(run.dropped, 'text')} dropped` : '',
  ]);
};

const describeError = ({ error, n, cells }) => {
  const times = n > 1 ? `${n} times: ` : '', more = n > cells.length ? '; …' : '';
  return `${times}${error} (${cells.join('; ')}${more})`;
};

function render({ model, el }) {
  frame(el, 'run', model);
  const page = new RunPage(model, el), heard = message => page.hear(message);
  model.on('msg:custom', heard);
  page.draw();
  return () => {
    views.delete(el);
    model.off('msg:custom', heard);
  };
}

export default { ...live, render };
