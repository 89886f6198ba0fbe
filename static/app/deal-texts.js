/** What the steps of a deal are called, for people who read along. */

import { filled, gettext } from './i18n.js';

/** The stages of a deal, each with the states in it. */
export const STAGES = [
  { name: () => gettext('Contact'), states: ['influencer_responding'] },
  { name: () => gettext('Project'), states: ['brand_owner_details', 'influencer_reviewing'] },
  {
    name: () => gettext('Price'),
    states: [
      'brand_owner_pricing',
      'influencer_price_response',
      'brand_owner_negotiation',
      'influencer_price_input',
      'brand_owner_price_response',
      'influencer_final_response',
    ],
  },
  { name: () => gettext('Payment'), states: ['payment_pending'] },
  {
    name: () => gettext('Work'),
    states: ['payment_completed', 'work_in_progress', 'work_submitted', 'work_revision_requested'],
  },
  { name: () => gettext('Done'), states: ['work_approved', 'real_time'] },
];

/** Where a state stands among the stages; -1 for one outside of them, such as a closed conversation. */
export function stageOf(state) {
  return STAGES.findIndex((stage) => stage.states.includes(state));
}

const STEPS = {
  conversation_opened: () => gettext('%(brand_owner)s made the request'),
  accept_connection: () => gettext('%(influencer)s accepted the request'),
  reject_connection: () => gettext('%(influencer)s declined the request'),
  send_project_details: () => gettext('%(brand_owner)s sent the project'),
  accept_project: () => gettext('%(influencer)s accepted the project'),
  reject_project: () => gettext('%(influencer)s declined the project'),
  send_price_offer: () => gettext('%(brand_owner)s offered a price'),
  accept_price: () => gettext('%(influencer)s accepted the price'),
  reject_price: () => gettext('%(influencer)s declined the price'),
  negotiate_price: () => gettext('%(influencer)s asked to negotiate'),
  agree_negotiation: () => gettext('%(brand_owner)s agreed to negotiate'),
  reject_negotiation: () => gettext('%(brand_owner)s declined to negotiate'),
  send_counter_offer: () => gettext('%(influencer)s made a counter-offer'),
  accept_counter_offer: () => gettext('%(brand_owner)s accepted the counter-offer'),
  reject_counter_offer: () => gettext('%(brand_owner)s declined the counter-offer'),
  make_final_offer: () => gettext('%(brand_owner)s made a final offer'),
  accept_final_offer: () => gettext('%(influencer)s accepted the final offer'),
  reject_final_offer: () => gettext('%(influencer)s declined the final offer'),
  payment_verified: () => gettext('The payment arrived'),
  start_work: () => gettext('%(influencer)s started the work'),
  submit_work: () => gettext('%(influencer)s submitted the work'),
  request_revision: () => gettext('%(brand_owner)s asked for a revision'),
  resubmit_work: () => gettext('%(influencer)s submitted the revision'),
  approve_work: () => gettext('%(brand_owner)s approved the work'),
  reject_final_work: () => gettext('%(brand_owner)s rejected the work'),
  approved_automatically: () => gettext('Approved, as there was no answer in time'),
  free_chat_opened: () => gettext('The chat is open'),
  close_conversation: () => gettext('The conversation was closed'),
  expired: () => gettext('Closed, as there was no answer in time'),
  paused: () => gettext('An operator paused the deal'),
  resumed: () => gettext('The deal goes on'),
  closed_by_operator: () => gettext('An operator closed the conversation'),
};

/** A step in words; one that is not known here keeps its own name. */
export function stepInWords({ reason }, { brand_owner, influencer }) {
  const text = STEPS[reason]?.() ?? reason.replaceAll('_', ' ');
  return filled(text, { brand_owner: brand_owner?.name, influencer: influencer?.name });
}

/** A state in a few words, as a label in the list. */
export function stateInWords(conversation) {
  if (conversation.chat_status === 'closed') return gettext('Closed');
  return STAGES[stageOf(conversation.flow_state)]?.name() ?? conversation.flow_state;
}

export function offerInWords(kind) {
  return { offer: gettext('Offer'), counter: gettext('Counter-offer'), final: gettext('Final offer') }[kind] ?? kind;
}
