/** Types of stoory-client. What the server sends is described in docs/openapi.yaml and docs/asyncapi.json. */

export type Role = 'brand_owner' | 'influencer' | 'participant' | 'operator';

export interface Person {
  id: string;
  name: string;
  role: string;
}

export interface User extends Person {
  email: string;
  /** Whether others can find this account. */
  findable: boolean;
  created_at: string;
}

export interface PeoplePage {
  results: Person[];
  /** The cursors of the pages beside this one; null where there is none. */
  next: string | null;
  previous: string | null;
}

export interface InputField {
  id: string;
  type: 'text' | 'textarea' | 'number' | 'files';
  label: string;
  required: boolean;
  min?: string;
  max?: string;
  min_length?: number;
  max_length?: number;
  max_items?: number;
}

export type Style = 'primary' | 'success' | 'danger' | 'secondary';

export interface Button {
  id: string;
  text: string;
  style: Style;
  action: string;
  data?: Record<string, unknown>;
  inputs?: InputField[];
}

/** What the awaited side is asked. */
export interface Prompt {
  title: string;
  subtitle: string;
  role: string;
  flow_state: string;
  state_version: number;
  buttons: Button[];
  input_field?: InputField;
  inputs?: InputField[];
  submit_button?: { text: string; action: string };
  completed?: boolean;
}

export interface AvailableAction {
  action: string;
  role: string;
  label: string;
  style: Style;
  state_version: number;
  inputs: InputField[];
}

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  url: string;
  thumbnail_url: string | null;
}

export interface Message {
  id: string;
  conversation_id: string;
  sender_id: string;
  receiver_id: string;
  message: string;
  media_url: string | null;
  message_type: 'user_input' | 'system';
  is_automated: boolean;
  action_required: boolean;
  action_data: Prompt | null;
  created_at: string;
  seq: number;
  client_message_id: string | null;
  edited_at: string | null;
  deleted_at: string | null;
  read_at: string | null;
  attachments: Attachment[];
}

/** A part of a flow, which says how far a conversation has come. */
export interface Stage {
  key: string;
  label: string;
  /** From 1 on; null for the stage of an end that a conversation may come to from anywhere. */
  position: number | null;
}

export interface Context {
  id: string;
  chat_status: 'automated' | 'real_time' | 'closed';
  flow_state: string;
  awaiting_role: Role | null;
  conversation_type: 'direct' | 'bid' | 'campaign';
  automation_enabled: boolean;
  current_action_data: Prompt | null;
  state_version: number;
  due_at: string | null;
}

export interface ConversationData extends Context {
  title: string;
  source_id: string | null;
  currency: string;
  brand_owner: Person | null;
  influencer: Person | null;
  other_user: (Person & { online: boolean; last_seen: string | null }) | null;
  /** Null in a flow without stages. */
  stage: Stage | null;
  my_role: Role;
  last_message: Message | null;
  unread_count: number;
  seq: number;
  available_actions: AvailableAction[];
  created_at: string;
  updated_at: string;
}

export interface Standing {
  chat_status: string;
  flow_state: string;
  awaiting_role: Role | null;
}

/** A step of the flow, as `conversation_state_changed` tells it. */
export interface Step {
  seq: number;
  conversation_id: string;
  previous_state: Standing | null;
  new_state: Standing;
  reason: string;
  /** Who did what, in words; absent from what was logged before there were summaries. */
  summary?: string;
  timestamp: string;
}

export interface Offer {
  number: number;
  kind: 'offer' | 'counter' | 'final';
  /** A decimal string. */
  amount: string;
  currency: string;
  round: number;
  proposer_role: Role;
  lapses_at: string | null;
  accepted_at: string | null;
  created_at: string;
}

export interface Deal {
  currency: string;
  offers: Offer[];
  agreed_price: string | null;
  payment_status: 'open' | 'failed' | 'paid' | 'refunded' | null;
  /** All those of the flow, in order. */
  stages: Stage[];
}

export interface Payment {
  order_id: string;
  provider: string;
  amount: string;
  currency: string;
  status: string;
  pay: Record<string, unknown>;
}

export interface Notification {
  id: string;
  type: string;
  title: string;
  body: string;
  payload: Record<string, unknown>;
  conversation_id: string | null;
  created_at: string;
  read_at: string | null;
}

/** A text on its way. */
export interface Outgoing {
  client_message_id: string;
  message: string;
  attachments: Attachment[];
  media_url?: string;
  created_at: string;
  status: 'sending' | 'waiting' | 'failed';
  tries: number;
  /** Why it has failed. */
  error?: string;
}

export class Store<Snapshot> {
  /** Never changed, only replaced. */
  getSnapshot: () => Readonly<Snapshot>;
  /** Answers a function that ends the subscription. */
  subscribe: (listener: (snapshot: Readonly<Snapshot>) => void) => () => void;
}

/** The server understood and declined. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: Record<string, string[]>;
  readonly body: Record<string, any>;
  /** Seconds to wait, where the server says so. */
  readonly retryAfter?: number;
  /** Whether the very same request may succeed later. */
  readonly isTemporary: boolean;
}

/** No answer: nothing is known about whether the request arrived. */
export class ConnectionLost extends Error {}

/** There is no login session, or it has ended. */
export class SignedOut extends Error {}

/** What was waited for will not come: it was closed, disposed of or disconnected meanwhile. */
export class Closed extends Error {}

export interface Tokens {
  user: User;
  access: string;
  refresh: string;
  /** When `access` ends, in milliseconds; null where this device's clock cannot tell. */
  until: number | null;
}

export interface TokenStorage {
  get(): Tokens | null;
  set(tokens: Tokens | null): void;
}

export function memoryStorage(tokens?: Tokens | null): TokenStorage;
export function webStorage(storage: Storage, key?: string): TokenStorage;

export interface SessionOptions {
  /** The server's origin; the page's own if not given. */
  url?: string;
  storage?: TokenStorage;
  fetch?: typeof fetch;
  /** Milliseconds after which a request counts as lost. */
  timeout?: number;
  locks?: LockManager;
}

/** Who is signed in, and requests in that name. */
export class Session {
  constructor(options?: SessionOptions);
  readonly user: User | null;
  /** The access token as it is, or an empty text. */
  readonly present: string;
  onEnded: () => void;
  signIn(given: { email: string; password: string }): Promise<User>;
  register(given: { email: string; password: string; name: string; role: 'brand_owner' | 'influencer' }): Promise<User>;
  signOut(options?: { everywhere?: boolean }): Promise<void>;
  /** An access token that is good for a while. */
  access(): Promise<string>;
  renew(used: string): Promise<string>;
  get(path: string, params?: Record<string, unknown>): Promise<any>;
  post(path: string, body?: unknown): Promise<any>;
  request(method: string, path: string, options?: { params?: Record<string, unknown>; body?: unknown }): Promise<any>;
  updateAccount(fields: { findable: boolean }): Promise<User>;
  file(address: string): Promise<Blob>;
  end(): void;
}

export type Status = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'ended' | 'closed';

export interface ClientOptions {
  url?: string;
  session?: Session;
  /** Such as `sessionStorage`: texts on their way survive a reload. */
  outbox?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Instead of socket.io-client's `io`. */
  io?: (url: string, options: object) => any;
}

export class StooryClient extends Store<{ status: Status }> {
  constructor(options?: ClientOptions);
  readonly session: Session;
  readonly isOnline: boolean;
  readonly notifications: Notifications;
  connect(): void;
  disconnect(): void;
  signOut(options?: { everywhere?: boolean }): Promise<void>;
  /** Answers `{success, …}`, also where there is no answer in time. */
  command(name: string, payload: object): Promise<{ success: boolean; code?: string; [member: string]: any }>;
  emit(name: string, payload: object): void;
  /** The same object each time. */
  conversation(id: string): Conversation;
  conversationList(filter?: Filter): ConversationList;
  openConversation(fields: {
    conversation_type: 'direct' | 'bid' | 'campaign';
    user_id: string;
    title?: string;
    source_id?: string;
    currency?: string;
    proposed_amount?: string;
    message?: string;
  }): Promise<ConversationData>;
  /** By the beginnings of the words of a name, or by a whole e-mail address. */
  findPeople(q: string, options?: { limit?: number; cursor?: string | null }): Promise<PeoplePage>;
  updateAccount(fields: { findable: boolean }): Promise<User>;
  upload(file: File): Promise<Attachment>;
}

export interface ConversationState {
  phase: 'loading' | 'ready' | 'gone';
  conversation: ConversationData | null;
  /** By `seq`. */
  messages: Message[];
  outgoing: Outgoing[];
  /** Ids of the others who are typing. */
  typing: string[];
  /** Ids of those of both sides who are online. */
  online: string[];
  hasEarlier: boolean;
  isLoadingEarlier: boolean;
  /** Null until `loadSteps`. */
  steps: Step[] | null;
  /** Null until `loadDeal`. */
  deal: Deal | null;
}

export class Conversation extends Store<ConversationState> {
  readonly id: string;
  /** Resolves once it can be shown, or is known to be `gone`. */
  open(): Promise<void>;
  close(): void;
  /** Answers the text's `client_message_id`. */
  send(message: string, options?: { attachments?: Attachment[]; media_url?: string }): string;
  retry(clientMessageId: string): Promise<void>;
  discard(clientMessageId: string): void;
  edit(messageId: string, message: string): Promise<void>;
  remove(messageId: string): Promise<void>;
  act(
    action: Pick<AvailableAction, 'action' | 'state_version'>,
    data?: Record<string, unknown>,
  ): Promise<{ conversation: ConversationData; message?: Message; payment?: Payment }>;
  typing(): void;
  markRead(seq: number): void;
  /** The page before the oldest message shown. Answers whether there is still more. */
  loadEarlier(options?: { limit?: number }): Promise<boolean>;
  loadSteps(): Promise<void>;
  loadDeal(): Promise<void>;
}

export interface Filter {
  type?: 'direct' | 'bid' | 'campaign';
  /** Where it is one's own turn. */
  awaiting?: boolean;
  unread?: boolean;
  search?: string;
}

export interface ListState {
  phase: 'loading' | 'ready';
  filter: Filter;
  conversations: ConversationData[];
  hasMore: boolean;
}

export class ConversationList extends Store<ListState> {
  /** Resolves when this selection, or one that was asked for later, is in the snapshot. */
  show(filter: Filter): Promise<void>;
  /** Resolves when the newest answer is in the snapshot. */
  reload(): Promise<void>;
  /** Resolves when the next page is in the snapshot, or there is none. */
  loadMore(): Promise<void>;
  dispose(): void;
}

export interface NotificationsState {
  unread: number;
  notifications: Notification[];
  hasMore: boolean;
}

export class Notifications extends Store<NotificationsState> {
  reload(): Promise<void>;
  loadMore(): Promise<void>;
  read(id: string): Promise<void>;
  readAll(): Promise<void>;
}

export function matches(conversation: ConversationData, filter?: Filter): boolean;
export function firstUnread(messages: Message[], count: number, me: string): Message | null;
export function isOpenPrompt(message: Message, conversation: Context): boolean;
