const kinds = { csv: ['CSV', 'All texts, for spreadsheets and programs'], parquet: ['Parquet', 'All texts, with types and how they were made; needs pyarrow'], jsonl: ['JSONL', 'All texts, one JSON object a line'] };

export default {
  ...answers,
  render({ model, el }) {
    frame(el, 'data', model);
    const me = Math.random().toString(36).slice(2);  // of several views only the one that asked gets the file
    const ask = op => () => post(model, { op });
    const pick = h('select', { onchange: () => post(model, { op: 'label', label: pick.value }) });
    const pickBox = h('label', {}, h('span', { textContent: 'Show label' }), pick);
    const said = h('span');
    const more = button('', ask('more'));
    const what = h('bdi', { className: 'text' });
    const part = h('span', { className: 'part' }, what, button('Show all', ask('all')));
    const note = h('span', { className: 'note', role: 'status' });
    const safe = h('input', { type: 'checkbox' });
    const files = Object.entries(kinds).map(([kind, [name, title]]) => button(name, e => {
      say(note, '');
      able(e.currentTarget, false);
      post(model, { op: 'save', kind, safe: safe.checked, to: me });
    }, { title }));
    const safeBox = h('label', { title: 'CSV only: an apostrophe before what a spreadsheet would compute as a formula' }, safe, h('span', { textContent: 'safe for spreadsheets' }));
    el.append(h('div', { className: 'bar' }, pickBox, said, more, part, h('span', { className: 'files' }, ...files, safeBox)), note);

    let options = '';
    const draw = () => {
      const o = model.get('info');
      if (!o.labels) return;
      const now = JSON.stringify(o.labels);
      if (now != options) {
        pick.replaceChildren(h('option', { value: '', textContent: 'all' }), ...o.labels.map(([value, textContent]) => h('option', { value, textContent })));
        options = now;
      }
      pick.value = o.label;
      pickBox.hidden = !o.labels.length;
      say(said, o.said);
      say(more, o.new);
      more.hidden = !o.new;
      say(what, o.what);
      part.hidden = !o.what;
      if (document.activeElement?.closest('[hidden]') && el.contains(document.activeElement)) pick.focus();  // or the focus would fall out of the widget
      files.forEach(b => able(b, !o.empty));
    };
    const hear = (m, buffers) => {
      if (m.op == 'file' && m.to != me) return;
      if (m.op == 'file') download(buffers[0], m.name, m.type);
      if (m.op == 'error') { say(note, m.text); note.classList.add('error'); }
      files.forEach(b => able(b, !model.get('info').empty));
    };
    model.on('change:info', draw);
    model.on('msg:custom', hear);
    draw();
    return () => { views.delete(el); model.off('change:info', draw); model.off('msg:custom', hear); };
  },
};
