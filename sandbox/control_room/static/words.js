// The room's own words. Keys of stops, marks, outages and stages are the API's.

const WORDS = {
  en: {
    title: "wgshop: the control room", room: "control room", links: "Behind the shop", parts: "Parts of the room",
    temporalUi: "Temporal UI", api: "API", switchLanguage: "По-русски",
    chat: "Chat", tour: "Tour", outages: "Outages", flights: "In flight", clock: "Clock",
    chatFrame: "The chat with the shop's bot", paymentPage: "Payment page", newTab: "In a new tab", close: "Close",
    allWell: "All is well", broken: { one: "{n} outage", other: "{n} outages" }, lost: "Connection lost, trying again…",
    temporalAway: "Temporal does not answer", openChat: "Open the chat", inTemporal: "Watch it in Temporal",

    tourTitle: "Five minutes through the shop",
    tourLead: "Do what the list says; each line ticks itself off when it has really happened.",
    skip: "Skip this story", restart: "Start over", skipped: "skipped",
    overTitle: "Nothing was lost",
    overText: "A server was down, a worker died, a month went by, and every payment became access. "
      + "Break what you like under “Outages”, or open any workflow in Temporal: the same code runs a real shop.",

    stop: {
      buy: "Buy a subscription", park: "Break the server", kill: "Kill the worker",
      clock: "Turn the clock", renew: "Renew",
    },
    lead: {
      buy: "You are Anna. The bot, its database and its workflows are the real ones; Telegram and YooKassa "
        + "are stand-ins on this machine, and no money moves.",
      park: "A server goes down just when somebody has paid. What becomes of the money?",
      kill: "The process that does all the work dies without a word, in the middle of a purchase.",
      clock: "A subscription sleeps in Temporal for a month. Nobody has to wait for it here.",
      renew: "The reminder carries the price: one tap to the payment page.",
    },
    mark: {
      buy: {
        started: "Press START in the chat",
        chosen: "Tap “Choose a plan” and choose one",
        paid: "Tap “Pay” and pay with a test card",
        delivered: "Receive the key: a file, a QR code, the steps",
      },
      park: {
        broken: "Take the VPN server down",
        paid: "Buy again, and pay",
        parked: "The purchase parks and calls the staff",
        mended: "Bring the server back",
        retried: "Press 🔁 “Retry” in the staff's chat",
      },
      kill: {
        chosen: "Choose a plan once more, but do not pay yet",
        killed: "Kill the worker",
        paid: "Pay while it is dead",
        revived: "Bring the worker back",
        delivered: "The purchase goes on where it was",
      },
      clock: {
        turned: "Jump to just before the reminder",
        reminded: "In five seconds Anna is reminded",
      },
      renew: {
        paid: "Renew from the reminder, and pay",
        renewed: "The new time is added: not a day is lost",
      },
    },
    hint: {
      buy: {
        paid: "The page lists the test cards; one click fills in a card that pays.",
        delivered: "It is really on the server: a WireGuard peer, put there over SSH.",
      },
      park: {
        broken: "It will refuse every connection.",
        paid: "Send /menu and tap “Renew”: a purchase like the first.",
        parked: "The shop keeps trying for 20 seconds (10 minutes in production) and tells Anna that nothing "
          + "is lost. Then it asks a person.",
        mended: "As if somebody had restarted it.",
        retried: "The alarm in “wgshop staff” has three buttons. “Refund” would give the money back.",
      },
      kill: {
        chosen: "/menu, “Renew”, a plan: the payment page is ready, and the purchase waits.",
        killed: "SIGKILL: no goodbye, no clean-up.",
        paid: "The chat stays silent: there is nobody to do the work.",
        revived: "It knows nothing of its predecessor. Temporal does.",
        delivered: "Starting takes a few seconds.",
      },
      clock: {
        turned: "Only this subscription's own clock turns. Anna's menu reads the wall's, and goes on showing the days left there.",
        reminded: "Look at the chat.",
      },
      renew: {
        paid: "The button with the price is under the reminder.",
        renewed: "Counted from the old end, not from today.",
      },
    },
    act: {
      broken: "Take it down", mended: "Bring it back", killed: "Kill the worker", revived: "Bring it back",
      turned: "Jump to the reminder",
    },
    noReminder: "No subscription has a reminder ahead: buy one first.",

    outagesTitle: "Break things on purpose",
    outagesLead: "Every switch breaks something real; the shop is not told. Nothing paid is ever lost.",
    mendAll: "Mend everything", kill: "Kill once",
    group: { node: "VPN server", kassa: "YooKassa", telegram: "Telegram", machine: "This machine" },
    outage: {
      node_down: "Down", node_hangs: "Hangs", node_slow: "Slow",
      kassa_error_after: "500 after the charge", kassa_down: "Away",
      notifications_lost: "Notifications get lost", notifications_doubled: "Notifications come twice",
      telegram_flood: "429 Too Many Requests", bot_blocked: "The customer blocks the bot",
      worker_down: "Worker killed", api_down: "API killed", postgres_down: "PostgreSQL killed",
      temporal_down: "Temporal killed",
    },
    effect: {
      node_down: "Refuses SSH. Purchases are delayed, then park with an alarm.",
      node_hangs: "Accepts and says nothing. The same end, found by time-outs.",
      node_slow: "A second more for each piece of data. Purchases take longer.",
      kassa_error_after: "The next payments and refunds happen, and answer 500. None is made twice.",
      kassa_down: "Connections break. Payment pages wait; who has paid is asked later.",
      notifications_lost: "Each purchase asks for its payment by itself, after 15 seconds and on.",
      notifications_doubled: "The second changes nothing.",
      telegram_flood: "The bot's next calls are refused for two seconds each. It waits and repeats.",
      bot_blocked: "Access is set up all the same; the file waits in the menu.",
      worker_down: "Purchases stand still where they are, and go on when it is back.",
      api_down: "Taps and notifications are repeated by their senders until it is back.",
      postgres_down: "Nothing is granted until it is back; its log brings back what was committed.",
      temporal_down: "Nothing moves until it is back; every workflow goes on from its last event.",
    },
    left: { one: "{n} call left", other: "{n} calls left" },
    condition: { running: "runs", returning: "is being started", kept_down: "kept down" },
    deaths: { one: "died once", other: "died {n} times" },

    flightsTitle: "What is in flight",
    flightsLead: "Live from Temporal. Payloads are encrypted; this is what it shows without the key.",
    nothingFlies: "Nothing is under way. Buy something in the chat.",
    landed: "Landed lately", nothingLanded: "Nothing has landed yet.",
    type: {
      Purchase: "Purchase", Subscription: "Subscription", PeerRemoval: "Peer removal", DeviceSetup: "Device set-up",
      ServerStatistics: "Server statistics", ServerHealth: "Server health", SurplusRefund: "Refund of a surplus",
      Refund: "Refund", Reconcile: "Reconciling a server", ReconcileRound: "Round of reconciling", Evacuation: "Evacuation",
      ServerClearing: "Clearing a server", QuotaNotice: "Word about traffic", ReferralReward: "Reward for a friend",
      Erasure: "Erasure of data",
    },
    stage: {
      preparing: "making the page", awaiting_payment: "awaits payment", declined: "declined", expired: "expired",
      paid: "paid", setting_up: "setting up", delayed: "delayed", stuck: "parked", refunding: "refunding",
      refunded: "refunded", done: "done",
    },
    status: { completed: "ended", failed: "failed", canceled: "cancelled", terminated: "terminated", timed_out: "timed out" },
    age: "for {span}", wakes: "wakes in {span}", until: "until {moment}", ahead: "clock {span} ahead",
    attempt: "attempt {n}", onServer: "on {server}", more: { one: "and {n} more", other: "and {n} more" },

    clockTitle: "Turn the clock",
    clockLead: "A jump ends five seconds before its moment, so that you see it come.",
    noSubscription: "There is no subscription yet. Buy one in the chat.",
    subscription: "Subscription {id}", itsNow: "Its clock shows {moment}", reminderIn: "Reminder in {span}",
    remindedAlready: "No reminder is ahead", endsIn: "Ends in {span}", hasEnded: "Its end has passed", wakesIn: "Wakes in {span}",
    toReminder: "To the reminder", toEnd: "To the end", toNextTimer: "To its next timer",
    otherTimers: "Other workflows that wait for a timer",
    paymentHour: "The payment hour", paymentHourText: "A payment page lives for an hour. Let that hour pass for all that are open.",
    openPages: { one: "{n} page is open", other: "{n} pages are open" }, skipHour: "Let the hour pass",
    truthTitle: "What a jump does not touch",
    truth: [
      "Each subscription has a clock of its own on the Temporal server. Only that one turns.",
      "The bot's menu and the database read the wall clock: right after a jump the menu still counts the days from today, and an end that was jumped to is dated in the future.",
      "A renewal after the end counts from today. A renewal before it is added to the end.",
      "The payment hour turns YooKassa's clock, for good, and the clocks of the purchases that wait.",
    ],
  },

  ru: {
    title: "wgshop: диспетчерская", room: "диспетчерская", links: "За кулисами", parts: "Разделы",
    temporalUi: "Temporal UI", api: "API", switchLanguage: "In English",
    chat: "Чат", tour: "Экскурсия", outages: "Поломки", flights: "В работе", clock: "Часы",
    chatFrame: "Чат с ботом магазина", paymentPage: "Страница оплаты", newTab: "В новой вкладке", close: "Закрыть",
    allWell: "Всё исправно", broken: { one: "{n} поломка", few: "{n} поломки", other: "{n} поломок" },
    lost: "Нет связи, пробую ещё…",
    temporalAway: "Temporal не отвечает", openChat: "Открыть чат", inTemporal: "Смотреть в Temporal",

    tourTitle: "Магазин за пять минут",
    tourLead: "Делайте, что сказано в списке: строка отметится сама, когда это действительно произойдёт.",
    skip: "Пропустить", restart: "Начать заново", skipped: "пропущено",
    overTitle: "Ничего не потерялось",
    overText: "Сервер лежал, воркер умер, прошёл месяц, и каждый платёж стал доступом. Ломайте что угодно "
      + "в «Поломках» или откройте любой процесс в Temporal: тот же код работает в настоящем магазине.",

    stop: {
      buy: "Купите подписку", park: "Сломайте сервер", kill: "Убейте воркер",
      clock: "Переведите часы", renew: "Продлите",
    },
    lead: {
      buy: "Вы — Анна. Бот, база и процессы настоящие; Telegram и ЮKassa заменены двойниками на этом "
        + "компьютере, и деньги никуда не уходят.",
      park: "Сервер падает ровно тогда, когда кто-то заплатил. Что станет с деньгами?",
      kill: "Процесс, который делает всю работу, умирает без единого слова, посреди покупки.",
      clock: "Подписка спит в Temporal целый месяц. Здесь ждать не придётся.",
      renew: "Цена уже в напоминании: до страницы оплаты одно касание.",
    },
    mark: {
      buy: {
        started: "Нажмите «Запустить» в чате",
        chosen: "Нажмите «Выбрать тариф» и выберите",
        paid: "Нажмите «Оплатить» и заплатите тестовой картой",
        delivered: "Получите ключ: файл, QR-код и шаги",
      },
      park: {
        broken: "Уроните VPN-сервер",
        paid: "Купите ещё раз и оплатите",
        parked: "Покупка встаёт на стоянку и зовёт сотрудников",
        mended: "Поднимите сервер",
        retried: "Нажмите 🔁 «Повторить» в чате сотрудников",
      },
      kill: {
        chosen: "Выберите тариф ещё раз, но пока не платите",
        killed: "Убейте воркер",
        paid: "Оплатите, пока он мёртв",
        revived: "Верните воркер",
        delivered: "Покупка продолжается с того же места",
      },
      clock: {
        turned: "Прыгните почти к самому напоминанию",
        reminded: "Через пять секунд Анна получит напоминание",
      },
      renew: {
        paid: "Продлите из напоминания и оплатите",
        renewed: "Время прибавилось: ни один день не пропал",
      },
    },
    hint: {
      buy: {
        paid: "Тестовые карты на самой странице; одно нажатие подставит ту, что оплачивает.",
        delivered: "Он действительно на сервере: пир WireGuard, добавленный по SSH.",
      },
      park: {
        broken: "Он станет отказывать всем соединениям.",
        paid: "Отправьте /menu и нажмите «Продлить»: это такая же покупка, как первая.",
        parked: "Магазин пробует ещё 20 секунд (на деле 10 минут) и говорит Анне, что ничего не пропало. "
          + "Потом зовёт человека.",
        mended: "Будто кто-то его перезапустил.",
        retried: "Под тревогой в «wgshop staff» три кнопки. «Вернуть деньги» вернула бы деньги.",
      },
      kill: {
        chosen: "/menu, «Продлить», тариф: страница оплаты готова, и покупка ждёт.",
        killed: "SIGKILL: ни прощания, ни уборки.",
        paid: "Чат молчит: работать некому.",
        revived: "Новый воркер ничего не знает о прежнем. Знает Temporal.",
        delivered: "Запуск занимает несколько секунд.",
      },
      clock: {
        turned: "Переводятся часы только этой подписки. Меню Анны живёт по обычным часам и показывает, сколько дней осталось по ним.",
        reminded: "Смотрите в чат.",
      },
      renew: {
        paid: "Кнопка с ценой — под напоминанием.",
        renewed: "Считается от прежнего срока, а не от сегодня.",
      },
    },
    act: {
      broken: "Уронить", mended: "Поднять", killed: "Убить воркер", revived: "Вернуть",
      turned: "Прыгнуть к напоминанию",
    },
    noReminder: "Ни у одной подписки нет напоминания впереди: сначала купите.",

    outagesTitle: "Ломайте нарочно",
    outagesLead: "Каждый переключатель ломает по-настоящему, магазин об этом не знает. Оплаченное не пропадает никогда.",
    mendAll: "Починить всё", kill: "Убить разок",
    group: { node: "VPN-сервер", kassa: "ЮKassa", telegram: "Telegram", machine: "Этот компьютер" },
    outage: {
      node_down: "Лежит", node_hangs: "Завис", node_slow: "Тормозит",
      kassa_error_after: "500 после списания", kassa_down: "Недоступна",
      notifications_lost: "Уведомления теряются", notifications_doubled: "Уведомления двоятся",
      telegram_flood: "429 Too Many Requests", bot_blocked: "Покупатель блокирует бота",
      worker_down: "Воркер убит", api_down: "API убит", postgres_down: "PostgreSQL убит",
      temporal_down: "Temporal убит",
    },
    effect: {
      node_down: "Отказывает по SSH. Покупки задержатся, потом встанут с тревогой.",
      node_hangs: "Принимает соединение и молчит. Исход тот же, но по тайм-аутам.",
      node_slow: "Лишняя секунда на каждую порцию данных. Покупки идут дольше.",
      kassa_error_after: "Следующие платежи и возвраты пройдут, но ответом будет 500. Дважды ничего не создастся.",
      kassa_down: "Соединения рвутся. Страницы оплаты ждут; кто заплатил, выяснится позже.",
      notifications_lost: "Каждая покупка сама спрашивает о платеже: через 15 секунд и дальше.",
      notifications_doubled: "Второе ничего не меняет.",
      telegram_flood: "Следующие вызовы бота получат отказ на две секунды. Он подождёт и повторит.",
      bot_blocked: "Доступ всё равно настроится; файл подождёт в меню.",
      worker_down: "Покупки замрут, где стояли, и продолжатся, когда он вернётся.",
      api_down: "Нажатия и уведомления будут повторять отправители, пока он не вернётся.",
      postgres_down: "Ничего не выдаётся, пока не вернётся; записанное восстановит журнал.",
      temporal_down: "Всё замрёт; каждый процесс продолжит с последнего события.",
    },
    left: { one: "ещё {n} вызов", few: "ещё {n} вызова", other: "ещё {n} вызовов" },
    condition: { running: "работает", returning: "запускается", kept_down: "не запускается" },
    deaths: { one: "умирал {n} раз", few: "умирал {n} раза", other: "умирал {n} раз" },

    flightsTitle: "Что сейчас в работе",
    flightsLead: "Вживую из Temporal. Содержимое зашифровано; так он выглядит без ключа.",
    nothingFlies: "Сейчас ничего не происходит. Купите что-нибудь в чате.",
    landed: "Недавно закончилось", nothingLanded: "Пока ничего не закончилось.",
    type: {
      Purchase: "Покупка", Subscription: "Подписка", PeerRemoval: "Удаление пира", DeviceSetup: "Настройка устройства",
      ServerStatistics: "Статистика серверов", ServerHealth: "Здоровье серверов", SurplusRefund: "Возврат излишка",
      Refund: "Возврат денег", Reconcile: "Сверка сервера", ReconcileRound: "Обход со сверкой", Evacuation: "Эвакуация",
      ServerClearing: "Очистка сервера", QuotaNotice: "Сообщение о трафике", ReferralReward: "Награда за друга",
      Erasure: "Удаление данных",
    },
    stage: {
      preparing: "готовится страница", awaiting_payment: "ждёт оплаты", declined: "отклонена", expired: "истекла",
      paid: "оплачена", setting_up: "настраивается", delayed: "задержка", stuck: "на стоянке", refunding: "возврат",
      refunded: "деньги возвращены", done: "готово",
    },
    status: { completed: "завершено", failed: "ошибка", canceled: "отменено", terminated: "прервано", timed_out: "время вышло" },
    age: "идёт {span}", wakes: "проснётся через {span}", until: "до {moment}", ahead: "часы впереди на {span}",
    attempt: "попытка {n}", onServer: "на {server}",
    more: { one: "и ещё {n}", few: "и ещё {n}", other: "и ещё {n}" },

    clockTitle: "Переведите часы",
    clockLead: "Прыжок кончается за пять секунд до события, чтобы вы его увидели.",
    noSubscription: "Подписок пока нет. Купите в чате.",
    subscription: "Подписка {id}", itsNow: "На её часах {moment}", reminderIn: "Напоминание через {span}",
    remindedAlready: "Напоминаний впереди нет", endsIn: "Конец через {span}", hasEnded: "Её срок вышел", wakesIn: "Проснётся через {span}",
    toReminder: "К напоминанию", toEnd: "К концу", toNextTimer: "К следующему таймеру",
    otherTimers: "Другие процессы, которые ждут таймера",
    paymentHour: "Час оплаты", paymentHourText: "Страница оплаты живёт час. Пусть он пройдёт для всех открытых.",
    openPages: { one: "открыта {n} страница", few: "открыты {n} страницы", other: "открыто {n} страниц" },
    skipHour: "Пусть час пройдёт",
    truthTitle: "Чего прыжок не трогает",
    truth: [
      "У каждой подписки свои часы на сервере Temporal. Переводятся только они.",
      "Меню бота и база живут по обычным часам: сразу после прыжка меню считает дни от сегодня, а конец, к которому прыгнули, датирован будущим.",
      "Продление после конца считается от сегодня. Продление до конца прибавляется к нему.",
      "Час оплаты переводит часы ЮKassa, и насовсем, а с ними часы ожидающих покупок.",
    ],
  },
};

const stored = { get: () => localStorage.getItem("language"), set: (value) => localStorage.setItem("language", value) };
const asked = new URLSearchParams(location.search).get("lang");
let language = [asked, stored.get(), navigator.language.slice(0, 2)].find((each) => each in WORDS) ?? "en";

export const currentLanguage = () => language;
export const locale = () => (language === "ru" ? "ru-RU" : "en-GB");

export function switchLanguage() {
  language = language === "ru" ? "en" : "ru";
  stored.set(language);
}

function found(path) {
  return path.split(".").reduce((at, key) => at?.[key], WORDS[language]);
}

// A word by its path, such as "stop.buy"; `n` chooses among plurals.
export function word(path, values = {}) {
  let text = found(path);
  if (text === undefined) throw new Error(`no word for ${path}`);
  if (typeof text === "object" && !Array.isArray(text)) {
    const rule = new Intl.PluralRules(locale()).select(values.n);
    text = text[rule] ?? text.other;
  }
  if (Array.isArray(text)) return text;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// What the API names: in our words where we have some, else as it stands.
export const named = (kind, name) => found(`${kind}.${name}`) ?? name;
export const hasWord = (path) => found(path) !== undefined;

export function putWords(root) {
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of root.querySelectorAll("[data-label]")) node.ariaLabel = word(node.dataset.label);
  for (const node of root.querySelectorAll("[data-title]")) node.title = word(node.dataset.title);
}

// For the test that holds both languages to each other.
export const allWords = () => WORDS;
