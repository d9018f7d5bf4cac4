// The page's own words; what the bot says is the bot's affair.

const WORDS = {
  en: {
    title: "Telegram sandbox", name: "Customer's name", language: "Language",
    introduce: "Add", message: "Message", send: "Send", attach: "Attach a file",
    commands: "Commands", back: "Back to the chats", bot: "bot", typing: "typing…",
    blocked: "You blocked the bot", block: "Block", unblock: "Unblock",
    edited: "edited", pinned: "pinned a message", copied: "Copied", paid: "Paid",
    cancel: "Cancel", pay: "Pay", general: "General", group: "group", refunded: "Refunded",
    choose: "Choose a chat, or add a customer", noStaff: "No staff chat yet",
    forwarded: "Forwarded from", topic: "Topic", closed: "closed", reopened: "opened again", lost: "Connection lost, trying again…",
  },
  ru: {
    title: "Песочница Telegram", name: "Имя покупателя", language: "Язык",
    introduce: "Добавить", message: "Сообщение", send: "Отправить", attach: "Прикрепить файл",
    commands: "Команды", back: "К списку чатов", bot: "бот", typing: "печатает…",
    blocked: "Вы заблокировали бота", block: "Заблокировать", unblock: "Разблокировать",
    edited: "изменено", pinned: "закреплено сообщение", copied: "Скопировано", paid: "Оплачено",
    cancel: "Отмена", pay: "Оплатить", general: "Общее", group: "группа", refunded: "Возвращено",
    choose: "Выберите чат или добавьте покупателя", noStaff: "Чата сотрудников пока нет",
    forwarded: "Переслано от", topic: "Тема", closed: "закрыта", reopened: "снова открыта", lost: "Нет связи, пробую ещё…",
  },
};

let language = localStorage.getItem("language")
  ?? (navigator.language.startsWith("ru") ? "ru" : "en");

export const word = (key) => WORDS[language][key];
export const currentLanguage = () => language;

export function switchLanguage() {
  language = language === "ru" ? "en" : "ru";
  localStorage.setItem("language", language);
}

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
