import { make, range, tile } from './tiles.js';
import { Picker } from './picker.js';

const PAGE = 60;
const RESULTS = 24;
const POLL = 700; // ms between looks at near-duplicates that are being found

const $ = (id) => document.getElementById(id);
let set = { most_upload_bytes: Infinity };
let upload = null; // the image that was dropped: { blob, url, name, answer }
let shown = { key: '' }; // the picture on the stage
let turn = 0; // answers to what was asked before the last change of view are dropped

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: 'default', ...options });
  } catch {
    throw new Error('The server does not answer; it may have been stopped.');
  }
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `The server answers ${answer.status}.`);
  return answer;
}

const json = async (path, options) => (await ask(path, options)).json();

function trouble(error) {
  $('trouble').hidden = !error;
  $('trouble').textContent = error?.message ?? '';
}

function colors() {
  return $('colors').checked;
}

// ---- pictures of the set --------------------------------------------------------------------------------------------------------------

const gallery = { from: 0, filter: null, colors: null };

async function browse(mine) {
  if (gallery.filter === $('filter').value && gallery.colors === colors()) return;
  gallery.from = 0;
  const answer = await page(0);
  if (mine === turn) fill(answer, true);
}

function page(from) {
  return json(`/api/images?${new URLSearchParams({ from, count: PAGE, q: $('filter').value })}`);
}

function fill(answer, fresh) {
  const tiles = answer.images.map((image) => tile(image, { colors: colors() }));
  if (fresh) $('tiles').replaceChildren(...tiles);
  else $('tiles').append(...tiles);
  gallery.from = answer.from + answer.images.length;
  gallery.filter = $('filter').value;
  gallery.colors = colors();
  $('more').hidden = gallery.from >= answer.total;
  $('matches').textContent = gallery.filter ? `${answer.total.toLocaleString()} of ${set.images.toLocaleString()}` : '';
}

// ---- one picture ----------------------------------------------------------------------------------------------------------------------

/** What the view needs to know of an image of the set. */
function ofSet(number) {
  return {
    key: `image ${number}`,
    route: `#/image/${number}`,
    about: async () => {
      const image = await json(`/api/images/${number}`);
      return { ...image, src: image.picture };
    },
    colored: async (image) => image.pca,
    nearest: async () => (await json(`/api/images/${number}/neighbours?k=${RESULTS}`)).neighbours,
    patches: (row, column) => json(`/api/images/${number}/patches/${row}/${column}?k=${RESULTS}`),
  };
}

/** And of one that was dropped. The server keeps nothing of it: it is sent again with every question. */
function ofUpload(dropped) {
  const send = (path) => ask(path, { method: 'POST', body: dropped.blob });
  const answer = async () => (dropped.answer ??= await (await send(`/api/search?k=${RESULTS}`)).json());
  return {
    key: dropped.url,
    route: '#/upload',
    about: async () => ({ ...(await answer()), name: dropped.name, src: dropped.url }),
    colored: async () => (dropped.pca ??= URL.createObjectURL(await (await send('/api/search/pca.png')).blob())),
    nearest: async () => (await answer()).neighbours,
    patches: async (row, column) => (await send(`/api/search/patches/${row}/${column}?k=${RESULTS}`)).json(),
  };
}

async function one(subject, patch, mine) {
  if (shown.key !== subject.key) {
    shown = { key: '' };
    for (const id of ['results', 'stage', 'image-name', 'image-size', 'patch-state']) $(id).replaceChildren();
    const image = await subject.about();
    if (mine !== turn) return;
    const picker = new Picker($('stage'), image, image.name, (row, column) => { location.hash = `${subject.route}/patch/${row}/${column}`; });
    shown = { key: subject.key, image, picker };
    $('image-name').textContent = image.name;
    $('image-size').textContent = `${image.width} × ${image.height} pixels`;
    window.scrollTo(0, 0);
  }
  const { image, picker } = shown;
  const asked = patch ? subject.patches(...patch) : subject.nearest();
  $('results').classList.add('busy');
  if (patch) picker.choose(...patch);
  else picker.cool();
  picker.show(colors() ? await subject.colored(image) : image.src);
  const found = await asked;
  if (mine !== turn) return;
  $('results').classList.remove('busy');
  if (patch) showPatches(subject, patch, found);
  else showNearest(found);
}

function showNearest(found) {
  $('results-title').textContent = 'Nearest pictures';
  $('patch-state').replaceChildren();
  $('results').replaceChildren(...found.map((hit) => tile(hit, { colors: colors() })));
}

function showPatches(subject, [row, column], found) {
  $('results-title').textContent = `Patches like row ${row + 1}, column ${column + 1}`;
  $('patch-state').replaceChildren(
    `Patch in row ${row + 1}, column ${column + 1}. Warm patches are like it. `, make('a', { href: subject.route }, 'Back to the nearest pictures'));
  shown.picker.warm(found.heat);
  const scale = range(found.hits.map((hit) => hit.heat));
  $('results').replaceChildren(...found.hits.map((hit) => tile(hit, { scale })));
}

// ---- near-duplicates ------------------------------------------------------------------------------------------------------------------

function duration(seconds) {
  if (seconds < 0) return '';
  return seconds < 60 ? `, ${seconds} s left` : `, ${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
}

async function duplicates(mine) {
  for (;;) {
    const answer = await json('/api/duplicates');
    if (mine !== turn) return;
    const working = answer.state === 'working';
    $('working').hidden = !working;
    if (answer.state === 'failed') throw new Error(`Near-duplicates cannot be found: ${answer.task}`);
    if (!working) {
      showGroups(answer.groups);
      return;
    }
    const share = answer.total > 0 ? (100 * answer.done) / answer.total : 0;
    $('working').setAttribute('aria-valuenow', Math.round(share));
    $('working').firstElementChild.style.width = `${share}%`;
    $('duplicates-state').textContent = `Looking, once for this set: ${answer.task}${duration(answer.seconds_left)}`;
    await new Promise((done) => setTimeout(done, POLL));
    if (mine !== turn) return;
  }
}

function showGroups(groups) {
  const copies = groups.reduce((sum, group) => sum + group.length - 1, 0);
  const counted = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
  $('duplicates-state').textContent = groups.length === 0
    ? 'There are none in this set.'
    : `${counted(groups.length, 'group', 'groups')}, ${counted(copies, 'picture', 'pictures')} that could go.`;
  $('groups').replaceChildren(...groups.map((group) => make('section', { class: 'group' },
    make('h3', {}, `${group.length} pictures`), make('ul', { class: 'tiles' }, ...group.map((image) => tile(image, { colors: colors() }))))));
}

// ---- images from elsewhere ------------------------------------------------------------------------------------------------------------

/** JPEG and PNG go as they are; what else the browser can show is sent as PNG. */
async function readable(file) {
  if (['image/jpeg', 'image/png'].includes(file.type)) return file;
  const bitmap = await createImageBitmap(file).catch(() => { throw new Error(`${file.name || 'What was dropped'} is not an image that this browser can read.`); });
  const canvas = make('canvas', { width: bitmap.width, height: bitmap.height });
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

async function search(file) {
  if (!file) return;
  try {
    const blob = await readable(file);
    if (blob.size > set.most_upload_bytes) throw new Error(`The image has more than ${set.most_upload_bytes >> 20} MB.`);
    if (upload) {
      URL.revokeObjectURL(upload.url);
      if (upload.pca) URL.revokeObjectURL(upload.pca);
    }
    upload = { blob, url: URL.createObjectURL(blob), name: file.name || 'pasted image' };
    if (location.hash === '#/upload') show();
    else location.hash = '#/upload';
  } catch (error) {
    trouble(error);
  }
}

function listenForImages() {
  const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  let depth = 0; // dragenter and dragleave come for every element on the way
  addEventListener('dragenter', (event) => { if (holds(event)) { depth++; $('drop').hidden = false; } });
  addEventListener('dragleave', (event) => { if (holds(event) && --depth <= 0) { depth = 0; $('drop').hidden = true; } });
  addEventListener('dragover', (event) => { if (holds(event)) event.preventDefault(); });
  addEventListener('drop', (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    depth = 0;
    $('drop').hidden = true;
    search(event.dataTransfer.files[0]);
  });
  addEventListener('paste', (event) => search([...event.clipboardData.files][0]));
  $('file').addEventListener('change', () => { search($('file').files[0]); $('file').value = ''; });
}

// ---- views ----------------------------------------------------------------------------------------------------------------------------

function route() {
  const hash = location.hash;
  const image = hash.match(/^#\/image\/(\d+)(?:\/patch\/(\d+)\/(\d+))?$/);
  const own = hash.match(/^#\/upload(?:\/patch\/(\d+)\/(\d+))?$/);
  const patch = (row, column) => (row === undefined ? null : [Number(row), Number(column)]);
  if (image) return ['image', (mine) => one(ofSet(Number(image[1])), patch(image[2], image[3]), mine)];
  if (own && upload) return ['image', (mine) => one(ofUpload(upload), patch(own[1], own[2]), mine)];
  return hash === '#/duplicates' ? ['duplicates', duplicates] : ['browse', browse];
}

async function show() {
  const mine = ++turn;
  const [view, work] = route();
  for (const section of ['browse', 'image', 'duplicates']) $(section).hidden = section !== view;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  trouble(null);
  try {
    await work(mine);
  } catch (error) {
    if (mine === turn) {
      $('results').classList.remove('busy');
      trouble(error);
    }
  }
}

async function start() {
  listenForImages();
  addEventListener('hashchange', show);
  $('colors').addEventListener('change', show);
  let typing;
  $('filter').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(show, 200); });
  $('more').addEventListener('click', () => page(gallery.from).then((answer) => fill(answer, false), trouble));
  try {
    set = await json('/api/set');
    $('name').textContent = set.name;
    document.title = `${set.name} · dino4j image search`;
    const without = set.unreadable > 0 ? `, ${set.unreadable.toLocaleString()} unreadable` : '';
    $('count').textContent = `${set.images.toLocaleString()} pictures${without}`;
    $('colors').closest('label').hidden = set.with_patches === 0;
  } catch (error) {
    trouble(error);
  }
  show();
}

start();
