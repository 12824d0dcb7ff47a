// Tiles of pictures, and heat over them.

/** An element with attributes and children; text is always text, never HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const percent = (part) => `${100 * part}%`;

/** Puts an element where a part of its parent's sides is. */
export function put(element, left, top, width, height) {
  Object.assign(element.style, { left: percent(left), top: percent(top), width: percent(width), height: percent(height) });
  return element;
}

/** Puts an element over a patch of an image whose grid covers the part that `grid` says. */
export function putOnPatch(element, grid, row, column) {
  const width = grid.width / grid.columns;
  const height = grid.height / grid.rows;
  return put(element, grid.left + column * width, grid.top + row * height, width, height);
}

// dark blue, violet, orange, yellow: the eye reads it in one direction, and it differs from most photos
const STOPS = [[20, 16, 72], [126, 32, 132], [236, 92, 58], [255, 214, 70]];

function color(share) {
  const at = Math.min(0.999, Math.max(0, share)) * (STOPS.length - 1);
  const [low, high] = [STOPS[Math.floor(at)], STOPS[Math.floor(at) + 1]];
  return low.map((value, c) => value + (at - Math.floor(at)) * (high[c] - value));
}

/** A canvas with a pixel for each patch; what is not warm is clear. */
export function heat(values, grid, [low, high]) {
  const canvas = make('canvas', { class: 'heat', width: grid.columns, height: grid.rows, 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(grid.columns, grid.rows);
  values.forEach((value, p) => {
    const share = Math.min(1, Math.max(0, (value - low) / Math.max(1e-6, high - low)));
    pixels.data.set([...color(share), 255 * Math.sqrt(share)], 4 * p);
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** From the middle of all values to the largest but a few: one scale for all maps of an answer. */
export function range(maps) {
  const sorted = maps.flat().sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return [at(0.6), at(0.998)];
}

/** A picture that fills a square as far as its aspect allows, for things to be laid over it. */
export function fitted(image, alt) {
  const longest = Math.max(image.width, image.height);
  const small = longest < 128;
  const img = make('img', { src: image.src ?? image.thumbnail, alt, loading: 'lazy', decoding: 'async', class: small ? 'small' : undefined });
  const fit = make('span', { class: 'fit' }, img);
  fit.style.width = percent(image.width / longest);
  fit.style.height = percent(image.height / longest);
  return fit;
}

/** One picture of the set as a link to its page. */
export function tile(image, { colors = false, scale } = {}) {
  const cut = image.name.lastIndexOf('/') + 1;
  const src = colors ? image.thumbnail.replace('thumbnail.jpg', 'pca.png') : image.thumbnail;
  const fit = fitted({ ...image, src }, colors ? `Feature colours of ${image.name}` : image.name);
  if (image.heat) {
    const canvas = heat(image.heat, image.grid, scale);
    put(canvas, image.grid.left, image.grid.top, image.grid.width, image.grid.height);
    fit.append(canvas, putOnPatch(make('span', { class: 'mark' }), image.grid, image.row, image.column));
  }
  const label = make('span', { class: 'label' });
  if (image.similarity !== undefined) label.append(make('span', { class: 'value' }, image.similarity.toFixed(3)));
  label.append(make('span', { class: 'file' }, image.name.slice(cut)));
  if (cut > 0) label.append(make('span', { class: 'path' }, image.name.slice(0, cut - 1)));
  const parts = [make('span', { class: 'frame' }, fit)];
  if (image.similarity !== undefined) {
    const bar = make('span');
    bar.style.width = percent(Math.max(0, image.similarity));
    parts.push(make('span', { class: 'meter', 'aria-hidden': 'true' }, bar));
  }
  return make('li', {}, make('a', { class: 'tile', href: `#/image/${image.image}`, title: image.name }, ...parts, label));
}
