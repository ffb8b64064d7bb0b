// npm @openrouter/sdk: chat.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const { OpenRouter } = await load(job.package);
const client = new OpenRouter({
  apiKey: job.key, serverURL: job.baseUrl, retryConfig: { strategy: 'none' } });

const user = (content) => ({ role: 'user', content });
const tool = (name) => {
  const { schema, ...rest } = cityTool(name);
  return { type: 'function', function: { ...rest, parameters: schema } };
};

const turnOf = (message, finish, usage, chunks = 0) => ({
  text: message.content ?? '', finish, refusal: message.refusal ?? null, chunks,
  calls: (message.toolCalls ?? []).map((call) => (
    { name: call.function.name, args: JSON.parse(call.function.arguments) })),
  thought: message.reasoning ?? null,
  usage: usageOf(usage?.promptTokens, usage?.promptTokensDetails?.cachedTokens,
    usage?.promptTokensDetails?.cacheWriteTokens, usage?.completionTokens,
    usage?.completionTokensDetails?.reasoningTokens),
  cost: usage?.cost ?? null,
});

const send = (cell, body) => client.chat.send(
  { chatRequest: { model: cell.model, ...body } });

async function whole(cell, body, tell) {
  const completion = await send(cell, body);
  const [choice] = completion.choices;
  tell(turnOf(choice.message, choice.finishReason, completion.usage));
  return choice.message;
}

// Puts a stream's deltas together, as this SDK leaves it to its users.
async function streamed(cell, body, tell) {
  const stream = await send(cell, { ...body, stream: true });
  const message = { role: 'assistant', content: '' };
  const details = [];
  let [finish, usage, chunks] = [null, null, 0];
  for await (const chunk of stream) {
    chunks += 1;
    if (chunk.error) throw Object.assign(new Error(chunk.error.message), { error: chunk.error });
    usage = chunk.usage ?? usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    finish = choice.finishReason ?? finish;
    const { delta } = choice;
    message.content += delta.content ?? '';
    if (delta.refusal) message.refusal = (message.refusal ?? '') + delta.refusal;
    if (delta.reasoning) message.reasoning = (message.reasoning ?? '') + delta.reasoning;
    details.push(...(delta.reasoningDetails ?? []));
    for (const part of delta.toolCalls ?? []) {
      message.toolCalls ??= [];
      const call = message.toolCalls[part.index] ??= {
        id: part.id, type: 'function', function: { name: '', arguments: '' } };
      call.function.name += part.function?.name ?? '';
      call.function.arguments += part.function?.arguments ?? '';
    }
  }
  if (!finish) throw new Error('the stream ended without a reason');
  if (details.length) message.reasoningDetails = details;
  tell(turnOf(message, finish, usage, chunks));
  return message;
}

async function toolTurns(cell, tell, ask, names, extra = {}) {
  const body = { tools: names.map(tool), ...extra };
  const messages = [user(cell.prompt)];
  const message = await ask(cell, { ...body, messages }, tell);
  const results = message.toolCalls.map((call) => ({
    role: 'tool', toolCallId: call.id, content: `${call.function.name} is fine` }));
  await ask(cell, { ...body, messages: [...messages, message, ...results] }, tell);
}

const dataUrl = (file) => `data:${file.type};base64,${file.base64}`;
const thinks = { reasoning: { effort: 'low' } };
const plain = (cell) => ({ messages: [user(cell.prompt)] });

await run({
  text: (cell, tell) => whole(cell, plain(cell), tell),
  stream: (cell, tell) => streamed(cell, plain(cell), tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt },
    { type: 'image_url', imageUrl: { url: dataUrl(cell.file) } }])] }, tell),
  pdf: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt },
    { type: 'file', file: { filename: 'a.pdf', fileData: dataUrl(cell.file) } }])] }, tell),
  structured: (cell, tell) => whole(cell, { ...plain(cell), responseFormat: {
    type: 'json_schema', jsonSchema: { name: 'out', strict: true, schema: answerSchema } } }, tell),
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], thinks);
    await toolTurns(cell, tell, streamed, ['weather'], thinks);
  },
  cache: async (cell, tell) => {
    const messages = [{ role: 'system', content: [{ type: 'text', text: cell.system,
      cacheControl: { type: 'ephemeral' } }] }, user(cell.prompt)];
    await whole(cell, { messages }, tell);
    await whole(cell, { messages }, tell);
  },
  long: (cell, tell) => streamed(cell, plain(cell), tell),
  refusal: async (cell, tell) => {
    await whole(cell, plain(cell), tell);
    await streamed(cell, plain(cell), tell);
  },
  length: (cell, tell) => whole(cell, { ...plain(cell), maxCompletionTokens: cell.limit }, tell),
  error_4xx: (cell, tell) => whole(cell, plain(cell), tell),
  rate_limit: (cell, tell) => whole(cell, plain(cell), tell),
  error_5xx: (cell, tell) => whole(cell, plain(cell), tell),
  models: async (cell, tell) => {
    const { result } = await client.models.list();
    const ids = result.data.map((model) => model.id);
    tell({ text: ids.join(' '), calls: [], finish: 'listed', uncharged: true });
  },
  cut: (cell, tell) => streamed(cell, plain(cell), tell),
});
