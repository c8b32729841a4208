function render({ model, el }) {
  frame(el, 'run', model);
  const state = model.get('state');
  const act = op => { say(fault, ''); fault.dataset.of = ''; post(model, { op }); };
  const bar = h('div', { role: 'progressbar', 'aria-label': 'Progress', 'aria-valuemin': 0, 'aria-valuemax': 100, class: 'bar' }, h('div', {}));
  const title = h('b', {}), count = h('span', {}), stages = h('div', { class: 'stages' }), facts = h('div', { class: 'dim facts' }), now = h('div', { class: 'dim now' });
  const pause = button('Pause', () => act('pause')), resume = button('Resume', () => act('resume')), stop = button('Stop', () => act('stop'));
  const fault = h('div', { class: 'error text', role: 'alert' }), errors = h('ul', { class: 'errors' });
  el.append(h('div', { class: 'head' }, title, count, h('span', { class: 'gap' }), pause, resume, stop), bar, stages, facts, now, fault, errors);

  const time = s => s < 90 ? `${s} s` : `${Math.round(s / 60)} min`;
  const list = (parent, items) => {  // keep what is the same, so that nothing jumps
    while (parent.children.length > items.length) parent.lastChild.remove();
    items.forEach((text, i) => { if (!parent.children[i]) parent.append(h(parent.tagName == 'UL' ? 'li' : 'span', { class: 'text' })); say(parent.children[i], text); });
  };
  const of = prefix => Object.entries(state).filter(([k]) => k.startsWith(prefix)).map(([k, r]) => [k.slice(prefix.length), r]);

  const draw = eachFrame(() => {
    const r = state.run ?? {};
    el.hidden = !r.title;
    if (!r.title) return;
    const part = r.total ? Math.min(100, Math.floor(100 * r.done / r.total)) : 0, on = r.status == 'running', over = r.status == 'done';
    say(title, `${r.title} with ${r.model}`);
    title.title = title.textContent;
    say(count, `${whole.format(r.done)} of ${whole.format(r.total)} ${r.unit}s · ${r.status}${on && r.left != null ? ` · about ${time(r.left)} left` : ''}`);
    put(bar, 'aria-valuenow', part);
    put(bar, 'aria-valuetext', `${r.done} of ${r.total}, ${r.status}`);
    put(bar, 'data-status', r.status);
    bar.firstChild.style.width = `${r.total ? Math.min(100, 100 * r.done / r.total) : 0}%`;
    const focused = document.activeElement;
    pause.hidden = !(on || over); able(pause, on);
    resume.hidden = on || over;
    able(stop, on || r.status == 'paused');
    if ((focused === pause && pause.hidden) || (focused === resume && resume.hidden)) (pause.hidden ? resume : pause).focus();
    list(stages, of('s ').map(([k, s]) => `${k} ${whole.format(s.done)}/${whole.format(s.total)}`));
    say(facts, [`${whole.format(r.requests)} requests`, r.cached ? `${whole.format(r.cached)} more from the cache` : '', `${whole.format(r.tokens_in)} tokens in`, `${whole.format(r.tokens_out)} out`,
      r.dollars == null ? 'price not known' : `$${r.dollars.toFixed(4)}`, r.retries ? `${r.retries} retries` : '', r.failed ? `${r.failed} failed` : '', r.dropped ? `${r.dropped} texts dropped` : ''].filter(Boolean).join(' · '));
    const { cells = [], n = 0 } = state.now ?? {};
    say(now, n ? `asking: ${cells.join('; ')}${n > cells.length ? `; and ${n - cells.length} more` : ''}` : ' ');
    now.title = cells.join('\n');
    if (r.error) say(fault, r.error); else if (fault.dataset.of != 'page') say(fault, '');
    list(errors, [...of('e ').filter(([, e]) => e.error != r.error).map(([, e]) => `${e.n > 1 ? `${e.n} times: ` : ''}${e.error} (${e.cells.join('; ')}${e.n > e.cells.length ? '; …' : ''})`),
      ...of('m ').map(([k, m]) => `short: ${k}, ${m.got} of ${m.want}`)]);
  });
  const heard = m => {
    if (m.op == 'patch') draw();
    else if (m.op == 'error') { fault.dataset.of = 'page'; say(fault, m.text); }
  };
  model.on('msg:custom', heard);
  draw();
  return () => { views.delete(el); model.off('msg:custom', heard); };
}

export default { ...live, render };
