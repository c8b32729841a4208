// The form: it puts the parts in form/ together. What is wrong is found out in the kernel.
class FormView {
  constructor(model, el) {
    const id = `syngen-form-${Math.random().toString(36).slice(2)}`;
    this.model = model;
    this.draft = new Draft(model);
    this.touched = new Set();  // parts where someone has been
    this.fields = new Fields(this, id);
    this.labels = new LabelList(this, `${id}-labels`);
    const line = ([title, ...parts]) => [h('div', { class: 'title' }, title), h('div', { class: 'field' }, ...parts)];
    el.append(h('div', { class: 'grid' }, ...this.fields.makeLines(this.labels).flatMap(line)));
  }

  set(fields) {
    this.draft.set(fields);
    this.draw();
  }
  leave(name) {
    this.touched.add(name);
    this.draft.send();
    this.draw();
  }

  // What is missing where no one has been is not wrong yet, nor is a name that is being typed
  isMild(name, value, wrong) {
    if (name == 'model') {
      const { model } = this.fields;
      return document.activeElement == model && MODELS.some(o => o.startsWith(model.value));
    }
    const isEmpty = name == 'labels' ? !wrong.length : !value.instruction;
    return isEmpty && !this.touched.has(name);
  }
  draw() {
    const { value } = this.draft, said = { errors: {}, bad: [], shares: [], blank_share: '1', ...this.model.get('said') };
    const { errors, bad: wrong, shares: wrongShares, blank_share: blankShare } = said, anyWrong = [...wrong, ...wrongShares];
    const isMild = name => this.isMild(name, value, anyWrong);
    const isBoxWrong = errors.labels && !isMild('labels') && (wrong.includes(-1) || !anyWrong.length);
    this.fields.draw(value);
    this.labels.draw(value, { wrong, wrongShares, blankShare, isBoxWrong, message: this.fields.messages.labels });
    this.fields.drawMessages(value, said, isMild);
  }
}

function render({ model, el }) {
  frame(el, 'form', model);
  const view = new FormView(model, el);
  const draw = () => view.draw(), drawWhenUp = () => whenUp(draw);
  const hear = message => { if (message.op == 'typed') view.draft.hear(message); };
  model.on('change:value', drawWhenUp);
  model.on('change:said', draw);
  model.on('msg:custom', hear);
  draw();
  return () => {
    view.draft.send();
    views.delete(el);
    model.off('change:value', drawWhenUp);
    model.off('change:said', draw);
    model.off('msg:custom', hear);
  };
}

export default { ...answers, render };
