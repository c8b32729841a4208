// Names that are typed in the tree: of a node that is renamed, and of one that is added.
// A name that the kernel refuses is not lost: its box opens again.
class NameEditor {
  constructor(view) {
    this.view = view;
    this.nodes = view.nodes;
    this.editing = null;  // id of the node that is being renamed; '+' for a new one
    this.sent = null;     // the message with the last name, until the kernel has answered
  }

  // A box in place of a name. `refused` is what was typed before and could not be: leaving the box with it gives it up
  open(host, name, refused, done) {
    const box = h('input', { value: refused ?? name, 'aria-label': 'Name', maxLength: 200, class: 'name' });
    let isOver = false;
    const close = (keep, keepFocus, except) => {
      if (isOver) return;
      isOver = true;
      this.editing = null;
      const typed = box.value.trim(), isNew = typed && typed != name && typed != except;
      done(keep && isNew ? typed : null, keepFocus);
    };
    box.onkeydown = e => {
      e.stopPropagation();
      if (e.key != 'Enter' && e.key != 'Escape') return;
      close(e.key == 'Enter', true);
      e.preventDefault();
    };
    box.onblur = e => close(true, !e.relatedTarget, refused);
    box.onclick = box.ondblclick = e => e.stopPropagation();
    host.replaceChildren(box);
    box.focus();
    if (refused == null) box.select();
  }

  rename(id, refused) {
    const { rows } = this.view, row = rows.get(id);
    if (!rows.isShown(id) || !this.nodes.has(id)) return;
    if (refused == null) this.view.tell('');
    this.editing = id;
    this.open(row.firstChild, this.nodes.state[id].name, refused, (name, keepFocus) => {
      row.firstChild.textContent = name ?? this.nodes.state[id]?.name ?? '';  // an error puts the old name back
      if (name) this.send({ op: 'rename', id, name });
      if (keepFocus) row.focus({ preventScroll: true });
    });
  }

  add(refused, parent = this.nodes.has(this.view.current) ? this.view.current : '') {
    const { rows } = this.view, level = this.nodes.level(parent);
    if (level >= LEVELS.length || rows.element.querySelector('[data-id="+"]')) return;
    if (refused == null) this.view.tell('');
    if (parent) this.view.toggle(parent, true);
    const row = this.makeNewRow(level);
    rows.element.insertBefore(row, parent ? rows.after(parent) : null);
    this.editing = '+';
    this.open(row.firstChild, '', refused, (name, keepFocus) => {
      row.remove();
      if (keepFocus) this.focusAfterAdding();
      if (name) this.send({ op: 'add', parent, name });
    });
    row.scrollIntoView({ block: 'nearest' });
  }
  makeNewRow(level) {
    const kind = Object.values(KIND)[level];
    const row = h('div', { role: 'none', class: 'new' }, h('bdi', {}), h('span', { textContent: `new ${kind}` }));
    row.dataset.id = '+';
    row.style.setProperty('--l', level);
    return row;
  }
  focusAfterAdding() {
    const { rows, current, toolbar } = this.view;
    const element = rows.isShown(current) ? rows.get(current) : rows.first() ?? toolbar.tools.add;
    element.focus({ preventScroll: true });
  }

  // --- what the kernel says to it
  send(message) { this.sent = { ...message, n: this.view.act(message.op, message) }; }
  accepted(n) { if (n == this.sent?.n) this.sent = null; }
  refused(op) {
    if (op != this.sent?.op) return;
    const { id, parent, name } = this.sent, { rows } = this.view;
    this.sent = null;
    rows.refresh(id);
    if (this.editing || this.isElsewhere()) return;
    if (op == 'rename') this.rename(id, name);
    else if (!parent || rows.isShown(parent)) this.add(name, parent);
  }

  // The user has gone on to something else, which must not lose the focus
  isElsewhere() {
    const active = document.activeElement;
    if (active === document.body) return false;
    return !this.view.el.contains(active) || active.matches('input, select');
  }
}
