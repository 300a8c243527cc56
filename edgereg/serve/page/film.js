// The live picture of live.mp4: fragments fetched and handed to the browser's player as they come.

const KEPT_S = 10;
// Further behind the latest picture than this, the player jumps to it.
const BEHIND_S = 1;
const CLOSE_S = 0.15;

export const canFilm = () =>
  "MediaSource" in window && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42c01f"');

export class Film {
  // failed(): nothing more comes, or the player can't take it.
  constructor(video, address, failed) {
    this.video = video;
    this.over = new AbortController();
    this.failed = failed;
    this.#play(address).catch(() => {}).then(() => {
      if (!this.over.signal.aborted) this.failed();
    });
  }

  stop() {
    this.over.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }

  async #play(address) {
    const answer = await fetch(address, { cache: "no-store", signal: this.over.signal });
    if (!answer.ok) return;
    const reader = answer.body.getReader();
    const { start, codec } = await beginning(reader);
    const source = new MediaSource();
    this.video.src = URL.createObjectURL(source);
    await new Promise((opened) => source.addEventListener("sourceopen", opened, { once: true }));
    URL.revokeObjectURL(this.video.src);
    const buffer = source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
    for (let part = start; part; part = (await reader.read()).value) {
      await done(buffer, () => buffer.appendBuffer(part));
      await this.#follow(buffer);
    }
  }

  // Stay at the latest picture, and forget what was seen.
  async #follow(buffer) {
    if (buffer.buffered.length === 0) return;
    const [first, last] = [buffer.buffered.start(0), buffer.buffered.end(0)];
    const now = this.video.currentTime;
    if (now < first || last - now > BEHIND_S) this.video.currentTime = Math.max(first, last - CLOSE_S);
    if (this.video.paused) await this.video.play().catch(() => {});
    if (now - first > KEPT_S) await done(buffer, () => buffer.remove(first, now - KEPT_S / 2));
  }
}

function done(buffer, begin) {
  return new Promise((resolve, reject) => {
    buffer.addEventListener("updateend", resolve, { once: true });
    buffer.addEventListener("error", reject, { once: true });
    begin();
  });
}

// What was read until the codec is known: its profile and level stand behind 'avcC'.
async function beginning(reader) {
  let start = new Uint8Array();
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) throw new Error("it ended before it began");
    const longer = new Uint8Array(start.length + value.length);
    longer.set(start);
    longer.set(value, start.length);
    start = longer;
    const place = new TextDecoder("latin1").decode(start).indexOf("avcC");
    if (place >= 0 && start.length >= place + 8) {
      const hex = [...start.slice(place + 5, place + 8)]
        .map((each) => each.toString(16).padStart(2, "0")).join("");
      return { start, codec: `avc1.${hex}` };
    }
  }
}
