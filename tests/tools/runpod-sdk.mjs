// Calls npm's runpod-sdk as it is told: one JSON line in, {"method", "arguments"}, one JSON line out, {"id", "result"} or
// {"id", "error"}. Lines are worked on side by side. The stream method gives all that it yielded.
import { createInterface } from "node:readline";

// The SDK talks to the console while it waits.
console.log = console.error;
const { default: runpodSdk } = await import("runpod-sdk");

const [baseUrl, apiKey, endpointId] = process.argv.slice(2);
const endpoint = runpodSdk(apiKey, { baseUrl }).endpoint(endpointId);

async function call(method, parameters) {
  if (method !== "stream") {
    return await endpoint[method](...parameters);
  }
  const pieces = [];
  for await (const piece of endpoint.stream(...parameters)) {
    pieces.push(piece);
  }
  return pieces;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, arguments: parameters } = JSON.parse(line);
  call(method, parameters).then(
    (result) => process.stdout.write(`${JSON.stringify({ id, result })}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`),
  );
}
