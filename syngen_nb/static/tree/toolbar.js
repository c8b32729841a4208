// The line above the tree: buttons for the selected node, undo and redo, the filter, and how far the tree is open.
class Toolbar {
  constructor(view) {
    this.view = view;
    this.tools = this.makeButtons();
    this.makeFilter();
    this.element = h('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Tree' },
      ...Object.values(this.tools), h('span', { class: 'gap' }), this.find, this.only, this.open);
  }
  makeButtons() {
    const { view } = this, grow = more => view.act('grow', { id: view.current, ...more });
    const title = {
      grow: 'Ask for what is missing below',
      again: 'Ask for something else than what the model put below',
    };
    return {
      grow: button('Grow branch', () => grow(), { title: title.grow }),
      again: button('Grow again', () => grow({ again: true }), { title: title.again }),
      add: button('Add', () => view.editor.add(), { title: 'Add below (Insert)' }),
      rename: button('Rename', () => view.editor.rename(view.current), { title: 'Rename (F2)' }),
      remove: button('Delete', () => view.remove(view.current), { title: 'Delete (Delete)' }),
      undo: button('Undo', () => view.act('undo')),
      redo: button('Redo', () => view.act('redo')),
    };
  }
  makeFilter() {
    const { view } = this, openTo = () => view.openTo(+this.open.value);
    const filter = () => {
      view.tell('');
      view.filter(true);
    };
    const states = [['', 'all states'], ...STATUS.map(o => [o, o])];
    const depths = LEVELS.map((name, i) => [i + 1, `open to ${name.toLowerCase()}`]);
    this.find = h('input', { type: 'search', 'aria-label': 'Find', placeholder: 'Find', size: 12, oninput: filter });
    this.only = menu('Show status', filter, states);
    this.open = menu('Open down to', openTo, depths);
  }

  get text() { return this.find.value.trim().normalize().toLowerCase(); }
  get status() { return this.only.value; }
  showDepth() { this.open.value = this.view.nodes.depth; }

  draw() {
    const top = this.view.state[''] ?? {}, node = this.view.nodes.get(this.view.current);
    const isRunning = top.run == 'running' || top.run == 'paused', canHaveKids = node?.kind != 'subtopic';
    const { grow, again, add, rename, remove, undo, redo } = this.tools;
    for (const b of [grow, again]) able(b, node && canHaveKids && !isRunning);
    for (const b of [rename, remove]) able(b, node);
    able(add, canHaveKids);
    able(undo, top.undo);
    able(redo, top.redo);
    undo.title = top.undo ? `Undo: ${top.undo} (Ctrl-Z)` : 'Nothing to undo';
    redo.title = top.redo ? `Redo: ${top.redo} (Ctrl-Shift-Z)` : 'Nothing to redo';
  }
}

const menu = (name, onchange, options) => h('select', { 'aria-label': name, onchange },
  ...options.map(([value, textContent]) => h('option', { value, textContent })));
