const LEVELS = ['Labels', 'Source types', 'Topics', 'Subtopics'];
const KIND = { label: 'label', source_type: 'source type', topic: 'topic', subtopic: 'subtopic' };
const STATUS = ['waiting', 'asking', 'done', 'short', 'failed'];
const MANY = 400;  // what opens by itself is at most so long

function render({ model, el }) {
  frame(el, 'tree', model);
  const state = model.get('state');
  let kids = new Map(), up = new Map(), rows = new Map(), toggled = new Map();
  let depth = model.get('depth'), current = model.get('selected'), hits = null, editing = null, asked = 0, later = '', timer = 0, failed = '', tried = null, heir = '';

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
    const walk = (p, l) => {
      const all = kids.get(p) ?? [], list = hits ? all.filter(id => hits.has(id)) : all;
      list.forEach((id, i) => { if (!(id in state)) return; out.push([id, l, i + 1, list.length]); if (isOpen(id, l)) walk(id, l + 1); });
    };
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
  // What is said goes with the next thing that is done; what a filter finds is said where nothing else is
  const tell = (text, of = '') => { say(note, text); note.dataset.of = text && of; note.classList.toggle('error', !!text && of != 'find'); };
  const act = (op, more = {}) => { tell(''); return post(model, { op, ...more }); };
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
  side.dataset.id = '';
  el.append(h('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Tree' }, ...Object.values(tools), h('span', { class: 'gap' }), find, only, open),
    h('div', { class: 'both' }, tree, side), note);

  function make(id) {
    const r = h('div', { role: 'treeitem', tabIndex: -1 }, h('bdi', {}), h('span', {}));
    r.dataset.id = id;
    rows.set(id, r);
    return r;
  }
  const expandedAt = (id, l) => hasKids(id) ? isOpen(id, l) : null;
  const isFilled = (r, id, l, i, all) => r && !r.dirty && r.at[0] === l && r.at[1] === i && r.at[2] === all && r.expanded === expandedAt(id, l);
  function fill(id, place) {
    const n = state[id], r = rows.get(id) ?? make(id), s = n.status ?? 'done', [l, i, all] = r.at = place ?? r.at, expanded = expandedAt(id, l);
    r.expanded = expanded;
    r.dirty = false;
    put(r, 'aria-level', l); put(r, 'aria-posinset', i); put(r, 'aria-setsize', all);
    r.style.setProperty('--l', l - 1);
    put(r, 'aria-expanded', expanded);
    put(r, 'aria-selected', id == current);
    put(r, 'data-status', s);
    put(r, 'title', n.error || `${KIND[n.kind]}, ${s}`);
    if (editing != id) say(r.firstChild, n.name);
    say(r.lastChild, [n.want ? `${whole.format(n.have ?? 0)}/${whole.format(n.want)}` : '', s == 'done' ? '' : s, n.locked ? 'locked' : '',
      (n.weight ?? 1) != 1 ? `× ${n.weight}` : '', n.origin == 'hand' && n.kind != 'label' ? 'by hand' : n.origin == 'built-in' ? 'built-in' : n.origin == 'errors' ? 'from errors' : ''].filter(Boolean).join(' · '));
    return r;
  }
  let drawn = [];  // rows on the page
  function draw() {
    const had = document.activeElement, focused = tree.contains(had) ? had.closest('[role=treeitem]') : null;
    const place = focused ? [...tree.children].indexOf(focused) : -1;
    const list = visible(), shown = new Set(list.map(o => o[0]));
    for (const r of drawn) if (!shown.has(r.dataset.id) || rows.get(r.dataset.id) !== r) r.remove();
    drawn = [];
    let at = tree.firstChild;
    for (const [id, l, i, all] of list) {
      const old = rows.get(id), r = isFilled(old, id, l, i, all) ? old : fill(id, [l, i, all]);
      drawn.push(r);
      if (at === r) at = r.nextSibling; else tree.insertBefore(r, at);
      if (at?.dataset.id == '+') at = at.nextSibling;
    }
    if (focused && !focused.isConnected) list.length ? focus(list[Math.min(place, list.length - 1)][0]) : find.focus();
    else if (focused && had.isConnected && had !== document.activeElement) had.focus({ preventScroll: true });  // it has moved
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
    able(tools.undo, t.undo); able(tools.redo, t.redo);
    tools.undo.title = t.undo ? `Undo: ${t.undo} (Ctrl-Z)` : 'Nothing to undo';
    tools.redo.title = t.redo ? `Redo: ${t.redo} (Ctrl-Shift-Z)` : 'Nothing to redo';
    able(tools.rename, n); able(tools.remove, n);
    able(tools.add, n?.kind != 'subtopic');
    for (const b of [tools.grow, tools.again]) able(b, n && n.kind != 'subtopic' && !busy);
    if ((t.error ?? '') == failed) return;
    failed = t.error ?? '';
    if (failed) tell(failed, 'run'); else if (note.dataset.of == 'run') tell('');
  }

  // --- selecting
  function select(id, ask = true) {
    const old = current;
    current = id;
    for (const i of [old, id]) if (i in state && rows.get(i)?.at) fill(i);
    reach(); top();
    if (!id) clear();
    if (!ask) return;
    asked = post(model, { op: 'select', id });
    if (!(id in state) || !id || shown() == id) return;
    const path = [];  // what is known here already is shown at once; the kernel adds the rest
    for (let i = id; i; i = up.get(i)) path.unshift(state[i].name);
    inspect({ id, path, kind: state[id].kind, description: '', origin: state[id].origin, texts: [], n_texts: 0, asked: [], n_asked: 0, named: [], parents: [], n_parents: 0, siblings: [] });
  }
  function focus(id) { rows.get(id)?.focus({ preventScroll: true }); rows.get(id)?.scrollIntoView({ block: 'nearest' }); walkTo(id); }
  function walkTo(id) { clearTimeout(timer); select(id, false); timer = setTimeout(() => { if (current == id) select(id); }, 120); }
  function toggle(id, on) {
    const l = level(id);
    if (!hasKids(id) || isOpen(id, l) == on) return;
    toggled.set(id, on ?? !isOpen(id, l));
    draw();
  }

  // --- editing
  // `typed` stands in the box if it was refused; to leave the box with it is to give it up. `done` gets the new name, and whether the focus comes back
  function input(host, value, typed, done) {
    const box = h('input', { value: typed ?? value, 'aria-label': 'Name', maxLength: 200, class: 'name' });
    let over = false;
    const end = (keep, back, besides) => {
      if (over) return;
      over = true; editing = null;
      const v = box.value.trim();
      done(keep && v && v != value && v != besides ? v : null, back);
    };
    box.onkeydown = e => {
      e.stopPropagation();
      if (e.key == 'Enter') end(true, true); else if (e.key == 'Escape') end(false, true); else return;
      e.preventDefault();
    };
    box.onblur = e => end(true, !e.relatedTarget, typed);
    box.onclick = box.ondblclick = e => e.stopPropagation();
    host.replaceChildren(box);
    box.focus();
    if (typed == null) box.select();
  }
  function startRename(id, typed) {
    const r = rows.get(id);
    if (!r?.isConnected || !(id in state)) return;
    if (typed == null) tell('');
    editing = id;
    input(r.firstChild, state[id].name, typed, (name, back) => {
      r.firstChild.textContent = name ?? state[id]?.name ?? '';  // as it will be; if it cannot be, the error puts the old one back
      if (name) tried = { op: 'rename', id, name, n: act('rename', { id, name }) };
      if (back) r.focus({ preventScroll: true });
    });
  }
  function startAdd(typed, parent = current in state ? current : '') {
    const l = parent ? level(parent) : 0;
    if (l > 3 || tree.querySelector('[data-id="+"]')) return;
    if (typed == null) tell('');
    if (parent) toggle(parent, true);
    const r = h('div', { role: 'none', class: 'new' }, h('bdi', {}), h('span', { textContent: `new ${Object.values(KIND)[l]}` }));
    r.dataset.id = '+';
    r.style.setProperty('--l', l);
    let last = rows.get(parent)?.nextSibling ?? null;
    if (parent) while (last && +last.getAttribute('aria-level') > l) last = last.nextSibling;
    tree.insertBefore(r, last);
    editing = '+';
    input(r.firstChild, '', typed, (name, back) => {
      r.remove();
      if (back) (rows.get(current)?.isConnected ? rows.get(current) : tree.firstChild ?? tools.add).focus({ preventScroll: true });
      if (name) tried = { op: 'add', parent, name, n: act('add', { parent, name }) };
    });
    r.scrollIntoView({ block: 'nearest' });
  }
  // What was typed is not lost: its box opens again, unless the person went on to something else
  function refused({ op, id, parent, name }) {
    const a = document.activeElement;
    if (editing || a !== document.body && !(el.contains(a) && !a.matches('input, select'))) return;
    if (op == 'rename') startRename(id, name);
    else if (!parent || rows.get(parent)?.isConnected) startAdd(name, parent);
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
  // What cannot be seen is not selected, or a button would do something to it. Only who filters takes the selection from other views too
  function unseen(event) { if (hits && current && !hits.has(current)) select('', !!event); }
  // The selected node is gone: the one it was merged into takes its place
  function bereft() { const to = heir in state ? heir : ''; heir = ''; select(to, !!to); }
  function filter(event) {
    if (event) tell('');
    const q = find.value.trim().toLowerCase(), s = only.value;
    hits = q || s ? new Set() : null;
    if (hits) for (const [id, n] of Object.entries(state)) {
      if (!id || q && !n.name.toLowerCase().includes(q) || s && (n.status ?? 'done') != s) continue;
      for (let i = id; i && !hits.has(i); i = up.get(i)) hits.add(i);
    }
    unseen(event);
    draw();
    const none = hits && !hits.size;
    if (none && !note.textContent) tell('Nothing found.', 'find'); else if (!none && note.dataset.of == 'find') tell('');
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
  // The controls stay the same elements, so that neither the focus nor what is typed is lost while a run goes on
  const shown = () => side.dataset.id;
  const lock = h('input', { type: 'checkbox', onchange: () => act('lock', { id: shown(), on: lock.checked }) });
  const weigh = () => {
    const w = weight.value;
    if (w === weight.was || w === weight.sent) return;
    weight.sent = w;
    act('weigh', { id: shown(), weight: w === '' ? null : +w });
  };
  const weight = h('input', { type: 'number', min: 0, step: 'any', class: 'weight', onchange: weigh, onblur: weigh, onkeydown: e => { if (e.key == 'Enter') weigh(); } });
  const choice = (name, chosen) => {
    const s = h('select', { 'aria-label': name, onpointerdown: () => { s.free = false; }, onkeydown: () => { s.free = false; }, onblur: () => { s.free = true; again(); },
      onchange: () => { const to = s.value; s.value = ''; s.free = true; if (to) chosen(to); } });
    s.free = true;
    return s;
  };
  const offer = (s, list, all) => {
    const now = JSON.stringify([list, all]);
    if (s.now === now || !s.free) return;  // it may be open
    s.now = now;
    able(s, list.length);
    s.replaceChildren(h('option', { value: '', textContent: `${s.getAttribute('aria-label')} …` }), ...list.map(([value, textContent]) => h('option', { value, textContent })),
      ...(all > list.length ? [h('option', { disabled: true, textContent: `… and ${whole.format(all - list.length)} more` })] : []));
  };
  const under = choice('Move under', to => act('move', { id: shown(), parent: to })), join = choice('Merge into', into => { act('merge', { id: shown(), into }); heir = into; });
  const parts = { head: h('div'), facts: h('p', { class: 'dim' }), texts: h('div'), below: h('div'), named: h('div') };
  const change = h('div', { class: 'change' }, h('label', {}, lock, ' locked'), h('label', {}, 'weight ', weight),
    button('↑', () => shift(shown(), -1), { 'aria-label': 'Move up', title: 'Move up (Alt-↑)' }), button('↓', () => shift(shown(), 1), { 'aria-label': 'Move down', title: 'Move down (Alt-↓)' }), under, join);
  const card = [parts.head, change, parts.facts, parts.texts, parts.below, parts.named];

  let last = null, held = false;
  const again = () => { if (last) inspect(last); };
  // A text that is being selected stays as it is until that is over
  const selecting = e => { const s = getSelection(); return s.rangeCount > 0 && !s.isCollapsed && side.contains(s.anchorNode) && s.getRangeAt(0).intersectsNode(e); };
  const freed = () => { if (held && !selecting(side)) { held = false; again(); } };
  document.addEventListener('selectionchange', freed);
  function part(e, data, ...make) {
    const now = JSON.stringify(data);
    if (e.now === now) return;
    if (e.now && selecting(e)) { held = true; return; }
    const open = e.querySelector('details')?.open, had = e.contains(document.activeElement);
    e.replaceChildren(...make.flatMap(f => f()).filter(Boolean));
    const o = e.querySelector('details');
    if (e.now && o) { o.open = open ?? false; if (had) o.firstChild.focus({ preventScroll: true }); }
    e.now = now;
  }
  function clear() {
    const had = side.contains(document.activeElement);
    last = null;
    side.dataset.id = '';
    side.replaceChildren(empty);
    if (had) (tree.querySelector('[tabindex="0"]') ?? find).focus({ preventScroll: true });
  }
  function inspect(d) {
    if (!d.id || !(d.id in state) || d.id != current) return;
    const n = state[d.id], w = String(n.weight ?? 1), l = !!n.locked;
    last = d;
    if (shown() != d.id) {
      side.dataset.id = d.id;
      weight.was = lock.was = null;
      under.free = join.free = true;
      for (const e of Object.values(parts)) e.now = null;
      if (!change.isConnected) side.replaceChildren(...card);
      side.scrollTop = 0;
    }
    part(parts.head, [d.kind, d.path, n.name, d.description, n.error], () => [
      h('div', { class: 'dim text', textContent: [KIND[d.kind], ...d.path.slice(0, -1)].join(' · ') }),
      h('h4', { class: 'text', textContent: n.name }),
      d.description ? h('p', { class: 'text', textContent: d.description }) : null,
      n.error ? h('p', { class: 'error text', textContent: n.error }) : null]);
    if (lock.was !== l) lock.checked = lock.was = l;
    if (weight.was !== w) { weight.value = weight.was = w; weight.sent = null; }
    under.hidden = d.kind == 'label';
    offer(under, d.parents, d.n_parents);
    offer(join, d.siblings);
    say(parts.facts, [n.want ? `${n.have ?? 0} of ${n.want} texts` : d.n_texts ? `${d.n_texts} texts` : '', n.status ?? 'done',
      d.origin == 'hand' ? 'made by hand' : d.origin == 'built-in' ? 'from a list that comes with the small model' :
        d.origin == 'errors' ? 'for what a classifier got wrong' : ''].filter(Boolean).join(' · '));
    part(parts.texts, [d.texts, d.n_texts], () => [
      d.texts.length ? h('ol', {}, ...d.texts.map(t => h('li', { class: 'text', textContent: t }))) : null,
      d.n_texts > d.texts.length ? h('p', { class: 'dim', textContent: `and ${whole.format(d.n_texts - d.texts.length)} more` }) : null]);
    part(parts.below, [d.kind, d.asked], () => [exchange(d.kind == 'subtopic' ? 'Its texts' : 'What is below', d.asked)]);
    part(parts.named, d.named, () => [exchange('Its name', d.named)]);
  }

  // --- listening
  tree.addEventListener('click', e => {
    const r = e.target.closest('[role=treeitem]');
    if (!r || editing) return;
    if (note.dataset.of != 'run') tell('');
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
    for (const id of some) if (rows.has(id)) rows.get(id).dirty = true;
    place(structure ? some : [], gone);
    if (!model.get('depth') && !depth) pickDepth();
    if (current && !(current in state)) bereft();
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
    else if (m.op == 'ack') {
      if (m.n == tried?.n) tried = null;
      if (m.n == asked) setTimeout(() => { if (m.n == asked) asked = 0; });  // what was sent before it has been heard by then
    }
    else if (m.op == 'error') {
      tell(m.text);
      heir = '';
      if (lock.was != null) lock.checked = lock.was;
      weight.sent = null;
      if (weight.was != null && weight !== document.activeElement) weight.value = weight.was;
      if (m.about != tried?.op) return;
      const was = tried, id = was.id;
      tried = null;
      if (id in state && rows.get(id)?.at) fill(id);
      refused(was);
    }
  };
  const chosen = () => {
    const id = model.get('selected');
    if (id == current || asked) return;  // what the kernel says of an earlier click must not undo the last one
    if (!id && !(current in state)) { bereft(); return; }
    if (id && !up.has(id)) { later = id; return; }  // it has no place yet
    const had = tree.contains(document.activeElement);
    select(id, false);
    for (let i = up.get(id); i; i = up.get(i)) if (!isOpen(i, level(i))) toggled.set(i, true);
    unseen();
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
  if (current) post(model, { op: 'select', id: current });
  return () => { views.delete(el); document.removeEventListener('selectionchange', freed); model.off('msg:custom', heard); model.off('change:selected', chosen); };
}

export default { ...live, render };
