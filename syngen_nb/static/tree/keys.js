// What the mouse and the keyboard do in the tree.
const step = (view, id, by) => {
  const next = row => by > 0 ? row?.nextSibling : row?.previousSibling;
  let row = next(view.rows.get(id));
  if (isNewRow(row)) row = next(row);
  if (row) view.goTo(row.dataset.id);
};
const unfold = (view, id) => {
  if (!view.nodes.hasChildren(id)) return;
  if (view.nodes.isOpen(id)) step(view, id, 1);
  else view.toggle(id, true);
};
const fold = (view, id) => {
  const parent = view.nodes.up.get(id);
  if (view.nodes.hasChildren(id) && view.nodes.isOpen(id)) view.toggle(id, false);
  else if (parent) view.goTo(parent);
};
const unfoldSiblings = (view, id) => {
  for (const i of view.nodes.siblings(id)) if (view.nodes.hasChildren(i)) view.nodes.toggled.set(i, true);
  view.draw();
};

const KEYS = {
  ArrowDown: (view, id) => step(view, id, 1),
  ArrowUp: (view, id) => step(view, id, -1),
  ArrowRight: unfold,
  ArrowLeft: fold,
  Home: view => view.goTo(view.rows.first().dataset.id),
  End: view => view.goTo(view.rows.element.lastChild.dataset.id),
  Enter: (view, id) => view.select(id),
  ' ': (view, id) => view.toggle(id),
  '*': unfoldSiblings,
  F2: (view, id) => view.editor.rename(id),
  Delete: (view, id) => view.remove(id),
  Insert: view => view.editor.add(),
};
const ALT_KEYS = {
  ArrowDown: (view, id) => view.shift(id, 1),
  ArrowUp: (view, id) => view.shift(id, -1),
};

// What a key does where it was pressed, or nothing
const findAction = (view, e) => {
  if (e.target.matches('input, select, textarea')) return null;
  const key = e.key.toLowerCase(), row = rowOf(e);
  if (e.ctrlKey || e.metaKey) {
    if (key == 'y' || (key == 'z' && e.shiftKey)) return () => view.act('redo');
    return key == 'z' ? () => view.act('undo') : null;
  }
  const keys = e.altKey ? ALT_KEYS : KEYS;
  return row && Object.hasOwn(keys, e.key) ? () => keys[e.key](view, row.dataset.id) : null;
};

const rowOf = e => e.target.closest?.('[role=treeitem]');

// A click on the triangle folds, one on the rest selects
const click = (view, e) => {
  const row = rowOf(e);
  if (!row || view.editor.editing) return;
  view.forgetNote();
  const id = row.dataset.id, x = e.clientX - row.getBoundingClientRect().left;
  row.focus({ preventScroll: true });
  const isTriangle = view.nodes.hasChildren(id) && x < 16 * view.nodes.level(id) + 4;
  if (!isTriangle) { view.select(id); return; }
  view.toggle(id);
  view.walkTo(id);
};

const listen = view => {
  view.rows.element.addEventListener('click', e => click(view, e));
  view.rows.element.addEventListener('dblclick', e => {
    const row = rowOf(e);
    if (row && !view.editor.editing) view.editor.rename(row.dataset.id);
  });
  view.el.addEventListener('keydown', e => {
    const action = findAction(view, e);
    if (!action) return;
    action();
    e.preventDefault();
    e.stopPropagation();
  });
};
