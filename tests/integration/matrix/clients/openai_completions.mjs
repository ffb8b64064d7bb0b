// npm openai: legacy completions.
import { job, load, run, usageOf } from './cells.mjs';

const { default: OpenAI } = await load(job.package);
const client = new OpenAI({ apiKey: job.key, baseURL: job.baseUrl, maxRetries: 0 });

const turnOf = (text, finish, usage, chunks = 0) => ({
  text, finish, refusal: null, calls: [], thought: null, chunks,
  usage: usageOf(usage?.prompt_tokens, usage?.prompt_tokens_details?.cached_tokens,
    usage?.prompt_tokens_details?.cache_write_tokens, usage?.completion_tokens,
    usage?.completion_tokens_details?.reasoning_tokens),
  cost: usage?.cost ?? null,
});

async function whole(cell, tell, body = {}) {
  const answer = await client.completions.create({
    model: cell.model, prompt: cell.prompt, ...body });
  tell(turnOf(answer.choices[0].text, answer.choices[0].finish_reason, answer.usage));
}

async function streamed(cell, tell, body = {}) {
  const stream = await client.completions.create({
    model: cell.model, prompt: cell.prompt, stream: true, stream_options: { include_usage: true },
    ...body });
  let [text, finish, usage, chunks] = ['', null, null, 0];
  for await (const chunk of stream) {
    chunks += 1;
    usage = chunk.usage ?? usage;
    text += chunk.choices[0]?.text ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  if (!finish) throw new Error('the stream ended without a reason');
  tell(turnOf(text, finish, usage, chunks));
}

await run({
  text: (cell, tell) => whole(cell, tell),
  stream: (cell, tell) => streamed(cell, tell),
  cache: async (cell, tell) => {
    // The whole prompt is the beginning that is cached.
    const body = { prompt: `${cell.system} ${cell.prompt}` };
    await whole(cell, tell, body);
    await whole(cell, tell, body);
  },
  long: (cell, tell) => streamed(cell, tell, { max_tokens: 8192 }),
  refusal: (cell, tell) => streamed(cell, tell),
  length: (cell, tell) => whole(cell, tell, { max_tokens: cell.limit }),
  error_4xx: (cell, tell) => whole(cell, tell),
  rate_limit: (cell, tell) => whole(cell, tell),
  error_5xx: (cell, tell) => whole(cell, tell),
  cut: (cell, tell) => streamed(cell, tell),
});
