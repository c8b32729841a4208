const LANGUAGES = ['English', 'German', 'French', 'Spanish', 'Portuguese', 'Italian', 'Dutch', 'Polish', 'Turkish', 'Arabic', 'Hindi', 'Chinese', 'Japanese', 'Korean'];
const MODELS = ['local', 'local/small', 'openai/', 'anthropic/'];
const COUNTS = { n_source_type: 'Source types', n_topic: 'Topics', n_subtopic: 'Subtopics', sample_per_subtopic: 'Texts per subtopic' };

const clean = s => s.toWellFormed?.() ?? s;  // half a character cannot be sent
const same = s => s.trim().toLowerCase().split(/\s+/).join(' ');

// "name" or "name: description" as a row; form.py reads what still stands in the box in the same way
const row = s => {
  s = s.replace(/^\s*[-*•]\s+/, '');
  const m = /^\s*([^:]+):(?:\s+([^]*))?$/.exec(s);
  const [name, description] = m ? [m[1].trim(), (m[2] ?? '').trim()] : [s.trim(), ''];
  return { name: /^("[^"]+"|'[^']+')$/.test(name) ? name.slice(1, -1) : name, description };
};

// A list or dict as Python or JSON write it, as rows; null if it is none, or not whole yet
const isList = s => /^\s*[[{(]\s*["']/.test(s);
const readList = s => {
  const json = s.trim().replace(/'((?:[^'\\]|\\.)*)'|"(?:[^"\\]|\\.)*"/g, (all, one) => one == null ? all : JSON.stringify(one.replaceAll("\\'", "'")))
    .replace(/^\(([^]*)\)$/, '[$1]').replace(/,\s*([\]}])$/, '$1');
  try {
    const o = JSON.parse(json), rows = Array.isArray(o) ? o.map(p => ({ name: p, description: '' })) : Object.entries(o).map(([name, description]) => ({ name, description }));
    return rows.every(p => typeof p.name == 'string' && typeof p.description == 'string') ? rows : null;
  } catch { return null; }
};

// What stands in the box: the rows that are complete, and the rest. `all`: the rest is complete too
export const split = (text, all) => {
  if (isList(text)) {
    const rows = readList(text);
    return rows ? [rows, ''] : [[], text];
  }
  // commas in a description part nothing
  const parts = text.split(/[\n;\t]/).flatMap(s => /^[^:,]+:\s/.test(s) ? [s] : s.split(','));
  const rest = all ? '' : parts.pop();
  return [parts.map(row).filter(o => o.name || o.description), parts.length ? rest.trimStart() : rest];
};

// While a button of the mouse is down nothing may move, or the click would miss
let down = false;
const calm = f => down ? window.addEventListener('pointerup', () => setTimeout(f), { once: true }) : f();
for (const name of ['pointerdown', 'pointerup', 'pointercancel']) window.addEventListener(name, () => { down = name == 'pointerdown'; }, true);

function render({ model, el }) {
  const id = `syngen-form-${Math.random().toString(36).slice(2)}`, touched = new Set();
  let note = '', timer = null, typed = {}, sent = [];  // what Python has not seen yet stands before what it sends
  const value = () => Object.assign({}, model.get('value'), ...sent.map(o => o.fields), typed);

  // Typed text goes to the other views at once, and to Python a moment later: the fields that changed alone, since another page may have changed others
  const send = () => {
    if (!timer) return;
    clearTimeout(timer);
    sent.push({ fields: typed, n: post(model, { op: 'type', fields: typed }) });
    timer = null; typed = {};
  };
  const set = more => { Object.assign(typed, more); model.set('value', value()); timer ??= setTimeout(send, 120); draw(); };
  const leave = key => { touched.add(key); send(); draw(); };
  // `was` is what was put last: an input may show a value in another way, and must not be set again then
  const show = (e, v) => { if (e.was !== v && e.value !== v) e.value = v; e.was = v; };

  const area = (key, props) => h('textarea', { id: `${id}-${key}`, dir: 'auto', ...props });
  const line = (key, props) => {
    const e = h('input', { type: 'text', id: `${id}-${key}`, dir: 'auto', autocomplete: 'off', oninput: () => set({ [key]: clean(e.value) }), onblur: () => leave(key), ...props });
    e.spellcheck = false;
    return e;
  };
  const message = key => h('div', { className: 'msg dim', id: `${id}-${key}-msg`, 'aria-live': 'polite' });
  const options = (key, list) => h('datalist', { id: `${id}-${key}-list` }, ...list.map(o => h('option', { value: o })));
  const named = (text, e) => h('label', { htmlFor: e.id, textContent: text });

  // --- fields
  const instruction = area('instruction', { rows: 3, placeholder: 'What the classifier does',
    oninput: () => set({ instruction: clean(instruction.value) }), onblur: () => leave('instruction') });
  const box = area('labels', { className: 'box', rows: 1, placeholder: 'add: one a line, or paste a list' });
  const list = h('div', { className: 'list' });
  const language = line('language', { className: 'short', list: `${id}-language-list` });
  const rows = line('rows', { inputMode: 'numeric' });
  const counts = Object.fromEntries(Object.keys(COUNTS).map(k => [k, line(k, { inputMode: 'numeric' })]));
  const by = Object.fromEntries([['rows', 'in all'], ['counts', 'by the size of the tree']].map(([k, text]) => {
    const e = h('input', { type: 'radio', name: `${id}-by`, onchange: () => { set({ by: k }); send(); } });
    return [k, [e, h('label', { className: 'radio' }, e, text)]];
  }));
  const name = line('model', { className: 'short', list: `${id}-model-list`, title: 'local, local/small, openai/NAME or anthropic/NAME', onfocus: () => { name.select(); post(model, { op: 'look' }); } });
  const msgs = Object.fromEntries(['instruction', 'labels', 'language', 'count', 'model'].map(k => [k, message(k)]));
  const number = (text, e) => h('div', { className: 'number' }, named(text, e), e);
  const one = h('div', { className: 'numbers' }, number('Rows', rows));
  const four = h('div', { className: 'numbers' }, ...Object.entries(COUNTS).map(([k, text]) => number(text, counts[k])));
  const estimate = h('div', { className: 'estimate' });

  // --- labels
  const labels = () => value().labels.map(o => ({ ...o }));
  const change = (i, more) => { const all = labels(); Object.assign(all[i], more); note = ''; set({ labels: all }); };
  const drop = i => {
    set({ labels: labels().filter((_, j) => j != i) });
    (list.children[Math.min(i, list.children.length - 1)]?.querySelector('.remove') ?? box).focus();
  };
  const move = (i, by, from) => {
    const all = labels(), j = i + by;
    if (j < 0 || j >= all.length) return;
    [all[i], all[j]] = [all[j], all[i]];
    set({ labels: all });
    const e = [...list.children[i].children].indexOf(from), to = list.children[j].children;
    (to[e].disabled ? to[5 - e] : to[e]).focus();  // 2 and 3 are the buttons up and down
  };
  const makeRow = i => {
    const n = i + 1, typed = k => e => change(i, { [k]: clean(e.target.value) });
    const field = (k, props) => h('input', { type: 'text', className: k, dir: 'auto', autocomplete: 'off', oninput: typed(k), onblur: () => leave('labels'), ...props });
    const r = h('div', { className: 'row', onkeydown: e => {
      if (e.isComposing) return;
      if (e.altKey && (e.key == 'ArrowUp' || e.key == 'ArrowDown')) move(i, e.key == 'ArrowUp' ? -1 : 1, e.target);
      else if (e.key == 'Enter' && e.target.localName == 'input') box.focus();
      else return;
      e.preventDefault();
      e.stopPropagation();
    } },
      field('name', { 'aria-label': `Name ${n}`, placeholder: 'name' }), field('description', { 'aria-label': `Description ${n}`, placeholder: 'description, if it needs one' }),
      button('↑', e => move(i, -1, e.currentTarget), { 'aria-label': `Move up ${n}`, title: 'Move up (Alt ↑)' }), button('↓', e => move(i, 1, e.currentTarget), { 'aria-label': `Move down ${n}`, title: 'Move down (Alt ↓)' }),
      button('×', () => drop(i), { 'aria-label': `Remove ${n}`, title: 'Remove', className: 'remove' }));
    return r;
  };
  const drawRows = bad => {
    const all = value().labels;
    while (list.children.length > all.length) list.lastChild.remove();
    while (list.children.length < all.length) list.append(makeRow(list.children.length));
    all.forEach((o, i) => {
      const [name, description, up, below] = list.children[i].children;
      show(name, o.name);
      show(description, o.description);
      up.disabled = i == 0;
      below.disabled = i == all.length - 1;
      wrong(name, bad.includes(i), msgs.labels);
    });
  };

  // What is complete in the box becomes rows
  const take = all => {
    const [items, rest] = split(clean(box.value), all), rows = labels(), twice = [];
    for (const o of items) {
      const old = rows.find(p => same(p.name) == same(o.name));
      if (!old) rows.push(o);
      else { twice.push(old.name); old.description ||= o.description; }
    }
    note = twice.length ? `there already: ${twice.slice(0, 5).join(', ').slice(0, 200)}` : '';
    if (box.value !== rest) box.value = rest;
    set({ labels: rows, pending: rest });
  };
  box.addEventListener('input', e => { if (!e.isComposing) take(e.inputType == 'insertFromPaste' && split(box.value)[0].length > 0); });
  box.addEventListener('compositionend', () => take());
  box.addEventListener('blur', () => calm(() => { if (el.isConnected && box.value.trim()) take(true); leave('labels'); }));
  box.addEventListener('keydown', e => {
    if (e.key != 'Enter' || e.isComposing || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    e.preventDefault();
    take(true);
    send();
  });

  // --- drawing
  const wrong = (e, is, msg) => { put(e, 'aria-invalid', is ? 'true' : null); put(e, 'aria-describedby', msg.id); };
  const tell = (msg, error, mild, info) => {
    say(msg, error ?? info ?? '');
    msg.classList.toggle('error', !!error && !mild);
    msg.classList.toggle('dim', !error || mild);
  };
  const draw = () => {
    const v = value(), { errors = {}, bad = [], ...said } = model.get('said');
    // what is missing where no one has been, and a name that is being typed, are not wrong yet
    const fresh = { instruction: !v.instruction, labels: !bad.length };
    const typing = document.activeElement == name && MODELS.some(o => o.startsWith(name.value));
    const mild = k => k == 'model' ? typing : fresh[k] && !touched.has(k);
    show(instruction, v.instruction);
    show(box, v.pending);
    show(language, v.language);
    show(rows, v.rows);
    show(name, v.model);
    for (const k in counts) show(counts[k], v[k]);
    for (const k in by) by[k][0].checked = v.by == k;
    one.hidden = v.by != 'rows';
    four.hidden = v.by == 'rows';
    drawRows(bad);
    for (const [k, e] of Object.entries({ instruction, language, model: name })) wrong(e, errors[k] && !mild(k), msgs[k]);
    wrong(box, errors.labels && !mild('labels') && (bad.includes(-1) || !bad.length), msgs.labels);
    wrong(rows, errors.rows, msgs.count);
    for (const k in counts) wrong(counts[k], errors[k], msgs.count);
    tell(msgs.instruction, errors.instruction, mild('instruction'));
    tell(msgs.labels, errors.labels, mild('labels'), note || said.labels);
    tell(msgs.language, errors.language);
    tell(msgs.count, v.by == 'rows' ? errors.rows : Object.keys(counts).map(k => errors[k]).find(o => o) ?? errors.rows, false, said.tree);
    tell(msgs.model, errors.model, mild('model'), said.model);
    msgs.model.classList.toggle('warn', !errors.model && !!said.lacks);
    say(estimate, said.estimate || '–');
    put(estimate, 'aria-busy', said.estimate == 'estimating…' ? 'true' : null);
  };

  const lines = [
    [named('Instruction', instruction), instruction, msgs.instruction],
    [named('Labels', box), list, box, msgs.labels],
    [named('Language', language), language, options('language', LANGUAGES), msgs.language],
    [h('span', { textContent: 'How many', id: `${id}-many` }), h('div', { className: 'radios', role: 'radiogroup', 'aria-labelledby': `${id}-many` }, by.rows[1], by.counts[1]), one, four, msgs.count],
    [named('Model', name), name, options('model', MODELS), msgs.model],
    [h('span', { textContent: 'Estimate' }), estimate],
  ];
  frame(el, 'form', model);
  el.append(h('div', { className: 'grid' }, ...lines.flatMap(([title, ...rest]) => [h('div', { className: 'title' }, title), h('div', { className: 'field' }, ...rest)])));
  draw();
  const heard = m => {
    if (m.op != 'typed') return;
    if (!waiting.has(m.n)) model.set('value', { ...model.get('value'), ...m.fields });  // on another page
    else if (sent.some(o => o.n == m.n)) { model.set('value', value()); sent = sent.filter(o => o.n > m.n); }
  };
  model.on('change:value', draw);
  model.on('change:said', draw);
  model.on('msg:custom', heard);
  return () => {
    send();
    views.delete(el);
    model.off('msg:custom', heard);
    model.off('change:value', draw);
    model.off('change:said', draw);
  };
}

export default { ...answers, render };
