// The rows on the page, one element for each node that was ever shown. Drawing moves and fills only what differs.
const ORIGIN = { hand: 'by hand', 'built-in': 'built-in', errors: 'from errors' };

class TreeRows {
  constructor(view) {
    this.view = view;
    this.nodes = view.nodes;
    this.element = h('div', { role: 'tree', 'aria-label': 'Taxonomy', class: 'rows' });
    this.rows = new Map();  // id to element
    this.drawn = [];        // the elements on the page
  }

  get(id) { return this.rows.get(id); }
  isShown(id) { return !!this.get(id)?.isConnected; }
  first() { return this.element.firstChild; }
  hasFocus() { return this.element.contains(document.activeElement); }
  forget(id) { this.rows.delete(id); }
  touch(id) { if (this.rows.has(id)) this.get(id).stale = true; }

  // --- one row
  make(id) {
    const row = h('div', { role: 'treeitem', tabIndex: -1 }, h('bdi', {}), h('span', {}));
    row.dataset.id = id;
    this.rows.set(id, row);
    return row;
  }
  expanded(id, level) { return this.nodes.hasChildren(id) ? this.nodes.isOpen(id, level) : null; }

  isCurrent(row, place) {
    if (!row || row.stale) return false;
    const { level, position, size } = row.place;
    return level === place.level && position === place.position && size === place.size
      && row.expanded === this.expanded(place.id, level);
  }
  fill(id, place = this.get(id).place) {
    const row = this.get(id) ?? this.make(id), node = this.nodes.state[id], status = node.status ?? 'done';
    row.place = place;
    row.expanded = this.expanded(id, place.level);
    row.stale = false;
    row.style.setProperty('--l', place.level - 1);
    put(row, 'aria-level', place.level);
    put(row, 'aria-posinset', place.position);
    put(row, 'aria-setsize', place.size);
    put(row, 'aria-expanded', row.expanded);
    put(row, 'aria-selected', id == this.view.current);
    put(row, 'data-status', status);
    put(row, 'title', node.error || `${KIND[node.kind]}, ${status}`);
    if (this.view.editor.editing != id) say(row.firstChild, node.name);
    say(row.lastChild, this.remarks(node, status));
    return row;
  }
  remarks(node, status) {
    const counts = node.want ? `${whole.format(node.have ?? 0)}/${whole.format(node.want)}` : '';
    const weight = (node.weight ?? 1) != 1 ? `× ${node.weight}` : '';
    const isOwnLabel = node.kind == 'label' && node.origin == 'hand';  // all labels are made by hand
    const origin = isOwnLabel ? '' : ORIGIN[node.origin] ?? '';
    return joined([counts, status == 'done' ? '' : status, node.locked ? 'locked' : '', weight, origin]);
  }
  refresh(id) { if (this.nodes.has(id) && this.get(id)?.place) this.fill(id); }

  // --- all rows
  draw() {
    const list = this.nodes.visible(), focus = this.rememberFocus();
    this.removeAllBut(new Set(list.map(o => o.id)));
    this.drawn = [];
    let next = this.first();
    for (const place of list) {
      const old = this.get(place.id), row = this.isCurrent(old, place) ? old : this.fill(place.id, place);
      this.drawn.push(row);
      if (row === next) next = row.nextSibling;
      else this.element.insertBefore(row, next);
      if (isNewRow(next)) next = next.nextSibling;
    }
    this.restoreFocus(focus, list);
    this.reach();
    this.element.dataset.n = this.nodes.ids().length;
  }
  removeAllBut(ids) {
    for (const row of this.drawn) {
      const id = row.dataset.id;
      if (!ids.has(id) || this.get(id) !== row) row.remove();
    }
  }

  // One row can be reached with Tab: the selected one, else the first
  reach() {
    const old = this.reachable(), now = this.isShown(this.view.current) ? this.get(this.view.current) : this.first();
    if (old === now) return;
    old?.setAttribute('tabindex', -1);
    now?.setAttribute('tabindex', 0);
  }
  reachable() { return this.element.querySelector('[tabindex="0"]'); }

  // --- focus
  // A row that moves loses the focus and gets it back. If it is gone, the row in its place gets it
  rememberFocus() {
    if (!this.hasFocus()) return null;
    const element = document.activeElement, row = element.closest('[role=treeitem]');
    return row && { element, row, at: [...this.element.children].indexOf(row) };
  }
  restoreFocus(focus, list) {
    if (!focus) return;
    const { element, row, at } = focus;
    if (!row.isConnected) {
      if (list.length) this.view.goTo(list[Math.min(at, list.length - 1)].id);
      else this.view.toolbar.find.focus();
    } else if (element.isConnected && element !== document.activeElement) element.focus({ preventScroll: true });
  }
  focus(id) { this.get(id)?.focus({ preventScroll: true }); }
  reveal(id) { this.get(id)?.scrollIntoView({ block: 'nearest' }); }

  // The first row after a node and all below it
  after(id) {
    const level = this.nodes.level(id);
    let next = this.get(id)?.nextSibling;
    while (next && +next.getAttribute('aria-level') > level) next = next.nextSibling;
    return next ?? null;
  }
}

const isNewRow = row => row?.dataset.id == '+';
