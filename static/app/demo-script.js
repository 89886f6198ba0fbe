/** The script of the demo: for each state the next action, and the message that is sent before it. */

import { gettext } from './i18n.js';

const WORK = {
  deliverables: () => gettext('Three reels of 30 seconds and a story with a link'),
  description: () => gettext('Shot on the terrace at dusk; the boxes are opened on camera in the second reel.'),
  notes: () => gettext('Captions in English and Hindi.'),
};

const SCRIPT = {
  influencer_responding: () => ({
    say: gettext('Hello Anaya! I have ordered from you before, so yes, I am curious.'),
    action: 'accept_connection',
  }),
  brand_owner_details: () => ({
    action: 'send_project_details',
    data: {
      details: gettext(
        'Three reels and a story about our Diwali snack box: unboxing, tasting, gifting. Out by 30 October.',
      ),
    },
  }),
  influencer_reviewing: () => ({
    say: gettext('Lovely, gifting is what my followers ask about every year.'),
    action: 'accept_project',
  }),
  brand_owner_pricing: () => ({ action: 'send_price_offer', data: { price: '18000' } }),
  influencer_price_response: () => ({ action: 'negotiate_price' }),
  brand_owner_negotiation: () => ({
    say: gettext('Fair enough. What did you have in mind?'),
    action: 'agree_negotiation',
  }),
  influencer_price_input: () => ({ action: 'send_counter_offer', data: { price: '24000' } }),
  brand_owner_price_response: () => ({ action: 'make_final_offer', data: { price: '21000' } }),
  influencer_final_response: () => ({
    say: gettext('Deal! I will keep the last weekend of October free.'),
    action: 'accept_final_offer',
  }),
  payment_pending: () => ({ action: 'proceed_to_payment', pay: true }),
  payment_completed: () => ({ action: 'start_work' }),
  work_in_progress: () => ({ action: 'submit_work', data: spoken(WORK) }),
  work_submitted: (visits) =>
    visits === 1
      ? {
          action: 'request_revision',
          data: { feedback: gettext('Beautiful! Could the second reel show the gift tag a little longer?') },
        }
      : { action: 'approve_work' },
  work_revision_requested: () => ({
    action: 'resubmit_work',
    data: { ...spoken(WORK), notes: gettext('The tag stays for three seconds now.') },
  }),
};

/** The events that the sandbox reports about a paid order. */
export const REPORTS = {
  refunded: 'payment.refunded',
  disputed: 'payment.dispute_opened',
  won: 'payment.dispute_won',
  lost: 'payment.dispute_lost',
};

function spoken(texts) {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text()]));
}

/** Return the next step in a state that is reached for the `visits`th time, or null if the deal has ended. */
export function nextIn(state, visits) {
  return SCRIPT[state]?.(visits) ?? null;
}
