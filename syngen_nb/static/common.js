// What all widgets share; it stands before each widget's own script. Text from a model is only ever set as textContent or value.
const h = (tag, props = {}, ...kids) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (v == null || v === false) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (k in e && k != 'list') e[k] = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
  e.append(...kids.filter(o => o != null));
  return e;
};

// A button that is not possible now keeps the focus, which `disabled` would throw out of the widget
const able = (b, on) => put(b, 'aria-disabled', on ? null : 'true');
const isAble = b => b.getAttribute('aria-disabled') != 'true';
const button = (text, onclick, props = {}) => h('button', { type: 'button', textContent: text, onclick: e => { if (isAble(e.currentTarget)) onclick(e); }, ...props });

// Set what differs only, so that a screen reader and the layout hear of changes alone
const put = (e, name, v) => { v == null ? e.removeAttribute(name) : e.getAttribute(name) !== String(v) && e.setAttribute(name, v); };
const say = (e, text) => { if (e.textContent !== text) e.textContent = text; };

// The element of a widget. Lab's shortcuts are kept out of it: its own keys are handled here. Lab looks from the focused element upwards, and some
// of its shortcuts match that one already, so it bears the mark too
const frame = (el, name, model) => {
  el.classList.add('syngen', `syngen-${name}`);
  const of = `.syngen-still[data-of="${model.get('_uid')}"]`;  // what is kept for a page without a kernel
  el.append(h('style', { textContent: `${of}, .jp-OutputArea-child:has(${of}) { display: none }` }));
  const mine = e => { e.dataset.lmSuppressShortcuts = 'true'; };
  mine(el);
  el.addEventListener('focusin', e => mine(e.target));
  views.add(el);
  return el;
};

// Each message has a number, and the kernel says when it has done what that one asks for. Where it does not, all views say so
const views = new Set(), waiting = new Map();
let count = Math.floor(Math.random() * 1e9);  // another page counts from elsewhere
const silent = () => {
  for (const el of views) if (!el.querySelector(':scope > .silent'))
    el.append(h('div', { class: 'silent dim', role: 'status', textContent: 'The kernel does not answer: it is busy, or it was restarted; then run the cell again.' }));
};
const post = (model, msg, buffers) => {
  const n = ++count;
  waiting.set(n, setTimeout(silent, 4000));
  try { model.send({ ...msg, n }, undefined, buffers); } catch { silent(); }  // there is no kernel any more
  return n;
};
const answers = {
  initialize({ model }) {
    model.on('msg:custom', m => {
      if (m.op != 'ack' || !waiting.has(m.n)) return;
      for (const [n, timer] of waiting) if (n <= m.n) { clearTimeout(timer); waiting.delete(n); }
      for (const el of views) el.querySelector(':scope > .silent')?.remove();
    });
  },
};

// `f` at most once a frame, also where the page is hidden and no frames are drawn
const eachFrame = f => {
  let due = false;
  const go = () => { if (due) { due = false; f(); } };
  return () => { if (!due) { due = true; requestAnimationFrame(go); if (document.hidden) setTimeout(go, 100); } };
};

// Let the browser keep `bytes` as a file
const download = (bytes, name, type) => {
  const a = h('a', { href: URL.createObjectURL(new Blob([bytes], { type })), download: name, hidden: true });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
};

const whole = new Intl.NumberFormat('en');

// Patches go into the model's own dict, in place: a second view and one drawn later are current, and nothing is sent back
const live = {
  initialize({ model }) {
    answers.initialize({ model });
    model.on('msg:custom', m => {
      if (m.op != 'patch') return;
      const state = model.get('state');
      m.set ??= {}; m.gone ??= [];
      if (m.all) m.gone = Object.keys(state).filter(id => !(id in m.set));
      for (const id of m.gone) delete state[id];
      for (const [id, r] of Object.entries(m.set)) state[id] = Object.assign(m.all ? {} : state[id] ?? {}, r);
      const missed = !m.all && m.seq != (state[''].seq ?? 0) + 1;
      state[''].seq = m.seq;
      if (missed) post(model, { op: 'sync', seq: -1 });
    });
    post(model, { op: 'sync', seq: model.get('state')['']?.seq ?? 0 });
  },
};
