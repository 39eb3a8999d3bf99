/* Chinese (simplified). What is not here is said in English; the functions take what those of texts.js take. */

function duration(seconds) {
  const whole = Math.max(1, Math.ceil(seconds));
  return whole < 90 ? `${whole} 秒` : `${Math.round(whole / 60)} 分钟`;
}

export const texts = {
  close: "关闭聊天",
  title: "聊天",
  assistant: "自动助手",
  intro: "您可以随时要求人工服务。",
  suggestions: "常见问题",
  conversation: "对话",
  you: "您",
  team: "客服团队",
  input: "您的消息",
  placeholder: "输入消息…",
  send: "发送消息",
  download: "下载此对话",
  end: "结束聊天",
  endSure: "结束聊天：再按一次确认",
  startNew: "开始新的对话",
  newBelow: "下方还有内容",

  thinking: "正在查找帮助文章",
  writing: "正在撰写回答",
  queued: (place, seconds) => (place > 1 ? `您排在第 ${place} 位` : "马上轮到您") + (seconds >= 1 ? `，约 ${duration(seconds)}` : ""),
  typing: (name) => `${name || "客服"}正在输入`,
  evidence: "在帮助文章中找到",
  source: (index, title) => `来源 ${index}：${title}。打开原文。`,
  sources: "来源",
  announceSources: (count) => `${count} 个来源。`,

  helpful: "这有帮助吗？",
  yes: "有",
  no: "没有",
  thanks: "谢谢。",
  thanksNo: "谢谢。可以请人工客服查看。",
  rate: "您对这次对话满意吗？",
  rating: (score) => `5 分中的 ${score} 分`,
  bad: "不满意",
  good: "满意",

  person: "联系人工客服",
  personAsked: "已请求人工客服",
  waiting: "正在等待人工客服",
  email: "您的电子邮箱",
  leaveEmail: "留下邮箱",
  human: (name) => (name ? `${name}，客服团队` : "客服团队成员"),
  closed: "对话已结束",
  nowClosed: "此对话已结束。发送消息即可重新打开。",

  back: "返回对话",
  passage: "帮助文章",
  openArticle: "在新标签页中打开文章",
  passageGone: "回答之后，这篇文章已更改或删除。",
  passageFailed: "文章无法加载，请稍后再试。",

  offline: "您已离线。可以继续输入，恢复连接后会发送。",
  lost: "连接已断开，正在重试。",
  unreachable: "暂时无法连接，正在重试。",
  unavailable: "此网站无法使用该聊天。",
  off: "该聊天目前已关闭。",
  restarted: "之前的对话已结束，这是新的对话。",
  waitsOffline: "尚未发送，恢复连接后会发送。",
  waitsLimit: (seconds) => `消息过多，此消息将在 ${duration(seconds)}后发送。`,
  waitsBusy: (seconds) => `目前繁忙，此消息将在 ${duration(seconds)}后发送。`,
  waitsError: (seconds) => `尚未发送，${duration(seconds)}后重试。`,
  notSent: "未发送。",
  tryAgain: "重试",
  failed: "操作未成功。",
  later: (seconds) => (seconds ? `请在 ${duration(seconds)}后重试。` : "请稍后再试。"),
};
