/* Notices in the browser: shown and played once each. Permission is asked for by a button, never by itself. */
(function () {
  "use strict";
  const bot = window.supportBot;
  const can = "Notification" in window;
  const shown = new Set(); // numbers may come late, behind larger ones

  function allowed() {
    const line = document.querySelector("[data-allowed]");
    if (!line) return;
    const words = { granted: "This browser shows them.", denied: "This browser refuses: allow it in its settings." };
    line.textContent = can ? words[Notification.permission] || "" : "This browser shows none on this address.";
  }

  bot.local["allow-notices"] = async () => {
    if (can) await Notification.requestPermission();
    allowed();
  };

  function show(ring) {
    if (!can || Notification.permission !== "granted") return;
    try { // of several tabs the last one stays: they say the same
      const notice = new Notification(ring.dataset.title, { body: ring.dataset.body, tag: "ring-" + ring.dataset.ring });
      notice.onclick = () => { window.focus(); notice.close(); };
    } catch { /* some phones show none without a service worker */ }
  }

  /* Two short notes, made here: no file is fetched. A page nobody touched yet may not play. */
  function play() {
    try {
      const audio = new AudioContext();
      for (const [start, pitch] of [[0, 660], [0.18, 880]]) {
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.12, audio.currentTime + start);
        volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + 0.16);
        tone.connect(volume).connect(audio.destination);
        tone.start(audio.currentTime + start);
        tone.stop(audio.currentTime + start + 0.17);
      }
      setTimeout(() => audio.close(), 1000);
    } catch { /* no sound here */ }
  }

  bot.hooks.refreshed.push((element) => {
    allowed();
    const fresh = Array.from(element.querySelectorAll("[data-ring]")).filter((ring) => !shown.has(ring.dataset.ring));
    if (!fresh.length) return;
    for (const ring of fresh) {
      shown.add(ring.dataset.ring);
      show(ring);
    }
    if (fresh.some((ring) => "sound" in ring.dataset)) play();
  });
})();
