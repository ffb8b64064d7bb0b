// npm openai: responses.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const { default: OpenAI } = await load(job.package);
const client = new OpenAI({ apiKey: job.key, baseURL: job.baseUrl, maxRetries: 0 });

const tool = (name) => {
  const { schema, ...rest } = cityTool(name);
  return { type: 'function', ...rest, parameters: schema, strict: true };
};
const user = (content) => ({ role: 'user', content });

const turnOf = (response, chunks = 0) => {
  const parts = response.output.filter((item) => item.type === 'message')
    .flatMap((item) => item.content);
  const calls = response.output.filter((item) => item.type === 'function_call');
  const thoughts = response.output.filter((item) => item.type === 'reasoning');
  const { usage } = response;
  return {
    text: parts.filter((part) => part.type === 'output_text').map((part) => part.text).join(''),
    refusal: parts.find((part) => part.type === 'refusal')?.refusal ?? null,
    calls: calls.map((call) => ({ name: call.name, args: JSON.parse(call.arguments) })),
    finish: response.incomplete_details?.reason ?? response.status,
    thought: thoughts.flatMap((item) => item.summary).map((part) => part.text).join('') || null,
    chunks,
    usage: usageOf(usage?.input_tokens, usage?.input_tokens_details?.cached_tokens,
      usage?.input_tokens_details?.cache_write_tokens, usage?.output_tokens,
      usage?.output_tokens_details?.reasoning_tokens),
    cost: usage?.cost ?? response.provider_metadata?.gateway?.cost ?? null,
  };
};

async function whole(cell, body, tell) {
  const response = await client.responses.create({ model: cell.model, ...body });
  tell(turnOf(response));
  return response;
}

async function streamed(cell, body, tell) {
  const stream = await client.responses.create({ model: cell.model, ...body, stream: true });
  let last;
  let chunks = 0;
  let deltas = '';
  for await (const event of stream) {
    if (event.sequence_number !== chunks) {
      throw new Error(`event ${event.type} has number ${event.sequence_number}, not ${chunks}`);
    }
    chunks += 1;
    if (event.type === 'response.output_text.delta') deltas += event.delta;
    if (event.type === 'error' || event.type === 'response.failed') {
      throw Object.assign(new Error(event.message ?? event.response?.error?.message), {
        inStream: true });
    }
    last = event;
  }
  if (!['response.completed', 'response.incomplete'].includes(last?.type)) {
    throw new Error(`the stream ended with ${last?.type}`);
  }
  const turn = turnOf(last.response, chunks);
  if (turn.text !== deltas) throw new Error(`deltas ${deltas} are not the text ${turn.text}`);
  tell(turn);
  return last.response;
}

// The SDK's own helper, which puts the events together and is strict about their order.
async function accumulated(cell, body, tell) {
  const stream = client.responses.stream({ model: cell.model, ...body });
  tell(turnOf(await stream.finalResponse()));
}

async function toolTurns(cell, tell, ask, names, extra = {}) {
  const body = { tools: names.map(tool), ...extra };
  const input = [user(cell.prompt)];
  const response = await ask(cell, { ...body, input }, tell);
  const results = response.output.filter((item) => item.type === 'function_call')
    .map((call) => ({ type: 'function_call_output', call_id: call.call_id,
      output: `${call.name} is fine` }));
  await ask(cell, { ...body, input: [...input, ...response.output, ...results] }, tell);
}

const dataUrl = (file) => `data:${file.type};base64,${file.base64}`;
const thinks = { reasoning: { effort: 'low', summary: 'auto' } };
const stateless = { ...thinks, store: false, include: ['reasoning.encrypted_content'] };

await run({
  text: (cell, tell) => whole(cell, { input: cell.prompt }, tell),
  stream: (cell, tell) => streamed(cell, { input: cell.prompt }, tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(cell, { input: [user([
    { type: 'input_text', text: cell.prompt },
    { type: 'input_image', detail: 'auto', image_url: dataUrl(cell.file) }])] }, tell),
  pdf: (cell, tell) => whole(cell, { input: [user([
    { type: 'input_text', text: cell.prompt },
    { type: 'input_file', filename: 'a.pdf', file_data: dataUrl(cell.file) }])] }, tell),
  structured: (cell, tell) => whole(cell, {
    input: cell.prompt,
    text: { format: { type: 'json_schema', name: 'out', strict: true, schema: answerSchema } },
  }, tell),
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], stateless);
    await toolTurns(cell, tell, streamed, ['weather'], thinks);
  },
  cache: async (cell, tell) => {
    const body = { instructions: cell.system, input: cell.prompt,
      ...(cell.marks ? { caching: 'auto' } : {}) };
    await whole(cell, body, tell);
    await whole(cell, body, tell);
  },
  long: (cell, tell) => accumulated(cell, { input: cell.prompt }, tell),
  refusal: async (cell, tell) => {
    await whole(cell, { input: cell.prompt }, tell);
    await streamed(cell, { input: cell.prompt }, tell);
  },
  length: (cell, tell) => whole(cell, { input: cell.prompt, max_output_tokens: cell.limit }, tell),
  error_4xx: (cell, tell) => whole(cell, { input: cell.prompt }, tell),
  rate_limit: (cell, tell) => whole(cell, { input: cell.prompt }, tell),
  error_5xx: (cell, tell) => whole(cell, { input: cell.prompt }, tell),
  cut: (cell, tell) => streamed(cell, { input: cell.prompt }, tell),
});
