import { Chart, number } from './chart.js';
import { SECTIONS, place } from './groups.js';

const POLL = 1500; // ms between questions while the run goes
const SLOW_POLL = 10_000; // and while it does not
const CROPS = 10_000;
const PATCHES = 30_000;

const $ = (id) => document.getElementById(id);
const charts = new Map(); // key -> Chart
const data = { generation: '', next: 0, steps: [], metrics: {} };
let knn = {};
let state = null;
let setup = '';

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function view() {
  return { range: Number(new FormData($('controls')).get('range')), smooth: $('smooth').checked };
}

// ---- metrics -------------------------------------------------------------------------------------------------------------------------

/** Takes over the buckets from `answer.from` on; what comes before them stays. */
function take(answer) {
  if (answer.generation !== data.generation) {
    data.steps = [];
    data.metrics = {};
  }
  const keep = data.steps.findIndex((s) => s >= answer.from);
  const kept = keep < 0 ? data.steps.length : keep;
  const padded = (values) => [...(values ?? []).slice(0, kept), ...Array(Math.max(0, kept - (values ?? []).length)).fill(null)];
  for (const [name, columns] of Object.entries(answer.metrics)) {
    const mine = (data.metrics[name] ??= {});
    for (const column of Object.keys(columns)) mine[column] = [...padded(mine[column]), ...columns[column]];
  }
  data.steps = [...data.steps.slice(0, kept), ...answer.steps];
  data.generation = answer.generation;
  data.next = answer.next;
}

function section(id) {
  const known = $(id);
  if (known) return known.querySelector('.charts');
  const { title, hint } = SECTIONS.find((s) => s.id === id);
  const made = document.createElement('section');
  made.id = id;
  const heading = document.createElement('h2');
  heading.textContent = title;
  made.append(heading);
  if (hint) {
    const p = document.createElement('p');
    p.className = 'hint';
    p.textContent = hint;
    made.append(p);
  }
  const holder = document.createElement('div');
  holder.className = 'charts';
  made.append(holder);
  const order = SECTIONS.map((s) => s.id);
  const later = [...$('sections').children].find((s) => order.indexOf(s.id) > order.indexOf(id));
  $('sections').insertBefore(made, later ?? null);
  navigation();
  return holder;
}

function navigation() {
  const links = [...document.querySelectorAll('main section')].filter((s) => !s.hidden && s.querySelector('h2')).map((s) => {
    const a = document.createElement('a');
    a.href = `#${s.id}`;
    a.textContent = { gradients: 'Gradients', crops: 'Crops', patches: 'Features', other: 'Other', setup: 'Setup' }[s.id] ?? s.querySelector('h2').textContent;
    return a;
  });
  $('nav').replaceChildren(...links);
}

function chart(spec) {
  if (!charts.has(spec.key)) {
    const hero = spec.section === 'hero';
    charts.set(spec.key, new Chart(spec, hero ? $('heroes') : section(spec.section), hero ? 240 : 190));
  }
  return charts.get(spec.key);
}

function drawMetrics() {
  const byChart = new Map();
  for (const [name, columns] of Object.entries(data.metrics)) {
    const spec = place(name);
    if (!byChart.has(spec.key)) byChart.set(spec.key, { spec, series: [] });
    byChart.get(spec.key).series.push({ label: spec.label, steps: data.steps, ...columns });
  }
  for (const { spec, series } of byChart.values()) {
    const limit = state.sentinel?.limits[spec.key];
    if (limit) series.push({ label: limit.least ? 'least allowed' : 'most allowed', reference: limit.value });
    chart(spec).update(series, view());
  }
}

// ---- k-NN ----------------------------------------------------------------------------------------------------------------------------

function knnSteps() {
  return Object.keys(knn).filter((k) => /^\d+$/.test(k)).map(Number).sort((a, b) => a - b);
}

/** The accuracy at the number of neighbours that serves best. */
function best(byNeighbours) {
  return Math.max(...Object.values(byNeighbours));
}

function drawKnn() {
  const steps = knnSteps();
  if (steps.length === 0) return;
  const ks = [...new Set(steps.flatMap((s) => Object.keys(knn[s])))].sort((a, b) => a - b);
  const series = ks.map((k) => ({ label: `k = ${k}`, steps, mean: steps.map((s) => (k in knn[s] ? 100 * knn[s][k] : null)) }));
  if (knn.raw_pixels) series.push({ label: 'raw pixels', reference: 100 * best(knn.raw_pixels) });
  const spec = { key: 'knn', section: 'hero', title: 'k-NN accuracy', unit: '% of held-out images', log: false, smooth: false };
  chart(spec).update(series, { range: 1, smooth: false, last: state.step });
}

// ---- overview ------------------------------------------------------------------------------------------------------------------------

function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours} h ${Math.round((seconds % 3600) / 60)} min` : `${(hours / 24).toFixed(1)} days`;
}

function latest(name) {
  return (data.metrics[name]?.mean ?? []).findLast((v) => v !== null);
}

/** Whether a measure lies beyond its limit now. */
function sentinelTile() {
  const { period, limits, rollbacks } = state.sentinel ?? {};
  const measured = Object.keys(limits ?? {}).filter((name) => latest(name) !== undefined);
  if (!period || measured.length === 0) return null;
  const beyond = measured.filter((n) => (limits[n].least ? latest(n) < limits[n].value : latest(n) > limits[n].value));
  const back = rollbacks.length === 0 ? '' : `, went back ${rollbacks.length === 1 ? 'once' : `${rollbacks.length} times`}`;
  return beyond.length === 0
    ? ['Sentinel', 'quiet', `looks every ${period} steps${back}`]
    : ['Sentinel', 'beyond a limit', `${beyond.map((n) => place(n).title).join(', ')}${back}`];
}

function tiles() {
  const out = [];
  const count = (n) => n.toLocaleString('en-US');
  const epochs = state.total / state.epochSteps;
  const epoch = epochs > 0 ? `, epoch ${(state.step / state.epochSteps).toFixed(1)} of ${count(Math.round(epochs))}` : '';
  out.push(['Step', count(state.step), state.total ? `of ${count(state.total)}${epoch}` : '']);
  const going = state.status === 'running';
  const task = state.task && state.task.name !== 'training' && state.task.total > 0
    ? `now: ${state.task.name}, ${count(state.task.done)} of ${count(state.task.total)}` : going ? 'of training' : '';
  if (state.secondsLeft !== undefined && state.step < state.total) out.push(['Time left', duration(state.secondsLeft), task]);
  if (state.imagesPerSecond !== undefined) out.push(['Speed', number(Number(state.imagesPerSecond.toPrecision(3))), 'images a second']);
  const loss = latest('loss');
  if (loss !== undefined) {
    const lowest = Math.min(...data.metrics.loss.mean.filter((v) => v !== null));
    out.push(['Objective', number(loss), `lowest ${number(lowest)}`]);
  }
  const steps = knnSteps();
  if (steps.length > 0) {
    const percent = (a) => `${(100 * a).toFixed(1)} %`;
    const before = [knn.raw_pixels && `raw pixels ${percent(best(knn.raw_pixels))}`, knn[0] && `untrained ${percent(best(knn[0]))}`];
    out.push(['k-NN accuracy', percent(best(knn[steps.at(-1)])), before.filter(Boolean).join(', ')]);
  }
  const norms = Object.keys(data.metrics).filter((n) => n.startsWith('grad_norm_'));
  const sentinel = sentinelTile();
  if (sentinel) out.push(sentinel);
  if (norms.length > 0) out.push(['Gradient norm', number(Math.max(...norms.map(latest))), 'largest part']);
  $('tiles').replaceChildren(...out.map(([name, value, more]) => {
    const div = document.createElement('div');
    for (const [tag, text] of [['dt', name], ['dd', value], ['dd', more]]) {
      const e = document.createElement(tag);
      e.textContent = text;
      div.append(e);
    }
    return div;
  }));
}

function drawState() {
  const share = state.total ? Math.min(1, state.step / state.total) : 0;
  $('filled').style.width = `${100 * share}%`;
  $('progress').setAttribute('aria-valuenow', String(Math.round(100 * share)));
  const task = state.status === 'running' && state.task ? state.task.name : state.status;
  pill(task, state.status === 'running' ? 'running' : '');
  document.title = `${Math.floor(100 * share)}% · ${$('name').textContent}`;
  $('no-pictures').hidden = state.pictures;
  tiles();
  const told = state.messages ?? [];
  const before = (state.sentinel?.rollbacks ?? []).filter((r) => !told.some((m) => m.text.includes(r.reason)));
  messages([...before.map((r) => ({ text: `${r.reason}: went back to step ${r.to}, learning rate times ${r.lrFactor}` })), ...told]);
}

function pill(text, kind) {
  if ($('status').textContent !== text) $('status').textContent = text;
  $('status').className = `pill ${kind}`;
}

let said = '';
function messages(list) {
  const now = JSON.stringify(list);
  if (now === said) return;
  said = now;
  $('messages').hidden = list.length === 0;
  $('message-list').replaceChildren(...list.slice().reverse().map(({ time, text }) => {
    const li = document.createElement('li');
    if (time) {
      const when = document.createElement('time');
      when.dateTime = new Date(time).toISOString();
      when.textContent = new Date(time).toLocaleTimeString();
      li.append(when);
    }
    li.append(text);
    return li;
  }));
  navigation();
}

function drawRun(run) {
  const now = JSON.stringify(run);
  if (now === setup) return;
  setup = now;
  $('name').textContent = run.name;
  $('command').textContent = run.command;
  $('config').textContent = run.config;
  $('versions').replaceChildren(...Object.entries(run.versions).flatMap(([name, version]) => {
    const dt = document.createElement('dt');
    dt.textContent = name;
    const dd = document.createElement('dd');
    dd.textContent = version;
    return [dt, dd];
  }));
}

// ---- pictures ------------------------------------------------------------------------------------------------------------------------

/** The same elements are used again, so that pictures change without a flicker. */
function children(parent, count, make) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(make());
  return [...parent.children];
}

function picture(img, src, alt, size) {
  if (img.getAttribute('src') !== src) img.src = src;
  img.alt = alt;
  img.classList.toggle('small', size < 96);
}

function crop() {
  const figure = document.createElement('figure');
  figure.className = 'crop';
  figure.append(document.createElement('img'), document.createElement('figcaption'));
  return figure;
}

function sample() {
  const card = document.createElement('div');
  card.className = 'sample';
  const [name, globals, locals] = ['h3', 'div', 'div'].map((tag) => document.createElement(tag));
  globals.className = 'globals';
  locals.className = 'locals';
  card.append(name, globals, locals);
  return card;
}

function drawCrops(crops) {
  if (!crops.images) return false;
  $('crops').hidden = false;
  $('crops-step').textContent = `the batch of step ${crops.step.toLocaleString('en-US')}`;
  children($('crop-images'), crops.images.length, sample).forEach((card, i) => {
    const { name, globals, locals } = crops.images[i];
    card.children[0].textContent = name;
    card.children[0].title = name;
    children(card.children[1], globals.length, crop).forEach((figure, c) => {
      const { src, size, masked, patches } = globals[c];
      const share = masked > 0 ? `${masked} of ${patches} masked` : 'not masked';
      picture(figure.firstChild, src, `${name}: global crop ${c + 1}, ${share}`, size);
      figure.lastChild.textContent = share;
    });
    children(card.children[2], locals.length, () => document.createElement('img')).forEach((img, c) => {
      picture(img, locals[c].src, `${name}: local crop ${c + 1}`, locals[c].size);
    });
  });
  return true;
}

function pair() {
  const card = document.createElement('div');
  card.className = 'pair';
  card.append(document.createElement('img'), document.createElement('img'));
  return card;
}

function drawPatches(patches) {
  if (!patches.images) return false;
  $('patches').hidden = false;
  $('patches-step').textContent = `After step ${patches.step.toLocaleString('en-US')}.`;
  children($('patch-images'), patches.images.length, pair).forEach((card, i) => {
    const { src, colors, size } = patches.images[i];
    picture(card.children[0], src, `image ${i + 1}`, size);
    picture(card.children[1], colors, `patch features of image ${i + 1}`, 0);
  });
  return true;
}

// ---- asking --------------------------------------------------------------------------------------------------------------------------

const looking = () => !document.hidden && !$('pause').checked;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function numbers() {
  const [run, newState, answer, newKnn] = await Promise.all([
    ask('run'), ask('state'), ask(`metrics?from=${data.next}&generation=${data.generation}`), ask('knn'),
  ]);
  state = newState;
  knn = newKnn.knn;
  take(answer);
  drawRun(run);
  drawMetrics();
  drawKnn();
  drawState();
}

async function follow() {
  for (;;) {
    if (looking()) {
      try {
        await numbers();
        $('trouble').hidden = true;
      } catch (e) {
        const gone = e instanceof TypeError; // nobody answered
        $('trouble').textContent = gone
          ? `The run's process does not answer any more; this is what it last said. If it has ended: ./dino4j watch shows its folder.`
          : e.message;
        $('trouble').hidden = false;
        pill(gone ? 'connection lost' : 'trouble', 'lost');
        if (!gone) console.error(e);
      }
    }
    await wait(state?.status === 'running' ? POLL : SLOW_POLL);
  }
}

/** Asks for pictures again and again; the first come a step after they were asked for. */
async function pictures(path, draw, interval) {
  for (;;) {
    let drawn = false;
    if (looking() && state?.pictures) {
      try {
        drawn = draw(await ask(path));
        if (drawn) navigation();
      } catch (e) {
        if (!(e instanceof TypeError)) console.error(e); // else the other loop says that nobody answers
      }
    }
    await wait(drawn ? interval : 1000);
  }
}

$('controls').addEventListener('change', () => {
  drawMetrics();
});
$('controls').addEventListener('submit', (e) => e.preventDefault());
document.addEventListener('visibilitychange', () => {
  if (looking()) numbers().catch(() => {}); // the loop tells of trouble
});
navigation();
follow();
pictures('crops', drawCrops, CROPS);
pictures('patches', drawPatches, PATCHES);
