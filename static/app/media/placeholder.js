import { made, html } from '../html.js';
import { thumbHashToRGBA } from '../../vendor/thumbhash/thumbhash.js';

/** Return a blurred picture from a ThumbHash in base64, as a canvas; null without a (valid) hash. */
export function placeholder(hash) {
  if (!hash) return null;
  try {
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0)));
    const canvas = made(html`<canvas class="placeholder" width=${w} height=${h} aria-hidden="true"></canvas>`);
    canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
    return canvas;
  } catch {
    return null;
  }
}
