const LONGEST_PAGE = 200;

/**
 * A conversation's log from a `seq` on, page by page as the server answers: `{results: [{seq, event, data}], reset}`.
 * `path` is that of the conversation.
 */
export async function* logFrom(session, path, after) {
  let page;
  do {
    page = await session.get(`${path}/events`, { after, limit: LONGEST_PAGE });
    yield page;
    after = page.results.at(-1)?.seq;
  } while (page.results.length === LONGEST_PAGE);
}

/** Every step of a conversation's flow, as `conversation_state_changed` tells it. */
export async function stepsFrom(session, path) {
  const steps = [];
  for await (const { results } of logFrom(session, path, 0)) {
    steps.push(...results.filter(({ event }) => event === 'conversation_state_changed').map(({ data }) => data));
  }
  return steps;
}
