// npm @anthropic-ai/sdk: messages.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const { default: Anthropic } = await load(job.package);
const client = new Anthropic({ apiKey: job.key, baseURL: job.baseUrl, maxRetries: 0 });
const MAX_TOKENS = 8192;

const user = (content) => ({ role: 'user', content });
const tool = (name) => {
  const { schema, ...rest } = cityTool(name);
  return { ...rest, input_schema: schema };
};

const turnOf = (message, chunks = 0, started = null) => {
  const of = (type) => message.content.filter((block) => block.type === type);
  const { usage } = message;
  return {
    text: of('text').map((block) => block.text).join(''),
    calls: of('tool_use').map((block) => ({ name: block.name, args: block.input })),
    finish: message.stop_reason, refusal: null,
    thought: of('thinking').map((block) => block.thinking).join('') || null, chunks,
    usage: { ...usageOf(usage.input_tokens, usage.cache_read_input_tokens,
      usage.cache_creation_input_tokens, usage.output_tokens,
      usage.output_tokens_details?.thinking_tokens), started },
    cost: usage.cost ?? message.provider_metadata?.gateway?.cost ?? null,
  };
};

async function whole(cell, body, tell) {
  const message = await client.messages.create({
    model: cell.model, max_tokens: MAX_TOKENS, ...body });
  tell(turnOf(message));
  return message;
}

async function streamed(cell, body, tell) {
  const stream = client.messages.stream({ model: cell.model, max_tokens: MAX_TOKENS, ...body });
  let chunks = 0;
  let started = null;
  let extra = {};
  stream.on('streamEvent', (event) => {
    chunks += 1;
    if (event.type === 'message_start') started = event.message.usage.input_tokens;
    if (event.type === 'message_delta') extra = event;
  });
  const message = await stream.finalMessage();
  // What this SDK does not copy from the last events.
  tell(turnOf({ ...message, provider_metadata: extra.provider_metadata ?? message.provider_metadata,
    usage: { ...message.usage, ...extra.usage } }, chunks, started));
  return message;
}

async function toolTurns(cell, tell, ask, names, extra = {}) {
  const body = { tools: names.map(tool), ...extra };
  const messages = [user(cell.prompt)];
  const message = await ask(cell, { ...body, messages }, tell);
  const results = message.content.filter((block) => block.type === 'tool_use').map((block) => ({
    type: 'tool_result', tool_use_id: block.id, content: `${block.name} is fine` }));
  const said = { role: 'assistant', content: message.content };
  await ask(cell, { ...body, messages: [...messages, said, user(results)] }, tell);
}

const source = (file) => ({ type: 'base64', media_type: file.type, data: file.base64 });
const thinks = { thinking: { type: 'enabled', budget_tokens: 2048 } };

await run({
  text: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  stream: (cell, tell) => streamed(cell, { messages: [user(cell.prompt)] }, tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt }, { type: 'image', source: source(cell.file) }])] }, tell),
  pdf: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt },
    { type: 'document', source: source(cell.file) }])] }, tell),
  structured: (cell, tell) => whole(cell, {
    messages: [user(cell.prompt)],
    output_config: { format: { type: 'json_schema', schema: answerSchema } } }, tell),
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], thinks);
    await toolTurns(cell, tell, streamed, ['weather'], thinks);
  },
  cache: async (cell, tell) => {
    const body = {
      system: [{ type: 'text', text: cell.system, cache_control: { type: 'ephemeral' } }],
      messages: [user(cell.prompt)] };
    await whole(cell, body, tell);
    await streamed(cell, body, tell);
  },
  long: (cell, tell) => streamed(cell, { messages: [user(cell.prompt)] }, tell),
  refusal: async (cell, tell) => {
    await whole(cell, { messages: [user(cell.prompt)] }, tell);
    await streamed(cell, { messages: [user(cell.prompt)] }, tell);
  },
  length: (cell, tell) => whole(
    cell, { messages: [user(cell.prompt)], max_tokens: cell.limit }, tell),
  error_4xx: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  rate_limit: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  error_5xx: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  cut: (cell, tell) => streamed(cell, { messages: [user(cell.prompt)] }, tell),
  models: async (cell, tell) => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    tell({ text: ids.join(' '), calls: [], finish: 'listed', uncharged: true });
  },
  count: async (cell, tell) => {
    const count = await client.messages.countTokens({
      model: cell.model, messages: [user(cell.prompt)] });
    tell({ text: String(count.input_tokens), calls: [], finish: 'counted', uncharged: true });
  },
});
