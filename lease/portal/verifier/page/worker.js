// The worker that checks: it runs the verifier and reads the file for it, so
// that the page stays alive.
"use strict";

importScripts("wasm_exec.js");

const started = new Promise((resolve) => { self.ready = resolve; });

async function start() {
  const go = new Go();
  const response = await fetch("verifier.wasm");
  if (!response.ok) throw new Error("the verifier could not be loaded: " + response.status);
  const { instance } = await WebAssembly.instantiateStreaming(response, go.importObject);
  go.run(instance).then(() => postMessage({ error: "the verifier ended: the file may be too large for this browser" }));
  await started;
}

const loaded = start();

self.onmessage = async ({ data }) => {
  try {
    await loaded;
    const reader = new FileReaderSync();
    const read = (from, length) => new Uint8Array(reader.readAsArrayBuffer(data.file.slice(from, from + length)));
    const report = self.verify(read, data.file.size, JSON.stringify(data.options),
      (done, all) => postMessage({ done, all }));
    if (report instanceof Error) throw report;
    postMessage({ report: JSON.parse(report) });
  } catch (e) {
    postMessage({ error: e.message });
  }
};
