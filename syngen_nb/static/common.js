// What all widgets share; it stands before each widget's own script.
// Text from a user or a model is only ever set as textContent or value, so the page never runs it.

// --- elements
// h('div', { class: 'row', onclick: f }, child, ...) makes an element; a child that is null is left out
const h = (tag, props = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProperty(element, name, value);
  element.append(...children.filter(o => o != null));
  return element;
};
const setProperty = (element, name, value) => {
  if (value == null || value === false) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name in element && name != 'list') element[name] = value;
  else element.setAttribute(name, value === true ? '' : value);
};

// A button that cannot be used now is not `disabled`, which would take the focus away from it
const button = (text, onclick, props = {}) => {
  const click = e => { if (isAble(e.currentTarget)) onclick(e); };
  return h('button', { type: 'button', textContent: text, onclick: click, ...props });
};
const able = (element, on) => put(element, 'aria-disabled', on ? null : 'true');
const isAble = element => element.getAttribute('aria-disabled') != 'true';

// Set only what differs, so that a screen reader and the layout notice real changes alone
const put = (element, name, value) => {
  if (value == null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
};
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

const joined = (texts, separator = ' · ') => texts.filter(Boolean).join(separator);
const whole = new Intl.NumberFormat('en');
const counted = (n, noun, plural = `${noun}s`) => `${whole.format(n)} ${n == 1 ? noun : plural}`;
const notCounted = n => n ? ` (not known for ${whole.format(n)})` : '';  // n: requests without a number of tokens
// As `cost_words` in Python
const costWords = dollars => {
  if (dollars == null) return 'price not known';
  if (dollars <= 0) return 'free';
  return dollars < 0.005 ? 'under $0.01' : `$${dollars.toFixed(2)}`;
};

// --- the element of a widget
const views = new Set();
const NO_MATH = ['tex2jax_ignore', 'mathjax_ignore'];  // as in display: a page looks for no formulas in it
const frame = (el, name, model) => {
  el.classList.add('syngen', `syngen-${name}`, ...NO_MATH);
  el.dataset.uid = model.get('_uid');
  hideStill(el, model.get('_uid'));
  keepKeys(el);
  views.add(el);
  return el;
};

// The HTML that stands for the widget on a page without a kernel
const hideStill = (el, uid) => {
  const still = `.syngen-still[data-of="${uid}"]`;
  el.append(h('style', { textContent: `${still}, .jp-OutputArea-child:has(${still}) { display: none }` }));
};

// JupyterLab's shortcuts do not work in the widget. Lab searches for the mark from the focused element upwards,
// and some shortcuts match that element already, so it gets the mark too
const keepKeys = el => {
  const mark = element => { element.dataset.lmSuppressShortcuts = 'true'; };
  mark(el);
  el.addEventListener('focusin', e => mark(e.target));
};

// --- messages to the kernel
// Each message has a number, which the kernel sends back when it has done what was asked.
// If it does not, all views say so
const waiting = new Map();                     // number to timer
let count = Math.floor(Math.random() * 1e9);   // another page counts from another number
const SILENT = 'The kernel does not answer: it is busy, or it was restarted; then run the cell again.';

const post = (model, message, buffers) => {
  const n = ++count;
  waiting.set(n, setTimeout(saySilent, 4000));
  try { model.send({ ...message, n }, undefined, buffers); } catch { saySilent(); }  // there is no kernel any more
  return n;
};
const findSilent = el => el.querySelector(':scope > .silent');
const saySilent = () => {
  for (const el of views) {
    if (!findSilent(el)) el.append(h('div', { class: 'silent dim', role: 'status', textContent: SILENT }));
  }
};
const hearAck = n => {
  if (!waiting.has(n)) return;  // of another page
  for (const [earlier, timer] of waiting) {
    if (earlier > n) continue;
    clearTimeout(timer);
    waiting.delete(earlier);
  }
  for (const el of views) findSilent(el)?.remove();
};

// The part of a widget that hears answers: export default { ...answers, render }
const answers = {
  initialize({ model }) {
    model.on('msg:custom', message => {
      if (message.op == 'ack') hearAck(message.n);
      if (message.op == 'still') putStill(model, message.html);
    });
    followStill(model);
  },
};

// --- the HTML that a saved notebook keeps
// A page that was loaded again does not hear that the kernel has updated it. So the page compares numbers, asks for the
// newest HTML, and puts it into the notebook; where it has no hold of the notebook, it says that the HTML is old
const OLD = 'The picture that is saved with this notebook is old. Run the cell again to renew it.';

const followStill = model => {
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (isOld(model)) post(model, { op: 'still' }); }, 1000);  // an update may be on its way
  };
  model.on('change:_n_still', look);
  look();
};
const numberOf = html => +(/data-n="(\d+)"/.exec(html)?.[1] ?? 0);

// The outputs of the notebook that hold the HTML; null where the page cannot see the notebook
const findStills = model => {
  const cells = model.widget_manager?.context?.model?.cells, mark = `data-of="${model.get('_uid')}"`;
  if (!cells) return null;
  const all = Array.from({ length: cells.length }, (_, i) => cells.get(i).outputs).filter(Boolean);
  const places = all.flatMap(outputs => Array.from({ length: outputs.length }, (_, at) => ({ outputs, at })));
  const htmlOf = ({ outputs, at }) => String(outputs.get(at).toJSON().data?.['text/html'] ?? '');
  return places.map(place => ({ ...place, html: htmlOf(place) })).filter(({ html }) => html.includes(mark));
};
const isOld = model => {
  const onPage = [...document.querySelectorAll(`.syngen-still[data-of="${model.get('_uid')}"]`)];
  const kept = findStills(model) ?? onPage.map(o => ({ html: o.outerHTML }));
  return kept.some(({ html }) => numberOf(html) < model.get('_n_still'));
};
const putStill = (model, html) => {
  const places = findStills(model);
  if (places) for (const { outputs, at } of places) {
    const output = outputs.get(at).toJSON();
    outputs.set(at, { ...output, data: { ...output.data, 'text/html': html } });
  } else sayOld(model.get('_uid'));
};
const sayOld = uid => {
  for (const el of views) {
    if (el.dataset.uid != uid || el.querySelector(':scope > .old')) continue;
    el.append(h('div', { class: 'old dim', role: 'status', textContent: OLD }));
  }
};

// --- files from the kernel
// Of several views only the one that asks gets the file: `to` goes with the message that asks, `hear` gets the answer
const fileReceiver = () => {
  const to = Math.random().toString(36).slice(2);
  const hear = (message, buffers) => {
    if (message.op == 'file' && message.to == to) download(buffers[0], message.name, message.type);
  };
  return { to, hear };
};

// Let the browser keep `bytes` as a file
const download = (bytes, name, type) => {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = h('a', { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

// --- a state in patches
// Call `f` once a frame at most. A hidden page draws no frames, so a timer helps there
const eachFrame = f => {
  let isDue = false;
  const go = () => {
    if (!isDue) return;
    isDue = false;
    f();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(go);
    if (document.hidden) setTimeout(go, 100);
  };
};

// Change the model's own dict in place: a second view, and one drawn later, are current, and nothing is sent back
const applyPatch = (model, patch) => {
  const state = model.get('state');
  patch.set ??= {};
  patch.gone ??= [];
  if (patch.all) patch.gone = Object.keys(state).filter(id => !(id in patch.set));
  for (const id of patch.gone) delete state[id];
  for (const [id, record] of Object.entries(patch.set)) {
    const old = patch.all ? {} : state[id] ?? {};
    state[id] = Object.assign(old, record);
  }
  const isMissing = !patch.all && patch.seq != (state[''].seq ?? 0) + 1;
  state[''].seq = patch.seq;
  if (isMissing) post(model, { op: 'sync', seq: -1 });
};

// The part of a Live widget that follows its state: export default { ...live, render }
const live = {
  initialize({ model }) {
    answers.initialize({ model });
    model.on('msg:custom', message => { if (message.op == 'patch') applyPatch(model, message); });
    post(model, { op: 'sync', seq: model.get('state')['']?.seq ?? 0 });
  },
};
