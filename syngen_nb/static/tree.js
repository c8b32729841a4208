// The tree widget: it puts the parts in tree/ together, keeps the selection, and talks with the kernel.
class TreeView {
  constructor(model, el) {
    this.model = model;                    // of anywidget
    this.el = el;
    this.state = model.get('state');
    this.current = model.get('selected');  // id of the selected node, or ''
    this.awaited = '';                     // selected in the kernel, but not in the tree yet
    this.asked = 0;                        // number of the last message that selects, until it is answered
    this.heir = '';                        // takes the selection when the selected node is merged into it
    this.failure = '';                     // error of the run that the note shows
    this.timer = 0;
    this.nodes = new TreeModel(this.state, model.get('depth'));
    this.editor = new NameEditor(this);
    this.rows = new TreeRows(this);
    this.inspector = new Inspector(this);
    this.toolbar = new Toolbar(this);
    this.note = h('div', { class: 'note', role: 'status' });
    const both = h('div', { class: 'both' }, this.rows.element, this.inspector.element);
    el.append(this.toolbar.element, both, this.note);
  }

  // --- the note
  // It stays until the next thing is done. `of` says what it is about: a run, the filter, or neither
  tell(text, of = '') {
    say(this.note, text);
    this.note.dataset.of = text && of;
    this.note.classList.toggle('error', !!text && of != 'find');
  }
  forgetNote() { if (this.note.dataset.of != 'run') this.tell(''); }
  tellFailure(error) {
    if (error == this.failure) return;
    this.failure = error;
    if (error) this.tell(error, 'run');
    else if (this.note.dataset.of == 'run') this.tell('');
  }

  // --- drawing
  drawTop() {
    this.toolbar.draw();
    this.tellFailure(this.state['']?.error ?? '');
  }
  draw() {
    this.rows.draw();
    this.toolbar.showDepth();
  }
  openTo(depth) {
    this.nodes.openTo(depth);
    this.draw();
  }
  toggle(id, on = !this.nodes.isOpen(id)) {
    if (!this.nodes.hasChildren(id) || this.nodes.isOpen(id) == on) return;
    this.nodes.toggled.set(id, on);
    this.draw();
  }
  filter(byUser = false) {
    this.nodes.filter(this.toolbar.text, this.toolbar.status);
    this.deselectHidden(byUser);
    this.draw();
    const isNone = this.nodes.found?.size === 0;
    if (isNone && !this.note.textContent) this.tell('Nothing found.', 'find');
    if (!isNone && this.note.dataset.of == 'find') this.tell('');
  }

  // --- selection
  // `ask` tells the kernel, which answers with what it knows of the node
  select(id, ask = true) {
    const before = this.current;
    this.current = id;
    this.rows.refresh(before);
    this.rows.refresh(id);
    this.rows.reach();
    this.drawTop();
    if (!id) this.inspector.clear();
    if (!ask) return;
    this.asked = post(this.model, { op: 'select', id });
    if (this.nodes.has(id) && this.inspector.id != id) this.inspector.show(this.known(id));
  }

  // What is known here already is shown at once; the kernel adds the rest
  known(id) {
    const { kind, origin } = this.state[id], path = this.nodes.path(id).map(i => this.state[i].name);
    return { id, path, kind, origin, description: '', texts: [], n_texts: 0, asked: [], n_asked: 0, named: [],
      parents: [], n_parents: 0, siblings: [] };
  }

  // With a key held down many nodes are passed: only the one where it ends is asked for
  walkTo(id) {
    clearTimeout(this.timer);
    this.select(id, false);
    this.timer = setTimeout(() => { if (this.current == id) this.select(id); }, 120);
  }
  goTo(id) {
    this.rows.focus(id);
    this.rows.reveal(id);
    this.walkTo(id);
  }

  // A button acts on the selected node, so one that cannot be seen is not selected. Other views keep the selection
  // unless the user filters here
  deselectHidden(byUser = false) { if (this.nodes.isHidden(this.current)) this.select('', byUser); }

  // The selected node is gone: the one that it was merged into takes its place
  selectHeir() {
    const heir = this.nodes.has(this.heir) ? this.heir : '';
    this.heir = '';
    this.select(heir, heir != '');
  }

  // --- what keys and buttons do
  act(op, more = {}) {
    this.tell('');
    return post(this.model, { op, ...more });
  }
  shift(id, by) {
    const siblings = this.nodes.siblings(id), at = siblings.indexOf(id) + by;
    if (at >= 0 && at < siblings.length) this.act('move', { id, at });
  }

  // The focus goes to the next sibling, or else to the row above
  remove(id) {
    if (!this.nodes.has(id)) return;
    const after = this.rows.after(id), isSibling = after && +after.getAttribute('aria-level') == this.nodes.level(id);
    const next = isSibling ? after : this.rows.get(id)?.previousSibling;
    this.act('remove', { id });
    if (next?.dataset.id && this.rows.hasFocus()) this.goTo(next.dataset.id);
  }

  // --- what the kernel says
  hear(message) {
    if (message.op == 'patch') this.collect(message);
    else if (message.op == 'details') this.inspector.show(message);
    else if (message.op == 'ack') this.hearAnswered(message.n);
    else if (message.op == 'error') this.hearError(message);
  }
  hearAnswered(n) {
    this.editor.accepted(n);
    // What the kernel sent before it has been heard by then
    if (n == this.asked) setTimeout(() => { if (n == this.asked) this.asked = 0; });
  }
  hearError({ text, about }) {
    this.tell(text);
    this.heir = '';
    this.inspector.reset();
    this.editor.refused(about);
  }

  // Patches are put together, and drawn once a frame
  patched = { ids: new Set(), gone: new Set(), moved: new Set() };
  apply = eachFrame(() => this.applyPatches());
  collect({ set, gone }) {
    const patched = this.patched;
    for (const [id, record] of Object.entries(set)) {
      patched.ids.add(id);
      patched.gone.delete(id);
      if ('at' in record) patched.moved.add(id);
    }
    for (const id of gone) {
      patched.gone.add(id);
      patched.ids.delete(id);
    }
    this.apply();
  }
  applyPatches() {
    const { gone, moved } = this.patched, ids = [...this.patched.ids].filter(id => this.nodes.has(id));
    this.patched = { ids: new Set(), gone: new Set(), moved: new Set() };
    const isPlaced = id => this.nodes.isPlaced(id) && !this.nodes.hasMoved(id) && !moved.has(id);
    const isNewShape = gone.size > 0 || !ids.every(isPlaced);
    for (const id of ids) this.rows.touch(id);
    for (const id of gone) this.rows.forget(id);
    if (isNewShape) this.nodes.place(ids, gone);
    if (this.current && !this.nodes.has(this.current)) this.selectHeir();
    if (this.nodes.found) this.filter();
    else if (isNewShape) this.draw();
    else for (const id of ids) if (this.rows.isShown(id)) this.rows.fill(id);
    this.drawTop();
    if (this.nodes.isPlaced(this.awaited)) this.followKernel();
  }

  // The selection was set in the kernel. What it says of an earlier click must not undo the last one
  followKernel() {
    const id = this.model.get('selected');
    this.awaited = '';
    if (id == this.current || this.asked) return;
    if (id) this.follow(id);
    else if (this.nodes.has(this.current)) this.follow('');
    else this.selectHeir();
  }
  follow(id) {
    if (id && !this.nodes.isPlaced(id)) { this.awaited = id; return; }
    const hadFocus = this.rows.hasFocus();
    this.select(id, false);
    this.nodes.openAbove(id);
    this.deselectHidden();
    this.draw();
    this.rows.reveal(id);
    if (hadFocus) this.rows.focus(id);
  }

  // --- beginning and end
  start() {
    this.heard = message => this.hear(message);
    this.chosen = () => this.followKernel();
    this.model.on('msg:custom', this.heard);
    this.model.on('change:selected', this.chosen);
    listen(this);
    this.draw();
    this.drawTop();
    if (this.current) post(this.model, { op: 'select', id: this.current });
  }
  stop() {
    this.inspector.close();
    this.model.off('msg:custom', this.heard);
    this.model.off('change:selected', this.chosen);
  }
}

function render({ model, el }) {
  frame(el, 'tree', model);
  const view = new TreeView(model, el);
  view.start();
  return () => {
    views.delete(el);
    view.stop();
  };
}

export default { ...live, render };
