/* Every text the widget shows. Channel name, greeting and suggested questions come from the server. */

export function duration(seconds) {
  const whole = Math.max(1, Math.ceil(seconds));
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}

export const TEXT = {
  open: "Open chat",
  openUnread: (count) => `Open chat, ${count} new ${count === 1 ? "message" : "messages"}`,
  close: "Close chat",
  title: "Chat",
  assistant: "Automated assistant",
  intro: "You can ask for a person at any time.",
  suggestions: "Suggested questions",
  conversation: "Conversation",
  you: "You",
  team: "Our team",
  input: "Your message",
  placeholder: "Write a message …",
  send: "Send message",
  download: "Download this conversation",
  end: "End chat",
  endSure: "End chat: press again to confirm",
  startNew: "Start a new conversation",
  newBelow: "More below",

  thinking: "Looking in the help articles",
  writing: "Writing the answer",
  queued: (place, seconds) =>
    (place > 1 ? `You are number ${place} in line` : "You are next") + (seconds >= 1 ? `, about ${duration(seconds)}` : ""),
  typing: (name) => `${name || "Our team"} is writing`,
  evidence: "Found in our help articles",
  source: (index, title) => `Source ${index}: ${title}. Opens the passage.`,
  sources: "Sources",
  announceSources: (count) => `${count} ${count === 1 ? "source" : "sources"}.`,

  helpful: "Did this help?",
  yes: "Yes",
  no: "No",
  thanks: "Thank you.",
  thanksNo: "Thank you. A person can look at this.",
  rate: "How was this conversation?",
  rating: (score) => `${score} of 5`,
  bad: "Bad",
  good: "Good",

  person: "Talk to a person",
  personAsked: "A person has been asked for",
  waiting: "Waiting for a person",
  email: "Your e-mail address",
  leaveEmail: "Leave it",
  human: (name) => (name ? `${name}, our team` : "A person from our team"),
  closed: "Conversation closed",
  nowClosed: "This conversation is closed. Write a message to open it again.",

  back: "Back to the conversation",
  passage: "Help article",
  openArticle: "Open the article in a new tab",
  passageGone: "This article has changed or was removed since the answer was written.",
  passageFailed: "The article could not be loaded. Try again in a moment.",

  offline: "You are offline. You can keep writing; messages are sent when you are back.",
  lost: "The connection was lost. Trying again.",
  unreachable: "We cannot be reached right now. Trying again.",
  unavailable: "This chat is not available on this website.",
  off: "This chat is switched off at the moment.",
  restarted: "Your earlier conversation has ended. This is a new one.",
  waitsOffline: "Not sent yet. It is sent when you are online again.",
  waitsLimit: (seconds) => `Too many messages. This one is sent in ${duration(seconds)}.`,
  waitsBusy: (seconds) => `We are busy. This message is sent in ${duration(seconds)}.`,
  waitsError: (seconds) => `Not sent yet. Trying again in ${duration(seconds)}.`,
  notSent: "Not sent.",
  tryAgain: "Try again",
  failed: "That did not work.",
  later: (seconds) => (seconds ? `Try again in ${duration(seconds)}.` : "Try again in a moment."),
};
