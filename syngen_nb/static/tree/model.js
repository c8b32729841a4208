// The tree without its page: which nodes are where, which are open, and which pass the filter.
const LEVELS = ['Labels', 'Source types', 'Topics', 'Subtopics'];
const KIND = { label: 'label', source_type: 'source type', topic: 'topic', subtopic: 'subtopic' };
const STATUS = ['waiting', 'asking', 'done', 'short', 'failed'];
const MANY = 400;  // rows that open by themselves, at most

class TreeModel {
  constructor(state, depth) {
    this.state = state;        // id to record, as the kernel sends it
    this.up = new Map();       // id to the id of its parent; '' is the parent of the labels
    this.kids = new Map();     // id to the ids of its children, in order
    this.depth = depth;        // levels that are open
    this.toggled = new Map();  // id to open or closed, where the user decided otherwise
    this.found = null;         // with a filter: the ids that pass it and all above them
    this.place(this.ids());
    if (!depth) this.depth = this.comfortableDepth();
  }

  ids() { return Object.keys(this.state).filter(Boolean); }
  has(id) { return id !== '' && id in this.state; }
  get(id) { return this.has(id) ? this.state[id] : undefined; }
  isPlaced(id) { return this.up.has(id); }
  hasMoved(id) { return this.up.get(id) !== this.parentInState(id); }
  parentInState(id) { return this.state[id].parent ?? ''; }
  children(id) { return this.kids.get(id) ?? []; }
  hasChildren(id) { return this.children(id).length > 0; }

  // The node and all above it, from the top
  path(id) {
    const path = [];
    for (let i = id; i; i = this.up.get(i)) path.unshift(i);
    return path;
  }
  level(id) { return this.path(id).length; }
  siblings(id) { return this.children(this.up.get(id)); }

  // --- changes
  place(ids, gone = []) {
    for (const id of gone) this.forget(id);
    const parents = new Set();
    for (const id of ids) {
      this.putUnderParent(id);
      parents.add(this.up.get(id));
    }
    for (const id of parents) this.kids.get(id).sort((a, b) => this.state[a].at - this.state[b].at);
  }
  forget(id) {
    this.leaveParent(id);
    this.up.delete(id);
    this.kids.delete(id);
  }
  leaveParent(id) {
    const siblings = this.siblings(id), at = siblings.indexOf(id);
    if (at >= 0) siblings.splice(at, 1);
  }
  putUnderParent(id) {
    const parent = this.parentInState(id);
    if (this.up.get(id) === parent) return;
    this.leaveParent(id);
    this.up.set(id, parent);
    if (!this.kids.has(parent)) this.kids.set(parent, []);
    this.kids.get(parent).push(id);
  }

  // --- what is open
  isOpen(id, level = this.level(id)) {
    if (this.found) return this.found.has(id);
    return this.toggled.get(id) ?? level < this.depth;
  }
  openAbove(id) {
    for (const i of this.path(id).slice(0, -1)) if (!this.isOpen(i)) this.toggled.set(i, true);
  }
  openTo(depth) {
    this.depth = depth;
    this.toggled.clear();
  }

  // As many levels as are easily looked over
  comfortableDepth() {
    const sizes = [0, 0, 0, 0];
    for (const id of this.ids()) sizes[this.level(id) - 1]++;
    let depth = 1, rows = sizes[0];
    while (depth < 4 && rows + sizes[depth] <= MANY) rows += sizes[depth++];
    return depth;
  }

  // The rows to show, from top to bottom; `position` counts from 1 among `size` siblings
  visible(parent = '', level = 1, out = []) {
    const ids = this.children(parent).filter(id => this.has(id) && (!this.found || this.found.has(id)));
    ids.forEach((id, i) => {
      out.push({ id, level, position: i + 1, size: ids.length });
      if (this.isOpen(id, level)) this.visible(id, level + 1, out);
    });
    return out;
  }

  // --- filter
  filter(text, status) {
    this.found = null;
    if (!text && !status) return;
    const found = new Set();
    for (const id of this.ids()) if (this.passes(id, text, status)) this.path(id).forEach(i => found.add(i));
    this.found = found;
  }
  passes(id, text, status) {
    const node = this.state[id];
    return node.name.normalize().toLowerCase().includes(text) && (!status || (node.status ?? 'done') == status);
  }
  isHidden(id) { return this.found !== null && id !== '' && !this.found.has(id); }
}
