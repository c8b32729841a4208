const LEVELS = ['Labels', 'Source types', 'Topics', 'Subtopics'];
const KIND = { label: 'label', source_type: 'source type', topic: 'topic', subtopic: 'subtopic' };
const STATUS = ['waiting', 'asking', 'done', 'short', 'failed'];
const MANY = 400;  // what opens by itself is at most so long

function render({ model, el }) {
  frame(el, 'tree');
  const state = model.get('state');
  let kids = new Map(), up = new Map(), rows = new Map(), toggled = new Map();
  let depth = model.get('depth'), current = model.get('selected'), hits = null, editing = null, wanted = '', later = '', timer = 0;

  // --- the tree as it is
  const listOf = p => { let l = kids.get(p); if (!l) kids.set(p, l = []); return l; };
  const parentOf = id => state[id].parent ?? '';
  function place(ids, gone) {
    const touched = new Set();
    for (const id of [...gone, ...ids]) {
      const old = up.get(id), now = id in state ? parentOf(id) : undefined;
      if (old !== undefined && old !== now) { const l = listOf(old); l.splice(l.indexOf(id), 1); }
      if (now === undefined) { up.delete(id); kids.delete(id); rows.delete(id); continue; }
      if (old !== now) { listOf(now).push(id); up.set(id, now); }
      touched.add(now);
    }
    for (const p of touched) listOf(p).sort((a, b) => state[a].at - state[b].at);
  }
  const level = id => { let n = 0; for (let i = id; i; i = up.get(i)) n++; return n; };
  const hasKids = id => (kids.get(id)?.length ?? 0) > 0;
  const isOpen = (id, l) => hits ? hits.has(id) : toggled.get(id) ?? l < depth;
  function visible() {
    const out = [];
    const walk = (p, l) => { for (const id of kids.get(p) ?? []) { if (!(id in state) || hits && !hits.has(id)) continue; out.push([id, l]); if (isOpen(id, l)) walk(id, l + 1); } };
    walk('', 1);
    return out;
  }
  function pickDepth() {
    const n = [0, 0, 0, 0];
    const walk = (p, l) => { for (const id of kids.get(p) ?? []) { n[l]++; walk(id, l + 1); } };
    walk('', 0);
    let sum = n[0], d = 1;
    while (d < 4 && (sum += n[d]) <= MANY) d++;
    depth = d;
  }

  // --- its parts on the page
  const tree = h('div', { role: 'tree', 'aria-label': 'Taxonomy', class: 'rows' });
  const note = h('div', { class: 'note', role: 'status' });
  const act = (op, more = {}) => { say(note, ''); note.classList.remove('error'); model.send({ op, ...more }); };
  const tools = {
    grow: button('Grow branch', () => act('grow', { id: current }), { title: 'Ask for what is missing below' }),
    again: button('Grow again', () => act('grow', { id: current, again: true }), { title: 'Ask for something else than what the model put below' }),
    add: button('Add', () => startAdd(), { title: 'Add below (Insert)' }),
    rename: button('Rename', () => startRename(current), { title: 'Rename (F2)' }),
    remove: button('Delete', () => remove(current), { title: 'Delete (Delete)' }),
    undo: button('Undo', () => act('undo')),
    redo: button('Redo', () => act('redo')),
  };
  const find = h('input', { type: 'search', 'aria-label': 'Find', placeholder: 'Find', size: 12, oninput: filter });
  const only = h('select', { 'aria-label': 'Show status', onchange: filter }, h('option', { value: '', textContent: 'all states' }),
    ...STATUS.map(s => h('option', { value: s, textContent: s })));
  const open = h('select', { 'aria-label': 'Open down to', onchange: () => { depth = +open.value; toggled.clear(); draw(); } },
    ...LEVELS.map((l, i) => h('option', { value: i + 1, textContent: `open to ${l.toLowerCase()}` })));
  const side = h('div', { class: 'side', role: 'region', 'aria-label': 'Node' });
  const empty = h('p', { class: 'dim', textContent: 'Select a node to see how it was made and to change it.' });
  side.append(empty);
  el.append(h('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Tree' }, ...Object.values(tools), h('span', { class: 'gap' }), find, only, open),
    h('div', { class: 'both' }, tree, side), note);

  function make(id) {
    const r = h('div', { role: 'treeitem', tabIndex: -1 }, h('bdi', {}), h('span', {}));
    r.dataset.id = id;
    rows.set(id, r);
    return r;
  }
  function fill(id, l) {
    const n = state[id], r = rows.get(id) ?? make(id), s = n.status ?? 'done';
    if (l) { put(r, 'aria-level', l); r.style.setProperty('--l', l - 1); }
    l ??= +r.getAttribute('aria-level');
    put(r, 'aria-expanded', hasKids(id) ? isOpen(id, l) : null);
    put(r, 'aria-selected', id == current);
    put(r, 'data-status', s);
    put(r, 'title', n.error || `${KIND[n.kind]}, ${s}`);
    if (editing != id) say(r.firstChild, n.name);
    say(r.lastChild, [n.want ? `${whole.format(n.have ?? 0)}/${whole.format(n.want)}` : '', s == 'done' ? '' : s, n.locked ? 'locked' : '',
      (n.weight ?? 1) != 1 ? `× ${n.weight}` : '', n.origin == 'hand' && n.kind != 'label' ? 'by hand' : n.origin == 'built-in' ? 'built-in' : ''].filter(Boolean).join(' · '));
    return r;
  }
  function draw() {
    const focused = tree.contains(document.activeElement) ? document.activeElement.closest('[role=treeitem]') : null;
    const place = focused ? [...tree.children].indexOf(focused) : -1;
    const list = visible(), shown = new Set(list.map(o => o[0]));
    for (const r of [...tree.children]) if (!shown.has(r.dataset.id) && r.dataset.id != '+') r.remove();
    let at = tree.firstChild;
    for (const [id, l] of list) {
      const r = fill(id, l);
      if (at === r) at = r.nextSibling; else tree.insertBefore(r, at);
      if (at?.dataset.id == '+') at = at.nextSibling;
    }
    if (focused && !focused.isConnected && list.length) focus(list[Math.min(place, list.length - 1)][0]);
    reach();
    open.value = depth;
    tree.dataset.n = Object.keys(state).length - 1;
  }
  // One row can be reached with Tab
  function reach() {
    const old = tree.querySelector('[tabindex="0"]'), now = (rows.get(current)?.isConnected && rows.get(current)) || tree.firstChild;
    if (old !== now) { old?.setAttribute('tabindex', -1); now?.setAttribute('tabindex', 0); }
  }
  function top() {
    const t = state[''] ?? {}, n = current && state[current], busy = t.run == 'running' || t.run == 'paused';
    tools.undo.disabled = !t.undo; tools.redo.disabled = !t.redo;
    tools.undo.title = t.undo ? `Undo: ${t.undo} (Ctrl-Z)` : 'Nothing to undo';
    tools.redo.title = t.redo ? `Redo: ${t.redo} (Ctrl-Shift-Z)` : 'Nothing to redo';
    tools.rename.disabled = tools.remove.disabled = !n;
    tools.add.disabled = n?.kind == 'subtopic';
    tools.grow.disabled = tools.again.disabled = !n || n.kind == 'subtopic' || busy;
    if (t.error) complain(t.error);
    else if (note.dataset.of == 'run') { say(note, ''); note.dataset.of = ''; }
    if (t.error) note.dataset.of = 'run';
  }
  const complain = text => { say(note, text); note.classList.add('error'); };

  // --- selecting
  function select(id, ask = true) {
    const old = current;
    current = id;
    for (const i of [old, id]) if (rows.has(i)) put(rows.get(i), 'aria-selected', i == current);
    reach(); top();
    if (!id) side.replaceChildren(empty);
    if (ask) { wanted = id; model.send({ op: 'select', id }); }
  }
  function focus(id) { rows.get(id)?.focus({ preventScroll: true }); rows.get(id)?.scrollIntoView({ block: 'nearest' }); walkTo(id); }
  function walkTo(id) { clearTimeout(timer); select(id, false); timer = setTimeout(() => select(id), 120); }
  function toggle(id, on) {
    const l = level(id);
    if (!hasKids(id) || isOpen(id, l) == on) return;
    toggled.set(id, on ?? !isOpen(id, l));
    draw();
  }

  // --- editing
  function input(host, value, done) {
    const box = h('input', { value, 'aria-label': 'Name', maxLength: 200, class: 'name' });
    let over = false;
    const end = keep => { if (over) return; over = true; const v = box.value.trim(); editing = null; done(keep && v && v != value ? v : null); };
    box.onkeydown = e => {
      e.stopPropagation();
      if (e.key == 'Enter') end(true); else if (e.key == 'Escape') end(false); else return;
      e.preventDefault();
    };
    box.onblur = () => end(true);
    box.onclick = box.ondblclick = e => e.stopPropagation();
    host.replaceChildren(box);
    box.focus(); box.select();
  }
  function startRename(id) {
    const r = rows.get(id);
    if (!r || !(id in state)) return;
    editing = id;
    input(r.firstChild, state[id].name, name => {
      const had = tree.contains(document.activeElement) || document.activeElement === document.body;
      r.firstChild.textContent = name ?? state[id].name;  // as it will be; if it cannot be, the error puts the old one back
      if (name) act('rename', { id, name });
      if (had) r.focus({ preventScroll: true });
    });
  }
  function startAdd() {
    const parent = current in state ? current : '', l = parent ? level(parent) : 0;
    if (l > 3 || tree.querySelector('[data-id="+"]')) return;
    if (parent) toggle(parent, true);
    const r = h('div', { role: 'none', class: 'new' }, h('bdi', {}), h('span', { textContent: `new ${Object.values(KIND)[l]}` }));
    r.dataset.id = '+';
    r.style.setProperty('--l', l);
    let last = rows.get(parent)?.nextSibling ?? null;
    if (parent) while (last && +last.getAttribute('aria-level') > l) last = last.nextSibling;
    tree.insertBefore(r, last);
    editing = '+';
    input(r.firstChild, '', name => { r.remove(); rows.get(current)?.focus({ preventScroll: true }); if (name) act('add', { parent, name }); });
    r.scrollIntoView({ block: 'nearest' });
  }
  function remove(id) {
    if (!id || !state[id]) return;
    const l = [...tree.children], i = l.indexOf(rows.get(id)), lev = level(id);
    let next = l[i + 1];
    while (next && +next.getAttribute('aria-level') > lev) next = next.nextSibling;
    act('remove', { id });
    const to = (next && +next.getAttribute('aria-level') == lev ? next : l[i - 1])?.dataset.id;
    if (to && tree.contains(document.activeElement)) focus(to);
  }
  function shift(id, by) {
    const l = kids.get(up.get(id)), at = l.indexOf(id) + by;
    if (at >= 0 && at < l.length) act('move', { id, at });
  }

  // --- finding
  function filter() {
    const q = find.value.trim().toLowerCase(), s = only.value;
    hits = q || s ? new Set() : null;
    if (hits) for (const [id, n] of Object.entries(state)) {
      if (!id || q && !n.name.toLowerCase().includes(q) || s && (n.status ?? 'done') != s) continue;
      for (let i = id; i && !hits.has(i); i = up.get(i)) hits.add(i);
    }
    draw();
    say(note, hits && !hits.size ? 'Nothing found.' : '');
  }

  // --- one node
  const pre = text => h('pre', { class: 'text', textContent: text });
  const facts = list => {
    const n = list.length, i = list.reduce((s, o) => s + o.tokens_in, 0), j = list.reduce((s, o) => s + o.tokens_out, 0);
    const d = list.some(o => o.dollars == null) ? 'price not known' : `$${list.reduce((s, o) => s + o.dollars, 0).toFixed(4)}`;
    return `${n} request${n == 1 ? '' : 's'}, ${whole.format(i)} tokens in, ${whole.format(j)} out, ${d}`;
  };
  const exchange = (title, list) => list.length ? h('details', { class: 'asked' }, h('summary', { textContent: `${title}: ${facts(list)}` }),
    ...list.flatMap((o, i) => [h('p', { class: 'dim', textContent: `${list.length > 1 ? `${i + 1}. ` : ''}${o.model}` }),
      ...(o.system ? [h('b', { textContent: 'System text as sent' }), pre(o.system)] : []),
      h('b', { textContent: 'Prompt as sent' }), pre(o.prompt), h('b', { textContent: 'Answer as received' }), pre(o.answer)])) : null;
  const choice = (name, list, chosen) => {
    const s = h('select', { 'aria-label': name, disabled: !list.length, onchange: () => { chosen(s.value); s.value = ''; } }, h('option', { value: '', textContent: `${name} …` }),
      ...list.map(([value, text]) => h('option', { value, textContent: text })));
    return s;
  };
  function inspect(d) {
    if (!d.id || !(d.id in state) || d.id != current) return;
    if (side.contains(document.activeElement) && side.dataset.id == d.id && document.activeElement.matches('input, select')) return;
    const n = state[d.id], same = side.dataset.id == d.id, opened = same ? [...side.querySelectorAll('details')].map(o => o.open) : [], y = same ? side.scrollTop : 0;
    const lock = h('input', { type: 'checkbox', checked: !!n.locked, onchange: () => act('lock', { id: d.id, on: lock.checked }) });
    const weight = h('input', { type: 'number', min: 0, step: 'any', value: n.weight ?? 1, class: 'weight', onchange: () => act('weigh', { id: d.id, weight: weight.value === '' ? null : +weight.value }) });
    side.dataset.id = d.id;
    side.replaceChildren(...[
      h('div', { class: 'dim text', textContent: [KIND[d.kind], ...d.path.slice(0, -1)].join(' · ') }),
      h('h4', { class: 'text', textContent: n.name }),
      d.description ? h('p', { class: 'text', textContent: d.description }) : null,
      n.error ? h('p', { class: 'error text', textContent: n.error }) : null,
      h('div', { class: 'change' }, h('label', {}, lock, ' locked'), h('label', {}, 'weight ', weight),
        button('↑', () => shift(d.id, -1), { 'aria-label': 'Move up', title: 'Move up (Alt-↑)' }), button('↓', () => shift(d.id, 1), { 'aria-label': 'Move down', title: 'Move down (Alt-↓)' }),
        d.kind == 'label' ? null : choice('Move under', d.parents, to => act('move', { id: d.id, parent: to })), choice('Merge into', d.siblings, into => act('merge', { id: d.id, into }))),
      h('p', { class: 'dim', textContent: [n.want ? `${n.have ?? 0} of ${n.want} texts` : d.n_texts ? `${d.n_texts} texts` : '', n.status ?? 'done',
        d.origin == 'hand' ? 'made by hand' : d.origin == 'built-in' ? 'from a list that comes with the small model' : ''].filter(Boolean).join(' · ') }),
      d.texts.length ? h('ol', {}, ...d.texts.map(t => h('li', { class: 'text', textContent: t }))) : null,
      d.n_texts > d.texts.length ? h('p', { class: 'dim', textContent: `and ${whole.format(d.n_texts - d.texts.length)} more` }) : null,
      exchange(d.kind == 'subtopic' ? 'Its texts' : 'What is below', d.asked), exchange('Its name', d.named),
    ].filter(Boolean));
    [...side.querySelectorAll('details')].forEach((o, i) => { o.open = opened[i] ?? false; });
    side.scrollTop = y;
  }

  // --- listening
  tree.addEventListener('click', e => {
    const r = e.target.closest('[role=treeitem]');
    if (!r || editing) return;
    const id = r.dataset.id, x = e.clientX - r.getBoundingClientRect().left;
    r.focus({ preventScroll: true });
    if (hasKids(id) && x < 16 * level(id) + 4) { toggle(id); walkTo(id); } else select(id);
  });
  tree.addEventListener('dblclick', e => { const r = e.target.closest('[role=treeitem]'); if (r && !editing) startRename(r.dataset.id); });
  el.addEventListener('keydown', e => {
    const ctrl = e.ctrlKey || e.metaKey, k = e.key, r = e.target.closest?.('[role=treeitem]'), typing = e.target.matches('input, select, textarea');
    const keys = { ArrowDown: 1, ArrowUp: 1, ArrowLeft: 1, ArrowRight: 1, Home: 1, End: 1, Enter: 1, ' ': 1, F2: 1, Delete: 1, Insert: 1, '*': 1 };
    if (ctrl && k.toLowerCase() == 'z' && !typing) act(e.shiftKey ? 'redo' : 'undo');
    else if (ctrl && k.toLowerCase() == 'y' && !typing) act('redo');
    else if (!r || typing || ctrl || !(k in keys)) return;
    else {
      const id = r.dataset.id, l = level(id), step = d => { let o = r; do o = d > 0 ? o.nextSibling : o.previousSibling; while (o && o.dataset.id == '+'); if (o) focus(o.dataset.id); };
      if (e.altKey) { if (k == 'ArrowUp' || k == 'ArrowDown') shift(id, k == 'ArrowUp' ? -1 : 1); else return; }
      else if (k == 'ArrowDown') step(1);
      else if (k == 'ArrowUp') step(-1);
      else if (k == 'Home') focus(tree.firstChild.dataset.id);
      else if (k == 'End') focus(tree.lastChild.dataset.id);
      else if (k == 'ArrowRight') { if (hasKids(id)) isOpen(id, l) ? step(1) : toggle(id, true); }
      else if (k == 'ArrowLeft') { if (hasKids(id) && isOpen(id, l)) toggle(id, false); else if (up.get(id)) focus(up.get(id)); }
      else if (k == 'Enter') select(id);
      else if (k == ' ') toggle(id);
      else if (k == '*') { for (const o of kids.get(up.get(id))) if (hasKids(o)) toggled.set(o, true); draw(); }
      else if (k == 'F2') startRename(id);
      else if (k == 'Delete') remove(id);
      else if (k == 'Insert') startAdd();
    }
    e.preventDefault();
    e.stopPropagation();
  });

  let ids = new Set(), gone = new Set();
  const apply = eachFrame(() => {
    const structure = gone.size || [...ids].some(id => id && (!rows.has(id) || up.get(id) !== parentOf(id) || moved.has(id)));
    const some = [...ids].filter(id => id in state && id);
    place(structure ? some : [], gone);
    if (!model.get('depth') && !depth) pickDepth();
    if (gone.has(current)) select('', false);
    if (hits) filter(); else if (structure) draw(); else for (const id of some) if (rows.get(id)?.isConnected) fill(id);
    ids = new Set(); gone = new Set(); moved.clear();
    top();
    if (later && up.has(later)) { later = ''; chosen(); }
  });
  const moved = new Set();
  const heard = m => {
    if (m.op == 'patch') {
      for (const [id, r] of Object.entries(m.set)) { ids.add(id); gone.delete(id); if ('at' in r) moved.add(id); }
      for (const id of m.gone) { gone.add(id); ids.delete(id); }
      apply();
    } else if (m.op == 'details') inspect(m);
    else if (m.op == 'error') { complain(m.text); for (const [id, r] of rows) if (r.isConnected && editing != id) say(r.firstChild, state[id]?.name ?? ''); }
  };
  const chosen = () => {
    const id = model.get('selected');
    if (id == current || id && id == wanted) return;
    if (id && !up.has(id)) { later = id; return; }  // it has no place yet
    const had = tree.contains(document.activeElement);
    select(id, false);
    for (let i = up.get(id); i; i = up.get(i)) if (!isOpen(i, level(i))) toggled.set(i, true);
    draw();
    rows.get(id)?.scrollIntoView({ block: 'nearest' });
    if (had) rows.get(id)?.focus({ preventScroll: true });
  };
  model.on('msg:custom', heard);
  model.on('change:selected', chosen);

  place(Object.keys(state).filter(Boolean), []);
  if (!depth) pickDepth();
  draw();
  top();
  if (current) model.send({ op: 'select', id: current });
  return () => { model.off('msg:custom', heard); model.off('change:selected', chosen); };
}

export default { ...live, render };
