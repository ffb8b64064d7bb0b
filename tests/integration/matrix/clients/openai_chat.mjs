// npm openai: chat completions.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const { default: OpenAI } = await load(job.package);
const client = new OpenAI({ apiKey: job.key, baseURL: job.baseUrl, maxRetries: 0 });

const user = (content) => ({ role: 'user', content });
const tool = (name) => {
  const { schema, ...rest } = cityTool(name);
  return { type: 'function', function: { ...rest, parameters: schema } };
};

const turnOf = (completion, chunks = 0) => {
  const [choice] = completion.choices;
  const details = completion.usage?.completion_tokens_details;
  const cached = completion.usage?.prompt_tokens_details;
  return {
    text: choice.message.content ?? '',
    calls: (choice.message.tool_calls ?? []).map((call) => (
      { name: call.function.name, args: JSON.parse(call.function.arguments) })),
    finish: choice.finish_reason, refusal: choice.message.refusal ?? null,
    thought: choice.message.reasoning ?? choice.message.reasoning_content ?? null, chunks,
    usage: usageOf(completion.usage?.prompt_tokens, cached?.cached_tokens,
      cached?.cache_write_tokens, completion.usage?.completion_tokens, details?.reasoning_tokens),
    cost: completion.usage?.cost ?? null,
  };
};

async function whole(cell, body, tell) {
  const completion = await client.chat.completions.create({ model: cell.model, ...body });
  tell(turnOf(completion));
  return completion.choices[0].message;
}

async function streamed(cell, body, tell) {
  const runner = client.chat.completions.stream({
    model: cell.model, stream_options: { include_usage: true }, ...body });
  let chunks = 0;
  let details = [];
  runner.on('chunk', (chunk) => {
    chunks += 1;
    details = details.concat(chunk.choices[0]?.delta?.reasoning_details ?? []);
  });
  const completion = await runner.finalChatCompletion();
  tell(turnOf(completion, chunks));
  const { message } = completion.choices[0];
  // The helper of this SDK assembles a message for what it knows; what a provider signed comes
  // piece by piece beside it.
  const { parsed, ...plain } = message;
  for (const call of plain.tool_calls ?? []) delete call.function.parsed_arguments;
  return details.length ? { ...plain, reasoning_details: details } : plain;
}

async function toolTurns(cell, tell, ask, names, extra = {}) {
  const body = { messages: [user(cell.prompt)], tools: names.map(tool), ...extra };
  const message = await ask(cell, body, tell);
  const results = message.tool_calls.map((call) => ({
    role: 'tool', tool_call_id: call.id, content: `${call.function.name} is fine` }));
  await ask(cell, { ...body, messages: [...body.messages, message, ...results] }, tell);
}

const dataUrl = (file) => `data:${file.type};base64,${file.base64}`;

await run({
  text: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  stream: (cell, tell) => streamed(cell, { messages: [user(cell.prompt)] }, tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt },
    { type: 'image_url', image_url: { url: dataUrl(cell.file) } }])] }, tell),
  pdf: (cell, tell) => whole(cell, { messages: [user([
    { type: 'text', text: cell.prompt },
    { type: 'file', file: { filename: 'a.pdf', file_data: dataUrl(cell.file) } }])] }, tell),
  structured: (cell, tell) => whole(cell, {
    messages: [user(cell.prompt)],
    response_format: {
      type: 'json_schema', json_schema: { name: 'out', strict: true, schema: answerSchema } },
  }, tell),
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], { reasoning_effort: 'low' });
    await toolTurns(cell, tell, streamed, ['weather'], { reasoning_effort: 'low' });
  },
  cache: async (cell, tell) => {
    const messages = [
      { role: 'system', content: [{ type: 'text', text: cell.system, ...(cell.marks
        ? { cache_control: { type: 'ephemeral' } } : {}) }] }, user(cell.prompt)];
    await whole(cell, { messages }, tell);
    await whole(cell, { messages }, tell);
  },
  long: (cell, tell) => streamed(cell, { messages: [user(cell.prompt)] }, tell),
  refusal: async (cell, tell) => {
    await whole(cell, { messages: [user(cell.prompt)] }, tell);
    await streamed(cell, { messages: [user(cell.prompt)] }, tell);
  },
  length: (cell, tell) => whole(
    cell, { messages: [user(cell.prompt)], max_completion_tokens: cell.limit }, tell),
  error_4xx: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  rate_limit: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  error_5xx: (cell, tell) => whole(cell, { messages: [user(cell.prompt)] }, tell),
  models: async (cell, tell) => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    tell({ text: ids.join(' '), calls: [], finish: 'listed', uncharged: true });
  },
  cut: async (cell, tell) => {
    const stream = await client.chat.completions.create({
      model: cell.model, messages: [user(cell.prompt)], stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
    tell({ text, finish: 'ended as if whole', calls: [] });
  },
});
