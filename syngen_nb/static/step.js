function render({ model, el }) {
  frame(el, 'step', model);
  const me = Math.random().toString(36).slice(2);  // of several views only the one that asked gets the file
  const note = h('div', { class: 'error text', role: 'alert' });
  const hint = h('span', { class: 'dim hint' });
  const fold = button('', () => post(model, { op: 'fold', on: !model.get('unfolded') }), { class: 'fold' });
  const file = h('input', { type: 'file', accept: '.json', hidden: true, 'aria-label': 'Saved studio', onchange: async () => {
    const f = file.files[0];
    if (f) post(model, { op: 'press', name: 'Load' }, [await f.arrayBuffer()]);
    file.value = '';
  } });
  const press = name => () => { say(note, ''); if (name == 'Load') file.click(); else { copying = name == 'Copy as Python'; post(model, { op: 'press', name, ...(name == 'Save' ? { to: me } : {}) }); } };
  const buttons = model.get('buttons').map(name => button(name, press(name)));
  const code = h('pre', { class: 'text', tabIndex: 0, 'aria-label': 'Python' }), copied = h('span', { class: 'dim', role: 'status' });
  const box = h('div', { class: 'code' }, copied, code);
  let copying = false;
  el.append(h('div', { class: 'head' }, h('h3', {}, fold), hint, h('span', { class: 'gap' }), ...buttons, file), note, box);

  const draw = () => {
    const open = model.get('unfolded'), enabled = model.get('enabled');
    say(fold, model.get('title'));
    put(fold, 'aria-expanded', open);
    say(hint, model.get('hint'));
    for (const b of buttons) {
      const on = enabled.includes(b.textContent);
      able(b, on);
      b.classList.toggle('primary', b === buttons[0] && on && b.textContent != 'Copy as Python');
    }
    say(code, model.get('code'));
    box.hidden = !model.get('code');
  };
  // The clipboard is there only on a safe page, and may be refused; then the text is selected, to be copied by hand
  const copy = async () => {
    draw();
    if (!copying || !model.get('code')) return;
    copying = false;
    try { await navigator.clipboard.writeText(model.get('code')); say(copied, 'Copied'); }
    catch { getSelection().selectAllChildren(code); say(copied, 'Copy it with Ctrl-C'); }
  };
  const heard = (m, buffers) => {
    if (m.op == 'error') say(note, m.text);
    if (m.op == 'file' && m.to == me) download(buffers[0], m.name, m.type);
  };
  const past = () => say(note, '');  // what was not possible may be so now
  const names = ['title', 'hint', 'unfolded', 'enabled'];
  for (const k of names) model.on(`change:${k}`, draw);
  for (const k of ['hint', 'enabled']) model.on(`change:${k}`, past);
  model.on('change:code', copy);
  model.on('msg:custom', heard);
  draw();
  return () => { views.delete(el); for (const k of names) model.off(`change:${k}`, draw); for (const k of ['hint', 'enabled']) model.off(`change:${k}`, past); model.off('change:code', copy); model.off('msg:custom', heard); };
}

export default { ...answers, render };
