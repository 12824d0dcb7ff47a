// The large picture, of which a patch can be chosen.
import { fitted, heat, make, put, putOnPatch, range } from './tiles.js';

const WHOLE = { left: 0, top: 0, width: 1, height: 1 };

/** Shows a picture in `stage`; `chosen(row, column)` is called for a patch. */
export class Picker {
  constructor(stage, image, alt, chosen) {
    this.grid = image.grid;
    this.inner = { ...WHOLE, rows: image.grid.rows, columns: image.grid.columns };
    this.chosen = chosen;
    this.row = Math.floor(image.grid.rows / 2);
    this.column = Math.floor(image.grid.columns / 2);
    const fit = fitted(image, alt);
    fit.style.height = 'auto';
    fit.style.aspectRatio = `${image.width} / ${image.height}`;
    if (image.height > image.width) fit.style.width = `${(100 * image.width) / image.height}%`;
    this.img = fit.querySelector('img');
    this.img.loading = 'eager';
    this.cursor = make('span', { class: 'mark cursor', hidden: true });
    this.mark = make('span', { class: 'mark', hidden: true });
    this.layer = make('div', {
      class: 'picker', tabindex: '0', role: 'application',
      'aria-label': `Patches of the picture, ${image.grid.rows} rows of ${image.grid.columns}: arrow keys move, Enter searches`,
    }, this.mark, this.cursor);
    put(this.layer, image.grid.left, image.grid.top, image.grid.width, image.grid.height);
    fit.append(this.layer);
    stage.replaceChildren(fit);
    this.listen();
  }

  listen() {
    const at = (event) => {
      const box = this.layer.getBoundingClientRect();
      const cell = (part, count) => Math.min(count - 1, Math.max(0, Math.floor(part * count)));
      return [cell((event.clientY - box.top) / box.height, this.grid.rows), cell((event.clientX - box.left) / box.width, this.grid.columns)];
    };
    this.layer.addEventListener('pointermove', (event) => this.move(...at(event)));
    this.layer.addEventListener('pointerleave', () => { this.cursor.hidden = document.activeElement !== this.layer; });
    this.layer.addEventListener('focus', () => this.move(this.row, this.column));
    this.layer.addEventListener('blur', () => { this.cursor.hidden = true; });
    this.layer.addEventListener('click', (event) => this.chosen(...at(event)));
    this.layer.addEventListener('keydown', (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (step) this.move(this.row + step[0], this.column + step[1]);
      else if (event.key === 'Enter' || event.key === ' ') this.chosen(this.row, this.column);
      else return;
      event.preventDefault();
    });
  }

  move(row, column) {
    this.row = Math.min(this.grid.rows - 1, Math.max(0, row));
    this.column = Math.min(this.grid.columns - 1, Math.max(0, column));
    this.cursor.hidden = false;
    putOnPatch(this.cursor, this.inner, this.row, this.column);
  }

  /** Marks the patch that was chosen. */
  choose(row, column) {
    this.row = row;
    this.column = column;
    this.mark.hidden = false;
    putOnPatch(this.mark, this.inner, row, column);
  }

  /** Lays the similarity of its own patches over the picture. */
  warm(values) {
    this.layer.querySelector('canvas')?.remove();
    if (values) this.layer.prepend(heat(values, this.inner, range([values])));
  }

  /** Leaves the picture as it was before a patch was chosen. */
  cool() {
    this.mark.hidden = true;
    this.warm(null);
  }

  /** Shows another picture of the same image. */
  show(src) {
    if (this.img.src !== src) this.img.src = src;
  }
}
