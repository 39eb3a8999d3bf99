/* For the help desk's page: shows the panel in a frame and puts a draft into the page's own reply field.

   <script src="https://bot.example.com/copilot.js" data-connector="desk" data-token="…" data-into="#commentBox"></script>
   `data-token` is signed by the help desk for this ticket; without it `data-ticket` and an own login. `data-in` is where
   the frame goes; without it, where the script stands. Messages count only from our own frame and its exact origin. */

(() => {
  const script = document.currentScript;
  const { connector, token, ticket, into, in: place } = script.dataset;
  const page = new URL("copilot", script.src);
  page.searchParams.set("connector", connector ?? "");
  if (!token) page.searchParams.set("ticket", ticket ?? "");
  else page.hash = new URLSearchParams({ token }).toString();

  const frame = document.createElement("iframe");
  frame.title = "Copilot";
  frame.width = "100%";
  frame.height = "480";
  frame.referrerPolicy = "origin";
  frame.style.border = "0";
  frame.allow = "";
  frame.loading = "lazy";
  // Safe only because the bot has an origin of its own.
  frame.sandbox = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  frame.addEventListener("load", () => frame.contentWindow.postMessage({ v: 1, type: "hello" }, page.origin));
  frame.src = page.href;
  (place ? document.querySelector(place) : null)?.append(frame);
  if (!frame.isConnected) script.after(frame);

  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== page.origin) return;
    const said = event.data;
    if (said?.v !== 1 || said.type !== "insert" || typeof said.text !== "string") return;
    const field = into ? document.querySelector(into) : null;
    if (!field) return;
    field.value = [field.value.trimEnd(), said.text].filter(Boolean).join("\n\n");
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    field.focus();
  });
})();
