// Curves over the steps as SVG: axes with round numbers, a logarithmic scale on demand, values under the pointer or the arrow keys.

const NS = 'http://www.w3.org/2000/svg';
const PAD = { left: 54, right: 14, top: 10, bottom: 34 };
const LOG_HELPS = 3; // largest over smallest value from which a logarithmic scale is offered
const FEW = 48; // so few points are drawn as dots as well

/** At most four significant digits. */
export function number(v) {
  if (!Number.isFinite(v)) return '–';
  if (v === 0) return '0';
  const size = Math.abs(v);
  if (size >= 1e6 || size < 1e-3) return v.toExponential(2).replace('e+', 'e').replace(/\.?0+e/, 'e');
  if (Number.isInteger(v)) return v.toLocaleString('en-US');
  return size >= 1000 ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(4)));
}

/** Short numbers for an axis: 20k, 1.5M. */
function tick(v) {
  const size = Math.abs(v);
  if (size >= 1e6) return `${Number((v / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((v / 1e3).toPrecision(4))}k`;
  if (size !== 0 && size < 1e-3) return v.toExponential(1).replace('.0e', 'e');
  return String(Number(v.toPrecision(4)));
}

function roundTicks(low, high, about) {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return ticks;
}

function logTicks(low, high) {
  const all = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of [1, 2, 5]) all.push(m * 10 ** e);
  }
  const inside = all.filter((t) => t >= low * 0.999 && t <= high * 1.001);
  const tens = inside.filter((t) => Math.abs(Math.log10(t) - Math.round(Math.log10(t))) < 1e-9);
  if (tens.length < 3) return inside.length > 1 ? inside : [low, high];
  const stride = Math.ceil(tens.length / 5);
  return tens.filter((_, i) => i % stride === 0);
}

function element(name, attributes, parent) {
  const e = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  parent?.append(e);
  return e;
}

function html(name, className, parent) {
  const e = document.createElement(name);
  if (className) e.className = className;
  parent?.append(e);
  return e;
}

/** The mean over `window` points around each; fewer at the ends. */
function smoothed(values, window) {
  const sums = [0];
  for (const v of values) sums.push(sums.at(-1) + v);
  const half = Math.ceil(window / 2);
  return values.map((_, i) => {
    const from = Math.max(0, i - half);
    const to = Math.min(values.length, i + half + 1);
    return (sums[to] - sums[from]) / (to - from);
  });
}

/**
 * One figure. Its series are `{label, steps, mean, min?, max?, reference?}`; a reference is one value for all steps. The view is
 * `{range, smooth, last?}`: the share of the steps that is shown, and a step that the axis reaches at least.
 */
export class Chart {
  constructor(spec, parent, height = 190) {
    this.spec = spec;
    this.height = height;
    this.log = spec.log;
    this.series = [];
    this.view = { range: 1, smooth: true };
    this.figure = html('figure', spec.wide ? 'wide' : '');
    this.figure.dataset.chart = spec.key;
    parent.insertBefore(this.figure, spec.wide ? parent.querySelector('figure:not(.wide)') : null); // wide ones leave no gaps
    const caption = html('figcaption', '', this.figure);
    html('span', 'title', caption).textContent = spec.title;
    html('span', 'unit', caption).textContent = spec.unit;
    this.now = html('b', 'now', caption);
    this.toggle = html('button', '', caption);
    this.toggle.type = 'button';
    this.toggle.textContent = 'log';
    this.toggle.setAttribute('aria-label', `${spec.title}: logarithmic scale`);
    this.toggle.addEventListener('click', () => {
      this.log = !this.log;
      this.draw();
    });
    this.legend = html('ul', 'legend', this.figure);
    this.svg = element('svg', { class: 'chart', height, tabindex: 0, role: 'img' }, this.figure);
    this.tip = html('div', 'tip', this.figure);
    this.tip.setAttribute('role', 'status');
    this.tip.hidden = true;
    this.svg.addEventListener('pointermove', (e) => this.point(e));
    this.svg.addEventListener('pointerleave', () => this.show(null));
    this.svg.addEventListener('blur', () => this.show(null));
    this.svg.addEventListener('keydown', (e) => this.key(e));
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  update(series, view) {
    this.series = series;
    this.view = view;
    this.draw();
  }

  /** The points of a series that have a value and are in view. */
  visible(series, from) {
    const out = { x: [], y: [], min: [], max: [] };
    for (let i = 0; i < series.steps.length; i++) {
      const v = series.mean[i];
      if (v === null || v === undefined || series.steps[i] < from) continue;
      out.x.push(series.steps[i]);
      out.y.push(v);
      out.min.push(series.min ? series.min[i] : v);
      out.max.push(series.max ? series.max[i] : v);
    }
    return out;
  }

  draw() {
    const width = this.svg.clientWidth;
    if (width === 0) return;
    this.svg.replaceChildren();
    const curves = this.series.filter((s) => s.reference === undefined);
    const lastStep = Math.max(this.view.last ?? 0, ...curves.map((s) => s.steps.at(-1) ?? 0));
    const firstStep = Math.min(lastStep, ...curves.map((s) => s.steps[0] ?? lastStep));
    const from = lastStep - (lastStep - firstStep) * this.view.range;
    this.shown = curves.map((s) => ({ label: s.label, ...this.visible(s, from) }));
    const flat = this.shown.filter((s) => s.y.length > 0);
    this.caption(curves);
    if (flat.length === 0) {
      element('text', { x: width / 2, y: this.height / 2, 'text-anchor': 'middle' }, this.svg).textContent = 'no values yet';
      return;
    }
    const references = this.series.filter((s) => s.reference !== undefined);
    let low = Math.min(...flat.map((s) => Math.min(...s.min)), ...references.map((s) => s.reference));
    let high = Math.max(...flat.map((s) => Math.max(...s.max)), ...references.map((s) => s.reference));
    const positive = low > 0;
    this.toggle.hidden = !positive || high < LOG_HELPS * low;
    const log = this.log && !this.toggle.hidden;
    this.toggle.setAttribute('aria-pressed', String(log));
    if (low === high) {
      const room = Math.abs(low) * 0.1 || 1;
      low -= room;
      high += room;
    } else if (!log) {
      const room = (high - low) * 0.04;
      low = low >= 0 ? Math.max(0, low - room) : low - room;
      high += room;
    }
    const x0 = from;
    const x1 = lastStep > from ? lastStep : from + 1;
    this.x = (step) => PAD.left + ((width - PAD.left - PAD.right) * (step - x0)) / (x1 - x0);
    const f = log ? Math.log : (v) => v;
    const [a, b] = [f(low), f(high)];
    this.y = (v) => PAD.top + ((this.height - PAD.top - PAD.bottom) * (b - f(v))) / (b - a);
    this.axes(width, log ? logTicks(low, high) : roundTicks(low, high, this.height / 40), roundTicks(x0, x1, width / 75));
    references.forEach((s) => this.reference(s, width));
    this.shown.forEach((s, i) => this.curve(s, i));
    this.marks = element('g', {}, this.svg);
    const last = flat[0];
    this.svg.setAttribute('aria-label', this.description(last, firstStep, lastStep));
    if (this.at !== undefined && this.at !== null) this.show(this.at);
  }

  description(s, firstStep, lastStep) {
    const parts = this.shown.filter((c) => c.y.length > 0).map((c) => `${c.label} ${number(c.y.at(-1))}`);
    return `${this.spec.title}: steps ${firstStep} to ${lastStep}; now ${parts.join(', ')}; lowest ${number(Math.min(...s.min))}, `
      + `highest ${number(Math.max(...s.max))}. Arrow keys read values.`;
  }

  caption(curves) {
    const lasts = this.shown.filter((s) => s.y.length > 0).map((s) => number(s.y.at(-1)));
    this.now.textContent = lasts.length === 1 ? lasts[0] : '';
    const several = this.series.length > 1;
    this.legend.hidden = !several;
    if (!several) return;
    let hue = 0;
    this.legend.replaceChildren(...this.series.map((s) => {
      const li = document.createElement('li');
      const i = curves.indexOf(s);
      li.className = s.reference === undefined ? `c${hue++ % 6}` : 'cref dashed';
      const now = s.reference ?? this.shown[i].y.at(-1);
      li.textContent = `${s.label} `;
      html('b', '', li).textContent = now === undefined ? '' : number(now);
      return li;
    }));
  }

  axes(width, yTicks, xTicks) {
    const bottom = this.height - PAD.bottom;
    for (const v of yTicks) {
      const y = this.y(v);
      element('line', { class: 'grid', x1: PAD.left, x2: width - PAD.right, y1: y, y2: y }, this.svg);
      element('text', { x: PAD.left - 7, y: y + 4, 'text-anchor': 'end' }, this.svg).textContent = tick(v);
    }
    element('line', { class: 'axis', x1: PAD.left, x2: width - PAD.right, y1: bottom, y2: bottom }, this.svg);
    for (const v of xTicks.filter(Number.isInteger)) {
      const x = this.x(v);
      element('line', { class: 'axis', x1: x, x2: x, y1: bottom, y2: bottom + 4 }, this.svg);
      element('text', { x, y: bottom + 16, 'text-anchor': 'middle' }, this.svg).textContent = tick(v);
    }
    element('text', { x: width - PAD.right, y: this.height - 4, 'text-anchor': 'end' }, this.svg).textContent = 'step';
  }

  reference(s, width) {
    const y = this.y(s.reference);
    const line = element('line', { class: 'line dashed', x1: PAD.left, x2: width - PAD.right, y1: y, y2: y }, this.svg);
    line.classList.add('cref');
  }

  path(xs, ys) {
    return xs.map((x, i) => `${i === 0 ? 'M' : 'L'}${this.x(x).toFixed(1)} ${this.y(ys[i]).toFixed(1)}`).join('');
  }

  curve(s, i) {
    const g = element('g', { class: `c${i % 6}` }, this.svg);
    const n = s.x.length;
    if (n === 0) return;
    if (s.min.some((v, k) => v !== s.max[k])) {
      const back = [...s.x.keys()].reverse();
      const lower = back.map((k) => `L${this.x(s.x[k]).toFixed(1)} ${this.y(s.min[k]).toFixed(1)}`).join('');
      element('path', { class: 'band', d: `${this.path(s.x, s.max)}${lower}Z` }, g);
    }
    const smooth = this.spec.smooth && this.view.smooth && n > FEW;
    if (smooth) element('path', { class: 'raw', d: this.path(s.x, s.y) }, g);
    element('path', { class: 'line', d: this.path(s.x, smooth ? smoothed(s.y, n / 40) : s.y) }, g);
    if (n <= FEW) s.x.forEach((x, k) => element('circle', { cx: this.x(x), cy: this.y(s.y[k]), r: 2.4 }, g));
  }

  /** All steps at which some curve has a value, ascending. */
  steps() {
    return [...new Set((this.shown ?? []).flatMap((s) => s.x))].sort((a, b) => a - b);
  }

  point(event) {
    const steps = this.steps();
    if (steps.length === 0 || !this.x) return;
    const at = event.clientX - this.svg.getBoundingClientRect().left;
    this.show(steps.reduce((best, s) => (Math.abs(this.x(s) - at) < Math.abs(this.x(best) - at) ? s : best)));
  }

  key(event) {
    const steps = this.steps();
    if (steps.length === 0) return;
    const now = this.at === null || this.at === undefined ? steps.length : steps.indexOf(this.at);
    const stride = event.shiftKey ? Math.max(1, Math.round(steps.length / 20)) : 1;
    const to = { ArrowLeft: now - stride, ArrowRight: now + stride, Home: 0, End: steps.length - 1 }[event.key];
    if (event.key === 'Escape') this.show(null);
    if (to === undefined) return;
    event.preventDefault();
    this.show(steps[Math.max(0, Math.min(steps.length - 1, to))]);
  }

  /** Marks a step and says its values; null marks none. */
  show(step) {
    this.at = step;
    this.marks?.replaceChildren();
    const rows = step === null ? [] : this.shown.flatMap((s, i) => {
      const k = s.x.indexOf(step);
      return k < 0 ? [] : [{ s, i, k }];
    });
    this.tip.hidden = rows.length === 0;
    if (rows.length === 0) return;
    const x = this.x(step);
    element('line', { class: 'cursor', x1: x, x2: x, y1: PAD.top, y2: this.height - PAD.bottom }, this.marks);
    const head = document.createElement('b');
    head.textContent = `step ${step.toLocaleString('en-US')}`;
    this.tip.replaceChildren(head);
    for (const { s, i, k } of rows) {
      element('circle', { class: `c${i % 6}`, cx: x, cy: this.y(s.y[k]), r: 3.6 }, this.marks);
      const spread = s.min[k] === s.max[k] ? '' : ` (${number(s.min[k])} to ${number(s.max[k])})`;
      const name = this.shown.length > 1 ? `${s.label} ` : '';
      html('div', '', this.tip).textContent = `${name}${number(s.y[k])}${spread}`;
    }
    const room = this.figure.clientWidth - this.tip.offsetWidth - 4;
    this.tip.style.left = `${Math.max(4, Math.min(room, x + 22))}px`;
    if (x + 22 > room) this.tip.style.left = `${Math.max(4, x - this.tip.offsetWidth)}px`;
    this.tip.style.top = `${this.svg.offsetTop + PAD.top}px`;
  }
}
