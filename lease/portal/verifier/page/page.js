// The page around the verifier: it hands the file to the worker and shows the
// report. All texts of a report are untrusted and only ever become text nodes.
"use strict";

const $ = (id) => document.getElementById(id);
let worker = null;
let file = null;

function element(tag, props, ...children) {
  const e = document.createElement(tag);
  Object.assign(e, props);
  e.append(...children.filter((c) => c !== null));
  return e;
}

function choose(f) {
  file = f;
  $("chosen").textContent = f ? `${f.name}, ${bytes(f.size)}` : "";
  $("go").disabled = !f;
  $("status").textContent = "";
}

const drop = $("drop");
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (e) => { e.preventDefault(); drop.classList.add("over"); });
}
for (const type of ["dragleave", "drop"]) {
  document.addEventListener(type, (e) => { e.preventDefault(); drop.classList.remove("over"); });
}
document.addEventListener("drop", (e) => {
  if (e.dataTransfer.files.length === 0) return;
  choose(e.dataTransfer.files[0]);
  check();
});
$("file").addEventListener("change", (e) => choose(e.target.files[0] || null));
$("form").addEventListener("submit", (e) => { e.preventDefault(); check(); });

async function check() {
  if (!file || $("form").dataset.busy) return;
  busy(true);
  $("status").textContent = worker ? "checking…" : "loading the verifier…";
  try {
    const since = $("since").files[0];
    const options = {
      key: $("key").value.trim(), tenant_key: $("tenant_key").value.trim(), witnesses: $("witnesses").value,
      since: since ? await since.text() : "", strict: $("strict").checked,
    };
    if (!worker) {
      worker = new Worker("worker.js");
      worker.onmessage = ({ data }) => told(data);
      worker.onerror = (e) => told({ error: e.message || "the verifier does not run in this browser" });
    }
    worker.postMessage({ file, options });
  } catch (e) {
    told({ error: e.message });
  }
}

function busy(on) {
  if (on) $("form").dataset.busy = "1"; else delete $("form").dataset.busy;
  $("go").disabled = on || !file;
  $("progress").hidden = !on;
  $("progress").removeAttribute("value");
  if (on) $("result").hidden = true;
}

function told(m) {
  if (m.all) {
    $("progress").value = m.done / m.all;
    $("status").textContent = `${m.done.toLocaleString("en")} of ${m.all.toLocaleString("en")} receipts hashed`;
    return;
  }
  busy(false);
  $("status").textContent = "";
  const result = $("result");
  if (m.error) {
    worker?.terminate();
    worker = null;
    result.replaceChildren(element("p", { className: "problem" }, "It could not be checked: " + m.error));
  } else {
    result.replaceChildren(...show(m.report));
  }
  result.hidden = false;
  result.focus({ preventScroll: true });
  result.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

// show makes the report of a lease, or of a tenant with all leases.
function show(r) {
  const leases = r.leases || [];
  const failed = [r, ...leases].flatMap((x) => x.checks.filter((c) => !c.ok)).length;
  const open = [r, ...leases].flatMap((x) => x.unchecked || []).length;
  const keyed = [r, ...leases].some((x) => x.checks.some((c) => c.name === "key"));
  const kind = failed ? "bad" : open || !keyed ? "part" : "good";
  const head = failed ? `It does not hold: ${count(failed, "check")} failed`
    : !keyed ? "It holds, against the key in the file itself"
      : open ? "It holds, as far as this file can show" : "It holds";
  // Anybody can make a key, and all else with it.
  const unkeyed = keyed ? "" : " Give your provider’s key, above, to know that it is your provider’s.";
  const words = failed ? "Do not rely on this statement. Keep the file: it is evidence."
    : (open ? `Every check passed. ${count(open, "thing")} could not be checked from this file and ${open === 1 ? "is" : "are"} listed below.`
      : "Every check passed.") + unkeyed;
  return [
    element("div", { className: "verdict " + kind },
      element("span", { className: "sign", ariaHidden: "true" }, failed ? "✗" : "✓"),
      element("div", {}, element("h2", {}, head), element("p", {}, words))),
    ...one(r),
    ...leases.flatMap((l) => [element("h2", { className: "lease" }, "Lease " + l.lease), ...one(l)]),
  ];
}

function one(r) {
  const parts = [];
  if (r.period && r.period.to_ms) parts.push(figures(r));
  const failed = r.checks.filter((c) => !c.ok);
  if (failed.length) parts.push(element("h3", {}, "What does not hold"), list(failed.map(line)));
  const rest = new Set(r.checks.filter((c) => c.ok));
  for (const [title, names] of groups) {
    const held = [...rest].filter((c) => names === null || names.includes(c.name));
    held.forEach((c) => rest.delete(c));
    if (held.length) parts.push(element("h3", {}, title), list(held.map(line)));
  }
  const plain = (title, texts, kind, sign, spoken) => {
    if (texts && texts.length) parts.push(element("h3", {}, title), list(texts.map((text) => ({ kind, sign, spoken, name: "", text }))));
  };
  plain("What you could still check", r.unchecked, "part", "–", "not checked");
  plain("What no file can show: the provider’s word", r.word, "none", "–", "not shown");
  plain("What does not apply", r.not_applicable, "none", "·", "does not apply");
  return parts;
}

// groups are what the checks are about; what none names comes last.
const groups = [
  ["The file and the provider’s log", ["form", "checkpoint", "key", "provider-key", "tenant-key", "witness", "since", "proof",
    "signature", "logged", "openings", "superseded", "statement"]],
  ["The contract", ["terms", "contract", "period", "tags"]],
  ["The work", ["templates", "outputs", "fee", "scheme", "order", "batches", "receipts", "unique", "headers", "coin", "times", "thinned",
    "delivery", "meter", "counted", "derived", "upstream", "pool", "pool-work", "house-pool"]],
  ["The money", ["hours", "charges", "energy", "earned", "sla", "books", "rewards", "incomes", "chain"]],
  ["Everything else that was compared", null],
];

const line = (c) => ({
  kind: c.ok ? "good" : "bad", sign: c.ok ? "✓" : "✗", spoken: c.ok ? "holds" : "fails", name: c.name, text: c.detail,
});

function list(items) {
  return element("ul", { className: "checks" }, ...items.map((i) => element("li", { className: i.kind + (i.name ? "" : " plain") },
    element("span", { className: "sign", ariaHidden: "true" }, i.sign),
    element("span", { className: i.name ? "check-name" : "spoken" }, element("span", { className: "spoken" }, i.spoken + ": "), i.name),
    element("span", { className: "detail" }, i.text))));
}

function figures(r) {
  const rows = [];
  const row = (name, value, sub) => rows.push(element("div", {},
    element("dt", {}, name), element("dd", {}, value, sub ? element("span", { className: "sub" }, sub) : null)));
  if (r.kind === "lease") {
    row("Delivered", rate(r.delivered_hps), `95 %: ${rate(r.interval_hps[0])} to ${rate(r.interval_hps[1])}`);
    row("Contracted", rate(r.contracted_hps));
    row("Receipts hashed", Number(r.receipts).toLocaleString("en"), "each a proof of work for this lease");
  }
  row("Period", when(r.period.from_ms), "to " + when(r.period.to_ms) + (r.state === "preliminary" ? ", preliminary" : ""));
  if (r.checkpoint && r.checkpoint.size) row("Log", r.checkpoint.origin, `${Number(r.checkpoint.size).toLocaleString("en")} leaves`);
  if (r.tenant) row("Tenant", r.tenant, r.lease ? "lease " + r.lease : "");
  return element("dl", { className: "figures" }, ...rows);
}

// rate writes a hash rate; quantities beyond 2^53 come as text.
function rate(hps) {
  let n = BigInt(hps ?? 0);
  const units = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s", "ZH/s"];
  let unit = 0, rest = 0n;
  while (n >= 1000n && unit < units.length - 1) { rest = n % 1000n; n /= 1000n; unit++; }
  const digits = n >= 100n ? 1 : n >= 10n ? 2 : 3;
  const tail = unit ? "." + rest.toString().padStart(3, "0").slice(0, digits) : "";
  return `${n}${tail} ${units[unit]}`;
}

const when = (ms) => new Date(ms).toISOString().replace("T", " ").replace(/:\d\d\.\d+Z$/, " UTC");
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const bytes = (n) => n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
