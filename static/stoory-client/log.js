const LONGEST_PAGE = 200;

/**
 * Yield the pages of a conversation's event log after the `seq` `after`: `{results: [{seq, event, data}], reset}`.
 * `path` is the conversation's REST path.
 */
export async function* logFrom(session, path, after) {
  let page;
  do {
    page = await session.get(`${path}/events`, { after, limit: LONGEST_PAGE });
    yield page;
    after = page.results[page.results.length - 1]?.seq;
  } while (page.results.length === LONGEST_PAGE);
}

/** Return all steps of a conversation's flow: the data of its `conversation_state_changed` events. */
export async function stepsFrom(session, path) {
  const steps = [];
  for await (const { results } of logFrom(session, path, 0)) {
    steps.push(...results.filter(({ event }) => event === 'conversation_state_changed').map(({ data }) => data));
  }
  return steps;
}
