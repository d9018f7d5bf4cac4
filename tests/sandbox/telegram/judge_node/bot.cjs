// The judges' shop written with grammY: see ../judges/story.py for what it plays.
"use strict";

const http = require("node:http");
const { Bot, GrammyError, InlineKeyboard, InputFile, InputMediaBuilder, Keyboard, webhookCallback } =
  require("grammy");

const { API_ROOT, BOT_TOKEN, STAFF, SECRET, MODE, PRICE, PNG, CONFIG } = process.env;
const staff = Number(STAFF);
const topics = new Map();

const bot = new Bot(BOT_TOKEN, {
  client: {
    apiRoot: API_ROOT,
    // By webhook this one call travels in the answer to the update.
    canUseWebhookReply: (method) => method === "sendChatAction",
  },
});

bot.command("start", (ctx) =>
  ctx.reply(`<b>Hello</b>, ${ctx.match}`, {
    parse_mode: "HTML",
    reply_markup: new InlineKeyboard()
      .text("Buy", "buy:30").row()
      .text("How it works", "about").row()
      .copyText("Copy", "key-1"),
  }));

bot.callbackQuery("about", (ctx) =>
  ctx.answerCallbackQuery({ text: "A tunnel to another country", show_alert: true }));

bot.callbackQuery("buy:30", async (ctx) => {
  await ctx.answerCallbackQuery("A moment");
  await ctx.editMessageText("Here it is");
  await ctx.replyWithDocument(new InputFile(Buffer.from(CONFIG, "base64"), "vpn.conf"));
  await ctx.replyWithPhoto(new InputFile(Buffer.from(PNG, "base64"), "qr.png"), {
    caption: "<i>Scan me</i>",
    parse_mode: "HTML",
  });
});

bot.command("menu", (ctx) =>
  ctx.reply("Menu", { reply_markup: new Keyboard().text("My VPN").text("Help").resized() }));

bot.command("manuals", (ctx) =>
  ctx.replyWithMediaGroup([
    InputMediaBuilder.document(new InputFile(Buffer.from("for phones"), "phone.txt")),
    InputMediaBuilder.document(new InputFile(Buffer.from("for desktops"), "desktop.txt"), {
      caption: "Manuals",
    }),
  ]));

bot.command(["stars", "soldout"], (ctx) =>
  ctx.replyWithInvoice("30 days", "VPN for 30 days", ctx.message.text.slice(1), "XTR", [
    { label: "30 days", amount: Number(PRICE) },
  ]));

bot.on("pre_checkout_query", (ctx) =>
  ctx.preCheckoutQuery.invoice_payload === "soldout"
    ? ctx.answerPreCheckoutQuery(false, { error_message: "Sold out" })
    : ctx.answerPreCheckoutQuery(true));

bot.on("message:successful_payment", (ctx) => {
  const paid = ctx.message.successful_payment;
  return ctx.reply(`Paid ${paid.total_amount} ${paid.currency}: ${paid.telegram_payment_charge_id}`);
});

const outcome = async (call, done) => {
  try {
    await call;
    return done;
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    const words = error.description.replace(/^[^:]+: /, "");
    if (error.error_code === 429) return `wait ${error.parameters.retry_after} s`;
    return `${error.error_code === 403 ? "forbidden" : "bad request"}: ${words}`;
  }
};

bot.command("refund", async (ctx) =>
  ctx.reply(await outcome(ctx.api.refundStarPayment(ctx.from.id, ctx.match), "Refunded")));

bot.command("tell", async (ctx) => {
  const [user, ...words] = ctx.match.split(" ");
  const told = await outcome(ctx.api.sendMessage(Number(user), words.join(" ")), "told");
  await ctx.reply(told.toLowerCase());
});

bot.command("whoami", async (ctx) => {
  const group = await ctx.api.getChat(staff);
  const me = await ctx.api.getChatMember(staff, ctx.me.id);
  await ctx.reply(`${me.status} in ${group.title}`);
});

bot.command("close", (ctx) => ctx.closeForumTopic());

bot.on("message:document", async (ctx) => {
  const file = await ctx.getFile();
  const answer = await fetch(`${API_ROOT}/file/bot${BOT_TOKEN}/${file.file_path}`, {
    signal: AbortSignal.timeout(10_000),
  });
  await ctx.reply(`It says: ${await answer.text()}`);
});

const customers = bot.chatType("private");
customers.hears("My VPN", (ctx) =>
  ctx.reply("No VPN yet", { reply_markup: { remove_keyboard: true } }));
customers.hears("hmm", (ctx) => ctx.replyWithChatAction("typing"));
customers.hears("thanks", (ctx) => ctx.react("❤"));
customers.hears(/^help/, async (ctx) => {
  if (!topics.has(ctx.from.id)) {
    const topic = await ctx.api.createForumTopic(staff, ctx.from.first_name);
    topics.set(ctx.from.id, topic.message_thread_id);
  }
  await ctx.copyMessage(staff, { message_thread_id: topics.get(ctx.from.id) });
});

bot.chatType("supergroup").on("message:text", async (ctx) => {
  for (const [user, thread] of topics) {
    if (thread === ctx.message.message_thread_id) await ctx.copyMessage(user);
  }
});

bot.catch(({ error }) => console.error(error));

const ready = () => console.log("ready");

const pollForUpdates = () => bot.start({ timeout: 10, onStart: ready });

const listenForUpdates = async () => {
  await bot.init();
  const server = http.createServer(webhookCallback(bot, "http", { secretToken: SECRET }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  await bot.api.setWebhook(`http://127.0.0.1:${server.address().port}/grammy`, {
    secret_token: SECRET,
  });
  ready();
};

process.on("SIGTERM", async () => {
  if (MODE === "polling") await bot.stop();
  process.exit(0);
});

bot.api
  .setMyCommands([{ command: "menu", description: "What there is" }])
  .then(MODE === "polling" ? pollForUpdates : listenForUpdates);
