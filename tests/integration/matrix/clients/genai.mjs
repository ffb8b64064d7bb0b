// npm @google/genai: generateContent.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const { GoogleGenAI } = await load(job.package);
const client = new GoogleGenAI({ apiKey: job.key, httpOptions: { baseUrl: job.baseUrl } });

const user = (...parts) => ({ role: 'user', parts });
const declaration = (name) => {
  const { schema, ...rest } = cityTool(name);
  return { ...rest, parametersJsonSchema: schema };
};

const turnOf = (parts, answer, chunks = 0) => {
  const usage = answer.usageMetadata;
  return {
    text: parts.filter((part) => !part.thought).map((part) => part.text ?? '').join(''),
    calls: parts.filter((part) => part.functionCall).map(({ functionCall }) => (
      { name: functionCall.name, args: functionCall.args })),
    finish: answer.candidates?.[0]?.finishReason ?? answer.promptFeedback?.blockReason,
    refusal: null,
    thought: parts.filter((part) => part.thought).map((part) => part.text).join('') || null, chunks,
    usage: usageOf(usage?.promptTokenCount, usage?.cachedContentTokenCount, 0,
      usage && (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      usage?.thoughtsTokenCount),
    cost: usage?.cost ?? null,
  };
};

async function whole(cell, body, tell) {
  const answer = await client.models.generateContent({ model: cell.model, ...body });
  const parts = answer.candidates?.[0]?.content?.parts ?? [];
  tell(turnOf(parts, answer));
  return parts;
}

async function streamed(cell, body, tell) {
  const stream = await client.models.generateContentStream({ model: cell.model, ...body });
  const parts = [];
  let last;
  let chunks = 0;
  for await (const chunk of stream) {
    chunks += 1;
    parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    last = chunk;
  }
  if (!last?.candidates?.[0]?.finishReason) throw new Error('the stream ended without a reason');
  tell(turnOf(parts, last, chunks));
  return parts;
}

async function toolTurns(cell, tell, ask, names, config = {}) {
  const body = { config: { tools: [{ functionDeclarations: names.map(declaration) }], ...config } };
  const contents = [user({ text: cell.prompt })];
  const parts = await ask(cell, { ...body, contents }, tell);
  const results = parts.filter((part) => part.functionCall).map(({ functionCall: call }) => ({
    functionResponse: { id: call.id, name: call.name,
      response: { output: `${call.name} is fine` } } }));
  await ask(cell, { ...body,
    contents: [...contents, { role: 'model', parts }, user(...results)] }, tell);
}

const inline = (file) => ({ inlineData: { mimeType: file.type, data: file.base64 } });
const thinks = { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } };
const plain = (cell) => ({ contents: [user({ text: cell.prompt })] });

await run({
  text: (cell, tell) => whole(cell, plain(cell), tell),
  stream: (cell, tell) => streamed(cell, plain(cell), tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(
    cell, { contents: [user({ text: cell.prompt }, inline(cell.file))] }, tell),
  pdf: (cell, tell) => whole(
    cell, { contents: [user({ text: cell.prompt }, inline(cell.file))] }, tell),
  structured: (cell, tell) => whole(cell, { ...plain(cell), config: {
    responseMimeType: 'application/json', responseJsonSchema: answerSchema } }, tell),
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], thinks);
    await toolTurns(cell, tell, streamed, ['weather'], thinks);
  },
  cache: async (cell, tell) => {
    const body = { ...plain(cell), config: { systemInstruction: cell.system } };
    await whole(cell, body, tell);
    await whole(cell, body, tell);
  },
  long: (cell, tell) => streamed(cell, plain(cell), tell),
  refusal: async (cell, tell) => {
    await whole(cell, plain(cell), tell);
    await streamed(cell, plain(cell), tell);
  },
  length: (cell, tell) => whole(
    cell, { ...plain(cell), config: { maxOutputTokens: cell.limit } }, tell),
  error_4xx: (cell, tell) => whole(cell, plain(cell), tell),
  rate_limit: (cell, tell) => whole(cell, plain(cell), tell),
  error_5xx: (cell, tell) => whole(cell, plain(cell), tell),
  cut: (cell, tell) => streamed(cell, plain(cell), tell),
  models: async (cell, tell) => {
    const ids = [];
    for await (const model of await client.models.list()) ids.push(model.name);
    tell({ text: ids.join(' '), calls: [], finish: 'listed', uncharged: true });
  },
  count: async (cell, tell) => {
    const count = await client.models.countTokens({ model: cell.model, ...plain(cell) });
    tell({ text: String(count.totalTokens), calls: [], finish: 'counted', uncharged: true });
  },
});
