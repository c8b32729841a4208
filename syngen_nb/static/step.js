// A heading that folds what belongs to it, with the buttons of that step.
class StepView {
  constructor(model, el) {
    this.model = model;
    this.receiver = fileReceiver();
    this.isCopying = false;  // this view asked for the code
    this.note = h('div', { class: 'error text', role: 'alert' });
    this.hint = h('span', { class: 'dim hint' });
    this.fold = button('', () => post(model, { op: 'fold', on: !model.get('unfolded') }), { class: 'fold' });
    this.file = h('input', { type: 'file', accept: '.json', hidden: true, 'aria-label': 'Saved studio', onchange: () => this.load() });
    this.buttons = model.get('buttons').map(name => button(name, () => this.press(name)));
    this.check = h('input', { type: 'checkbox', onchange: () => post(model, { op: 'switch', on: this.check.checked }) });
    this.switch = h('label', { class: 'switch' }, this.check, model.get('switch'));
    this.code = h('pre', { class: 'text', tabIndex: 0, 'aria-label': 'Python' });
    this.copied = h('span', { class: 'dim', role: 'status' });
    this.box = h('div', { class: 'code' }, this.copied, this.code);
    const gap = h('span', { class: 'gap' });
    el.append(h('div', { class: 'head' }, h('h3', {}, this.fold), this.hint, gap, this.switch, ...this.buttons, this.file), this.note, this.box);
  }

  // --- buttons
  press(name) {
    this.forget();
    if (name == 'Load') return this.file.click();
    this.isCopying = name == 'Copy as Python';
    const to = name == 'Save' ? { to: this.receiver.to } : {};
    post(this.model, { op: 'press', name, ...to });
  }
  async load() {
    const [file] = this.file.files;
    if (file) post(this.model, { op: 'press', name: 'Load' }, [await file.arrayBuffer()]);
    this.file.value = '';
  }
  // The clipboard exists on safe pages only, and may refuse. Then the text is selected, to be copied by hand
  async copy() {
    this.draw();
    const code = this.model.get('code');
    if (!this.isCopying || !code) return;
    this.isCopying = false;
    try {
      await navigator.clipboard.writeText(code);
      say(this.copied, 'Copied');
    } catch {
      getSelection().selectAllChildren(this.code);
      say(this.copied, 'Copy it with Ctrl-C');
    }
  }

  // --- the kernel
  hear(message, buffers) {
    if (message.op == 'error') say(this.note, message.text);
    this.receiver.hear(message, buffers);
  }
  forget() { say(this.note, ''); }

  // --- drawing
  draw() {
    const { model } = this, enabled = model.get('enabled');
    say(this.fold, model.get('title'));
    put(this.fold, 'aria-expanded', model.get('unfolded'));
    say(this.hint, model.get('hint'));
    put(this.hint, 'title', model.get('hint'));
    put(this.hint, 'class', model.get('has_failed') ? 'error hint' : 'dim hint');
    this.drawSwitch();
    this.buttons.forEach((b, i) => this.drawButton(b, enabled.includes(b.textContent), i == 0));
    say(this.code, model.get('code'));
    this.box.hidden = !model.get('code');
  }
  drawSwitch() {
    const { model } = this, canSwitch = model.get('can_switch');
    this.switch.hidden = !model.get('switch');
    this.check.checked = model.get('switched') && canSwitch;
    this.check.disabled = !canSwitch;
    this.switch.classList.toggle('dim', !canSwitch);
    put(this.switch, 'title', model.get('about_switch'));
  }
  drawButton(b, isOn, isFirst) {
    able(b, isOn);
    b.classList.toggle('primary', isFirst && isOn && b.textContent != 'Copy as Python');
  }
}

function render({ model, el }) {
  const view = new StepView(model, frame(el, 'step', model));
  const draw = () => view.draw();
  const drawAndForget = () => {
    view.forget();  // what was not possible may be possible now
    view.draw();
  };
  const listeners = {
    'change:title': draw, 'change:unfolded': draw, 'change:hint': drawAndForget, 'change:enabled': drawAndForget,
    'change:has_failed': draw,
    'change:switched': draw, 'change:can_switch': draw, 'change:about_switch': draw,
    'change:code': () => view.copy(), 'msg:custom': (message, buffers) => view.hear(message, buffers),
  };
  for (const [name, f] of Object.entries(listeners)) model.on(name, f);
  draw();
  return () => {
    views.delete(el);
    for (const [name, f] of Object.entries(listeners)) model.off(name, f);
  };
}

export default { ...answers, render };
