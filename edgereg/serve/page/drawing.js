// A box drawn on the live picture, with a finger, a mouse or the keyboard.

const STEP = 0.02;
const SMALLEST = 4;

export class Drawing {
  // canvas: lies over the picture. done(box): x, y, width, height as shares of the picture, or
  // null where the user gave up.
  constructor(canvas, done) {
    this.canvas = canvas;
    this.done = done;
    this.box = null;
    this.start = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  get active() {
    return this.canvas.classList.contains("drawing");
  }

  begin() {
    this.canvas.classList.add("drawing");
    this.canvas.hidden = false;
    this.canvas.tabIndex = 0;
    this.canvas.focus();
    this.box = [0.4, 0.35, 0.2, 0.3];
    this.#paint();
  }

  end(box = null) {
    if (!this.active) return;
    this.canvas.classList.remove("drawing");
    this.canvas.hidden = true;
    this.box = this.start = null;
    this.done(box);
  }

  #place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const inside = (value) => Math.min(Math.max(value, 0), 1);
    return [inside((event.clientX - left) / width), inside((event.clientY - top) / height)];
  }

  #down(event) {
    if (!this.active) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.start = this.#place(event);
  }

  #move(event) {
    if (!this.start) return;
    const [x, y] = this.#place(event);
    const [x0, y0] = this.start;
    this.box = [Math.min(x, x0), Math.min(y, y0), Math.abs(x - x0), Math.abs(y - y0)];
    this.#paint();
  }

  #up(event) {
    if (!this.start) return;
    this.#move(event);
    this.start = null;
    const { clientWidth, clientHeight } = this.canvas;
    const [, , width, height] = this.box;
    if (width * clientWidth >= SMALLEST && height * clientHeight >= SMALLEST) this.end(this.box);
  }

  // Arrows move the box, with Shift they change its size.
  #key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Escape") this.end();
    else if (event.key === "Enter") this.end(this.box);
    else if (way[event.key]) this.#nudge(way[event.key], event.shiftKey);
    else return;
    event.preventDefault();
  }

  #nudge([right, down], resize) {
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    let [x, y, width, height] = this.box;
    if (resize) {
      width = Math.max(within(width + right * STEP, 1 - x), STEP);
      height = Math.max(within(height + down * STEP, 1 - y), STEP);
    } else {
      x = within(x + right * STEP, 1 - width);
      y = within(y + down * STEP, 1 - height);
    }
    this.box = [x, y, width, height];
    this.#paint();
  }

  #paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.canvas.width = width;
    this.canvas.height = height;
    const pen = this.canvas.getContext("2d");
    pen.fillStyle = "#0008";
    pen.fillRect(0, 0, width, height);
    const [x, y, w, h] = this.box;
    const place = [x * width, y * height, w * width, h * height];
    pen.clearRect(...place);
    pen.strokeStyle = "#fff";
    pen.lineWidth = 2;
    pen.strokeRect(...place);
  }
}
