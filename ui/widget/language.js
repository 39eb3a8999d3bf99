/* Which language the chat speaks, and the few words that are needed before it is opened. The others come with the panel. */

const unread = (open, one, many) => [open, (count) => `${open}, ${count} ${count === 1 ? one : many}`];

const WORDS = {
  en: [...unread("Open chat", "new message", "new messages"), "Close chat"],
  es: [...unread("Abrir chat", "mensaje nuevo", "mensajes nuevos"), "Cerrar chat"],
  fr: [...unread("Ouvrir le chat", "nouveau message", "nouveaux messages"), "Fermer le chat"],
  de: [...unread("Chat öffnen", "neue Nachricht", "neue Nachrichten"), "Chat schließen"],
  pt: [...unread("Abrir chat", "mensagem nova", "mensagens novas"), "Fechar chat"],
  zh: ["打开聊天", (count) => `打开聊天，${count} 条新消息`, "关闭聊天"],
};
const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ku|ps|sd|ug|ur|yi)\b/i;

/* What the tag asks for, else the page's language, else the visitor's: the first that there are words in. */
export function languageOf(asked) {
  const wishes = [asked, document.documentElement.lang, ...(navigator.languages ?? [])].filter(Boolean);
  const known = wishes.map((tag) => tag.toLowerCase().split(/[-_]/)[0]).find((tag) => tag in WORDS) ?? "en";
  const [open, openUnread, close] = WORDS[known];
  return { code: known, open, openUnread, close, direction: RIGHT_TO_LEFT.test(wishes[0] ?? "") ? "rtl" : "ltr" };
}
