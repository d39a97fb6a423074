/** A shop window on the platform: quote, order, follow. It knows a publishable key and no secret. */

const FINAL = ["delivered", "completed", "cancelled", "stock_short", "lost", "returned"];
const STATES = {
  placed: "Placed", reserved: "Set aside in our stock", confirmed: "Confirmed", booked: "Booked with a carrier",
  shipped: "On its way", delivered: "Delivered", completed: "Completed", cancelled: "Cancelled",
  cancelling: "Being cancelled", stock_short: "Sold out", lost: "Lost", returning: "Coming back", returned: "Returned",
};
const HEARD = {
  "stock-reserved": "The goods are set aside", authorised: "The card is accepted", captured: "Paid",
  declined: "The card was declined", "shipment-booked": "A carrier is booked",
};
const TOTALS = { goods: "Goods", discounts: "Discounts", shipping: "Shipping", insurance: "Insurance", duties: "Duties", taxes: "Taxes", fees: "Fees" };

const at = (id) => document.getElementById(id);
const told = (name) => document.querySelector(`meta[name=${name}]`).content;
const field = (name) => document.querySelector(`[name=${name}]`);
let listings = [];
let quote = null;
let intention = ""; // one key per quote: ordering it twice orders it once

class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.errors = problem.errors ?? [];
  }
}

async function ask(method, path, body, headers = {}) {
  const answer = await fetch(`${told("hansa-url")}/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${told("hansa-key")}`, ...(body && { "Content-Type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({ title: "The shop does not answer just now; try again." }));
  if (!answer.ok) throw new Refused(said);
  return said;
}

function element(name, words, kind = "") {
  const made = document.createElement(name);
  made.textContent = words; // never as HTML: titles are the merchant's, explanations the law's
  made.className = kind;
  return made;
}

function row(tag, kind, ...parts) {
  const made = element(tag, "", kind);
  made.append(...parts);
  return made;
}

/** The decimal text stays text: Intl formats it exactly. */
function money({ amount, currency }) {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
}

const chargeOf = ({ kind, expression_text: rate }) => `${kind[0].toUpperCase()}${kind.slice(1)}: ${rate}`;
const unbroken = (words) => words.replace(/(\d{4})-(\d\d)-(\d\d)/g, "$1\u2011$2\u2011$3"); // dates stay on one line
const isNothing = ({ amount }) => /^0(\.0+)?$/.test(amount);

function show(id) {
  at(id).hidden = false;
  at(`${id}-title`).focus();
}

/** One thing at a time; what is refused is said once, and marked at the field it is about. */
function on(form, act) {
  at(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    at("refused").hidden = true;
    document.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
    const button = at(form).querySelector("button");
    button.disabled = true;
    try {
      await act(Object.fromEntries(new FormData(at(form))));
    } catch (refused) {
      refuse(refused);
    } finally {
      button.disabled = false;
    }
  });
}

function refuse(refused) {
  const marked = (refused.errors ?? []).map(({ pointer }) => document.querySelector(`[data-pointer="${pointer}"]`));
  marked.forEach((each) => each?.setAttribute("aria-invalid", "true"));
  at("refused").textContent = refused.message;
  at("refused").hidden = false;
  (marked.find(Boolean) ?? at("refused")).focus();
}

async function open() {
  const [markets, found] = await Promise.all([ask("GET", "/markets"), allListings()]);
  listings = found;
  for (const market of markets.data.filter((each) => each.active)) {
    for (const country of market.countries) {
      const choice = element("option", new Intl.DisplayNames(undefined, { type: "region" }).of(country));
      choice.value = country;
      choice.dataset.market = market.code;
      field("country").append(choice);
    }
  }
  field("country").addEventListener("change", offer);
  offer();
  const [order, token] = location.hash.slice(1).split(".");
  if (token) await follow(order, token);
}

async function allListings() {
  const found = [];
  for (let after = ""; after !== null; ) {
    const page = await ask("GET", `/listings?limit=200${after && `&after=${encodeURIComponent(after)}`}`);
    found.push(...page.data);
    after = page.next_cursor;
  }
  return found;
}

/** What is sold in the chosen country, in that market's words and price. */
function offer() {
  const { market } = field("country").selectedOptions[0].dataset;
  const chosen = field("sku").value;
  const sold = listings.filter((each) => each.market === market && each.available && each.prices.length);
  const choices = sold.sort((a, b) => a.title.localeCompare(b.title)).map((each) => {
    const choice = element("option", `${each.title}, ${money(each.prices[0])}`);
    choice.value = each.sku;
    choice.selected = each.sku === chosen;
    return choice;
  });
  field("sku").replaceChildren(...choices);
}

function showQuote(found) {
  const lines = Object.entries(TOTALS).filter(([name]) => found.totals && !isNothing(found.totals[name]));
  const rows = lines.map(([name, words]) => row("div", "", element("dt", words), element("dd", money(found.totals[name]))));
  if (found.totals) rows.push(row("div", "sum", element("dt", "To your door"), element("dd", money(found.totals.grand_total))));
  at("totals").replaceChildren(...rows);
  const { currency, lines: charges } = found.ledger;
  at("charges").replaceChildren(...charges.map((each) => {
    const amount = each.amount === null ? "unknown" : money({ amount: each.amount, currency });
    return row("li", "", element("span", chargeOf(each)), element("b", amount), element("span", unbroken(each.explanation), "soft"));
  }));
  const notes = [...found.gaps.map((each) => each.message), ...found.warnings];
  if (found.totals && !isNothing(found.totals.due_at_import)) notes.unshift(`${money(found.totals.due_at_import)} of it is paid at the border, to the carrier.`);
  at("notes").replaceChildren(...notes.map((words) => element("p", words)));
  at("valid").textContent = `An estimate with its sources, held until ${new Date(found.expires_at).toLocaleTimeString(undefined, { timeStyle: "short" })}.`;
  at("pay").textContent = found.totals ? `Order and pay ${money(found.totals.due_at_sale)}` : "Order and pay";
  at("address").hidden = !found.token;
  show("quote");
}

at("basket").addEventListener("input", () => {
  at("quote").hidden = at("address").hidden = true; // another basket has another price
});

on("basket", async ({ sku, quantity, country, region, postcode }) => {
  const destination = { country, ...(region && { region }), ...(postcode && { postcode }) };
  quote = await ask("POST", "/landed-cost-quotes", { destination, lines: [{ sku, quantity: Number(quantity) }] });
  intention = crypto.randomUUID();
  showQuote(quote);
});

on("address", async ({ name, street, city, card }) => {
  const { country, region = "", postcode: postal_code = "" } = quote.destination;
  const placed = await ask("POST", "/orders", {
    quote: { token: quote.token, ledger: quote.ledger },
    buyer: { name },
    ship_to: { name, street, city, region: region ?? "", postal_code: postal_code ?? "", country },
    payment: { token: card },
  }, { "Idempotency-Key": intention });
  history.replaceState(null, "", `#${placed.order_id}.${placed.access_token}`);
  await follow(placed.order_id, placed.access_token);
});

/** Looks again until the order has ended; the first look may be refused, later ones are only late. */
async function follow(order, token) {
  const path = `/orders/${encodeURIComponent(order)}?access_token=${encodeURIComponent(token)}`;
  showOrder(await ask("GET", path));
  for (const done of ["lead", "basket", "quote", "address"]) at(done).hidden = true;
  document.querySelector("h1").textContent = "Thank you";
  show("order");
  const again = async () => {
    const found = await ask("GET", path).catch(() => null);
    if (found) showOrder(found);
    if (!FINAL.includes(found?.status)) setTimeout(again, 2000);
  };
  setTimeout(again, 1000);
}

function showOrder(order) {
  const status = order.payment.status === "declined" ? HEARD.declined : (STATES[order.status] ?? order.status);
  if (at("status").textContent !== status) at("status").textContent = status;
  at("promise").textContent = order.promised_on ? `Promised for ${new Date(`${order.promised_on}T12:00`).toLocaleDateString(undefined, { dateStyle: "long" })}.` : "";
  const steps = [{ at: order.placed_at, heard: "Ordered" }, ...order.history];
  at("timeline").replaceChildren(...steps.map((each) => {
    const words = HEARD[each.heard] ?? (each.heard === "shipment-moved" ? STATES[each.status] : each.heard.replaceAll("-", " "));
    const when = element("time", new Date(each.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
    when.dateTime = each.at;
    return row("li", "", document.createTextNode(words ?? each.status), when);
  }));
}

open().catch(refuse);
