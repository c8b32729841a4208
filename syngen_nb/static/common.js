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

const button = (text, onclick, props = {}) => h('button', { type: 'button', textContent: text, onclick, ...props });

// Set what differs only, so that a screen reader and the layout hear of changes alone
const put = (e, name, v) => { v == null ? e.removeAttribute(name) : e.getAttribute(name) !== String(v) && e.setAttribute(name, v); };
const say = (e, text) => { if (e.textContent !== text) e.textContent = text; };

// The element of a widget. Lab's shortcuts are kept out of it: its own keys are handled here
const frame = (el, name) => { el.classList.add('syngen', `syngen-${name}`); el.dataset.lmSuppressShortcuts = 'true'; return el; };

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
    const sync = () => model.send({ op: 'sync', seq: model.get('state')['']?.seq ?? 0 });
    model.on('msg:custom', m => {
      if (m.op != 'patch') return;
      const state = model.get('state');
      m.set ??= {}; m.gone ??= [];
      if (m.all) m.gone = Object.keys(state).filter(id => !(id in m.set));
      for (const id of m.gone) delete state[id];
      for (const [id, r] of Object.entries(m.set)) state[id] = Object.assign(m.all ? {} : state[id] ?? {}, r);
      const missed = !m.all && m.seq != (state[''].seq ?? 0) + 1;
      state[''].seq = m.seq;
      if (missed) model.send({ op: 'sync', seq: -1 });
    });
    sync();
  },
};
