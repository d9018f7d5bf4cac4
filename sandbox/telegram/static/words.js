// The page's own words; what the bot says is the bot's affair.

const WORDS = {
  en: {
    title: "Chats", messages: "Messages", page: "Telegram sandbox", chats: "Chats", newCustomer: "New customer",
    name: "Name", hisLanguage: "Their language", add: "Add", message: "Message", send: "Send",
    attach: "Attach a file", menu: "Menu", commands: "Commands", keyboard: "Bot's keyboard",
    back: "Back to the chats", closePane: "Close this chat", beside: "Open beside",
    switchLanguage: "Перейти на русский", bot: "bot", you: "you are {name}", typing: "is typing",
    upload_document: "is sending a file", upload_photo: "is sending a photo",
    members: "{count} members", member: "1 member", connecting: "Connecting…",
    start: "START", restart: "RESTART BOT", block: "Stop and block the bot", unblock: "Unblock the bot",
    blocked: "You blocked the bot: nothing reaches you.",
    edited: "edited", pinned: "{name} pinned “{text}”", pinnedMessage: "Pinned message",
    copied: "Copied to the clipboard", copy: "Copy", copyCode: "Copy the code",
    photo: "Photo", openPhoto: "Open the photo",
    close: "Close", ok: "OK", download: "Download {name}", reply: "Reply", edit: "Edit",
    editing: "Edit the message", cancel: "Cancel", replyTo: "Reply to {name}", writeAs: "Write as",
    topics: "Topics", general: "General", closedTopic: "closed",
    topicCreated: "Topic “{name}” was created", topicEdited: "The topic is now called “{name}”",
    topicClosed: "The topic was closed", topicReopened: "The topic was opened again",
    forwarded: "Forwarded from {name}", toEnd: "To the newest message",
    payAmount: "Pay {amount}", decline: "Decline", total: "Total", checkout: "Checkout",
    waitingForBot: "The shop has {seconds} s to confirm…", paidToast: "Payment done: {amount}",
    notPaid: "The payment did not go through",
    paid: "You paid {amount} to {name}", refunded: "{amount} came back from {name}",
    today: "Today", yesterday: "Yesterday", spoiler: "Hidden text, press to show",
    showMore: "Show all", showLess: "Show less",
    welcome: "Be the customer", welcomeText:
      "This is a Telegram that lives on your machine. Choose who you are, press START, and buy: "
      + "cards are test cards, and nothing is charged.",
    asEnglish: "Anna, in English", asRussian: "Анна, по-русски",
    noMessages: "No messages here yet", greeting: "Press START below to meet the shop.",
    noCustomer: "Open a customer's chat first",
    unread: "{count} unread", bytes: "B", kilobytes: "KB", megabytes: "MB",
    sent: "Sent", seen: "Seen by the bot",
  },
  ru: {
    title: "Чаты", messages: "Сообщения", page: "Песочница Telegram", chats: "Чаты", newCustomer: "Новый покупатель",
    name: "Имя", hisLanguage: "Язык покупателя", add: "Добавить", message: "Сообщение", send: "Отправить",
    attach: "Прикрепить файл", menu: "Меню", commands: "Команды", keyboard: "Клавиатура бота",
    back: "К списку чатов", closePane: "Закрыть этот чат", beside: "Открыть рядом",
    switchLanguage: "Switch to English", bot: "бот", you: "вы — {name}", typing: "печатает",
    upload_document: "отправляет файл", upload_photo: "отправляет фото",
    members: "Участников: {count}", member: "1 участник", connecting: "Соединение…",
    start: "ЗАПУСТИТЬ", restart: "ПЕРЕЗАПУСТИТЬ", block: "Остановить и заблокировать бота", unblock: "Разблокировать бота",
    blocked: "Вы заблокировали бота: он не может вам писать.",
    edited: "изменено", pinned: "{name} закрепил(а) «{text}»", pinnedMessage: "Закреплённое сообщение",
    copied: "Скопировано", copy: "Копировать", copyCode: "Скопировать код",
    photo: "Фото", openPhoto: "Открыть фото",
    close: "Закрыть", ok: "ОК", download: "Скачать {name}", reply: "Ответить", edit: "Изменить",
    editing: "Изменение сообщения", cancel: "Отмена", replyTo: "Ответ: {name}", writeAs: "Писать от имени",
    topics: "Темы", general: "Общее", closedTopic: "закрыта",
    topicCreated: "Создана тема «{name}»", topicEdited: "Тема теперь называется «{name}»",
    topicClosed: "Тема закрыта", topicReopened: "Тема снова открыта",
    forwarded: "Переслано от {name}", toEnd: "К новым сообщениям",
    payAmount: "Заплатить {amount}", decline: "Отказаться", total: "Итого", checkout: "Оплата",
    waitingForBot: "Магазин подтверждает: осталось {seconds} с…", paidToast: "Оплата прошла: {amount}",
    notPaid: "Оплата не прошла",
    paid: "Вы заплатили {amount}: {name}", refunded: "Вам вернули {amount}: {name}",
    today: "Сегодня", yesterday: "Вчера", spoiler: "Скрытый текст, нажмите, чтобы показать",
    showMore: "Показать целиком", showLess: "Свернуть",
    welcome: "Побудьте покупателем", welcomeText:
      "Это Telegram, который живёт на вашем компьютере. Выберите, кто вы, запустите бота и купите: "
      + "карты тестовые, денег никто не спишет.",
    asEnglish: "Anna, in English", asRussian: "Анна, по-русски",
    noMessages: "Здесь пока нет сообщений", greeting: "Нажмите «Запустить», чтобы познакомиться с магазином.",
    noCustomer: "Сначала откройте чат покупателя",
    unread: "непрочитанных: {count}", bytes: "Б", kilobytes: "КБ", megabytes: "МБ",
    sent: "Отправлено", seen: "Бот увидел",
  },
};

const asked = new URLSearchParams(location.search).get("lang");
let language = [asked, localStorage.getItem("language"), navigator.language.slice(0, 2)]
  .find((each) => each in WORDS) ?? "en";

export const currentLanguage = () => language;
export const locale = () => (language === "ru" ? "ru-RU" : "en-GB");

export function word(key, values = {}) {
  const text = WORDS[language][key];
  if (text === undefined) throw new Error(`no word for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function switchLanguage() {
  language = language === "ru" ? "en" : "ru";
  localStorage.setItem("language", language);
}

// Fills in what the HTML left open: data-word is text, data-label a name for ears and mouse.
export function putWords(root) {
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of root.querySelectorAll("[data-placeholder]")) {
    node.placeholder = word(node.dataset.placeholder);
    node.ariaLabel = node.placeholder;
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.title = word(node.dataset.label);
    node.ariaLabel = node.title;
  }
}
