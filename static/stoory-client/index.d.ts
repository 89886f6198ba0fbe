/** Types of stoory-client. The payloads of the server are described in docs/openapi.yaml and docs/asyncapi.json. */

export type Role = 'brand_owner' | 'influencer' | 'participant' | 'operator';

export interface Person {
  id: string;
  name: string;
  role: 'influencer' | 'brand_owner' | 'system';
}

export interface User extends Person {
  email: string;
  /** Whether other users can find this account. */
  findable: boolean;
  created_at: string;
}

export interface PeoplePage {
  results: Person[];
  /** The cursor of the next page, or null. */
  next: string | null;
  /** The cursor of the previous page, or null. */
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

/** The question to the awaited role, with its buttons or inputs. */
export interface Prompt {
  title: string;
  subtitle: string;
  role: Role;
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
  role: Role;
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
  kind: 'picture' | 'video' | 'audio' | 'voice' | 'file';
  /** In pixels, as the picture or video is shown; null if unknown. */
  width: number | null;
  height: number | null;
  /** In seconds; null if unknown. */
  duration: number | null;
  /** A ThumbHash in base64, or "". */
  placeholder: string;
  alt: string;
  /** Only the owner can read a file that is not `ready`. */
  status: 'pending' | 'ready' | 'refused';
  metadata_removed: boolean;
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

/** A part of a flow. It shows the progress of a conversation. */
export interface Stage {
  key: string;
  label: string;
  /** The position in the flow, from 1; null for a final stage that can be reached from several stages. */
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
  chat_status: 'automated' | 'real_time' | 'closed';
  flow_state: string;
  awaiting_role: 'influencer' | 'brand_owner' | null;
}

/** A step of the flow: the data of a `conversation_state_changed` event. */
export interface Step {
  seq: number;
  conversation_id: string;
  previous_state: Standing | null;
  new_state: Standing;
  reason: string;
  /** Who did what, as a sentence. */
  summary: string;
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
  withdrawn_at: string | null;
  created_at: string;
}

export interface Deal {
  currency: string;
  offers: Offer[];
  agreed_price: string | null;
  payment_status: 'open' | 'failed' | 'canceled' | 'paid' | 'refunded' | null;
  order_id: string | null;
  paid_amount: string;
  refunded_amount: string;
  dispute: 'open' | 'won' | 'lost' | null;
  /** All stages of the flow, in order. */
  stages: Stage[];
  /** The position of the current stage, or of the stage in which the deal was closed; null without stages. */
  reached: number | null;
}

export interface Payment {
  order_id: string;
  provider: string;
  amount: string;
  currency: string;
  status: 'open' | 'failed' | 'canceled' | 'paid' | 'refunded';
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

/** A message that the server has not stored yet. */
export interface Outgoing {
  client_message_id: string;
  message: string;
  attachments: Attachment[];
  media_url?: string;
  created_at: string;
  status: 'sending' | 'waiting' | 'failed';
  tries: number;
  /** The error message, if `status` is `failed`. */
  error?: string;
}

/** A snapshot with listeners, for React's `useSyncExternalStore`. */
export class Store<Snapshot> {
  /** Returns the current snapshot, which is never changed, only replaced. */
  getSnapshot: () => Readonly<Snapshot>;
  /** Calls `listener` after each change. Returns a function that ends the subscription. */
  subscribe: (listener: (snapshot: Readonly<Snapshot>) => void) => () => void;
}

/** The server responded with an error. */
export class Refused extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** The error code, such as `not_found`. */
  readonly code: string;
  /** The error messages by field. */
  readonly errors: Record<string, string[]>;
  /** The whole response. */
  readonly body: Record<string, any>;
  /** Seconds to wait before a retry, if the server says so. */
  readonly retryAfter?: number;
  /** Whether the same request can succeed later. */
  readonly isTemporary: boolean;
}

/** The server did not respond in time. It is unknown whether it received the request. */
export class ConnectionLost extends Error {}

/** No user is signed in, or the login session has ended. */
export class SignedOut extends Error {}

/** The conversation was closed, the list disposed of or the client disconnected before the read finished. */
export class Closed extends Error {}

export interface Tokens {
  user: User;
  access: string;
  refresh: string;
  /** When `access` expires, in milliseconds since 1970; null if this device's clock is known to be wrong. */
  until: number | null;
}

export interface TokenStorage {
  get(): Tokens | null;
  set(tokens: Tokens | null): void;
}

/** Returns a storage that keeps tokens until the page is closed. */
export function memoryStorage(tokens?: Tokens | null): TokenStorage;
/** Returns a storage that keeps tokens in a web storage. With `localStorage` all tabs of the origin share them. */
export function webStorage(storage: Storage, key?: string): TokenStorage;

export interface SessionOptions {
  /** The server's origin. The default is the origin of the page. */
  url?: string;
  /** The default is `memoryStorage()`. */
  storage?: TokenStorage;
  fetch?: typeof fetch;
  /** The timeout of a request in milliseconds, 15000 by default; an upload has eight times as long. */
  timeout?: number;
  /** With these locks, tabs renew tokens one at a time. The default is `navigator.locks`. */
  locks?: LockManager;
}

/** The login session of a user, and authenticated requests to the REST API. */
export class Session {
  constructor(options?: SessionOptions);
  /** The signed-in user, or null. */
  readonly user: User | null;
  /** The stored access token, which can have expired; an empty string if no user is signed in. */
  readonly present: string;
  /** Called when the login session ends without a call of `signOut`. */
  onEnded: () => void;
  /** Signs in and returns the user. Raises `Refused` or `ConnectionLost`. */
  signIn(given: { email: string; password: string }): Promise<User>;
  /** Creates an account, signs in and returns the user. Raises `Refused` or `ConnectionLost`. */
  register(given: { email: string; password: string; name: string; role: 'brand_owner' | 'influencer' }): Promise<User>;
  /**
   * Ends this login session, or with `everywhere` all login sessions of the user. Raises `Refused` or `ConnectionLost`:
   * the session has then ended on this device only.
   */
  signOut(options?: { everywhere?: boolean }): Promise<void>;
  /** Returns an access token, renewed if it expires within 30 s. Raises `SignedOut`, `Refused` or `ConnectionLost`. */
  access(): Promise<string>;
  /** Returns an access token that is newer than `used`. Raises the same errors as `access`. */
  renew(used: string): Promise<string>;
  /** Sends a GET request with query parameters; see `request`. */
  get(path: string, params?: Record<string, unknown>): Promise<any>;
  /** Sends a POST request with a JSON body; see `request`. */
  post(path: string, body?: unknown): Promise<any>;
  /**
   * Sends a request and returns the response body. `params` are query parameters; `body` is JSON or `FormData`. Raises
   * `Refused`, `ConnectionLost` or `SignedOut`.
   */
  request(method: string, path: string, options?: { params?: Record<string, unknown>; body?: unknown }): Promise<any>;
  /** Changes the account of the signed-in user and returns the updated user. Raises the same errors as `request`. */
  updateAccount(fields: { findable: boolean }): Promise<User>;
  /** Returns an uploaded file or thumbnail. `address` is its `url`. Raises the same errors as `request`. */
  file(address: string): Promise<Blob>;
  /** Returns the complete address of a path of the server, such as the `url` of a link. */
  addressOf(path: string): string;
  /** Ends the login session on this device and calls `onEnded`. */
  end(): void;
}

/** A file's address for `src` or `href`, for this user, until it expires. Times are in milliseconds since 1970. */
export interface FileLink {
  url: string;
  /** Ask for a new link from then on. */
  renewAt: number;
  expiresAt: number;
}

/** The files of messages: links that need no access token, and descriptions. */
export class Files {
  /**
   * Returns a link of a file, the same one until `renewAt`. `thumbnail` asks for the small picture; with `download`,
   * browsers save the file. Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  link(id: string, options?: { thumbnail?: boolean; download?: boolean }): Promise<FileLink>;
  /** Forgets the links of a file, because one of them did not work. */
  forget(id: string): void;
  /** Describes a file that was not sent yet, for people who cannot see it. Raises the same errors as `link`. */
  describe(id: string, alt: string): Promise<Attachment>;
}

/** README.md has a table of the meanings. */
export type Status = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'ended' | 'closed';

export interface ClientOptions {
  url?: string;
  session?: Session;
  /** A storage such as `sessionStorage`, in which unsent messages survive a reload. */
  outbox?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Returns a new id for a message. Platforms without `crypto.getRandomValues` need it. */
  newId?: () => string;
  /** Replaces socket.io-client's `io`. */
  io?: (url: string, options: object) => any;
}

/** The connection of one user, with its conversations, lists and notifications. */
export class StooryClient extends Store<{ status: Status }> {
  constructor(options?: ClientOptions);
  readonly session: Session;
  readonly files: Files;
  readonly isOnline: boolean;
  readonly notifications: Notifications;
  /** Connects, and reconnects after each interruption until `disconnect` is called. */
  connect(): void;
  /** Closes the connection. Pending reads raise `Closed`. */
  disconnect(): void;
  /** Closes the connection and ends the login session; see `Session.signOut`. Pending reads raise `SignedOut`. */
  signOut(options?: { everywhere?: boolean }): Promise<void>;
  /**
   * Sends a command and returns its acknowledgement, or `{success: false, code: 'no_answer'}` if it is not received
   * within 10 seconds.
   */
  command(name: string, payload: object): Promise<{ success: boolean; code?: string; [member: string]: any }>;
  /** Sends a command without an acknowledgement. Without a connection it is dropped. */
  emit(name: string, payload: object): void;
  /** Returns the conversation with this id, always the same object. Raises `TypeError` without an id. */
  conversation(id: string): Conversation;
  /** Returns a new list that stays up to date until its `dispose()` is called. */
  conversationList(filter?: Filter): ConversationList;
  /** Opens a conversation, or returns the existing one. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  openConversation(fields: {
    conversation_type: 'direct' | 'bid' | 'campaign';
    user_id: string;
    title?: string;
    source_id?: string;
    currency?: string;
    proposed_amount?: string;
    message?: string;
  }): Promise<ConversationData>;
  /**
   * Finds people by the beginnings of the words of a name, or by a complete e-mail address. Raises `Refused`, with
   * `status` 404 if the server offers no search, `ConnectionLost` or `SignedOut`.
   */
  findPeople(q: string, options?: { limit?: number; cursor?: string | null }): Promise<PeoplePage>;
  /** Changes the account of the signed-in user; see `Session.updateAccount`. */
  updateAccount(fields: { findable: boolean }): Promise<User>;
  /** Uploads a file for a message or for submitted work. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  upload(file: File): Promise<Attachment>;
}

export interface ConversationState {
  phase: 'loading' | 'ready' | 'gone';
  /** Why loading failed, or null. A temporary failure is followed by another read. */
  fault: Error | null;
  conversation: ConversationData | null;
  /** In the order of `seq`. */
  messages: Message[];
  outgoing: Outgoing[];
  /** The ids of the other users who are typing. */
  typing: string[];
  /** The ids of the participants who are online. */
  online: string[];
  hasEarlier: boolean;
  isLoadingEarlier: boolean;
  /** Null until `loadSteps`. */
  steps: Step[] | null;
  /** Null until `loadDeal`. */
  deal: Deal | null;
}

/** One conversation, kept up to date while it is open. */
export class Conversation extends Store<ConversationState> {
  readonly id: string;
  /**
   * Loads the conversation and joins its room. Resolves when `phase` is `ready` or `gone`. Several users can open the
   * conversation; each must close it.
   */
  open(): Promise<void>;
  /** Loads the conversation again at once, for example after a failure. */
  reload(): Promise<void>;
  /**
   * Leaves the room, if every user has closed the conversation. It can be opened again. Pending reads then raise
   * `Closed`.
   */
  close(): void;
  /**
   * Sends a message, which is in `outgoing` at once. Returns its `client_message_id`. With an id of your own, a message
   * that is sent twice is stored once.
   */
  send(
    message: string,
    options?: { attachments?: Attachment[]; media_url?: string; client_message_id?: string },
  ): string;
  /** Sends a failed message again. */
  retry(clientMessageId: string): Promise<void>;
  /** Removes a failed message from `outgoing`. */
  discard(clientMessageId: string): void;
  /** Changes the text of the user's own message. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  edit(messageId: string, message: string): Promise<void>;
  /** Deletes the user's own message: its text disappears, its `seq` stays. Raises the same errors as `edit`. */
  remove(messageId: string): Promise<void>;
  /**
   * Takes an action; `data` has the values of its `inputs` by their ids. Raises `Refused` (`status` 409 if the state
   * has changed: the snapshot then has the current state), `ConnectionLost` or `SignedOut`.
   */
  act(
    action: Pick<AvailableAction, 'action' | 'state_version'>,
    data?: Record<string, unknown>,
  ): Promise<{ conversation: ConversationData; message?: Message; payment?: Payment }>;
  /** Call this at each key press. The other users see that the user is typing, until 4 seconds after the last call. */
  typing(): void;
  /** Marks everything up to this `seq` as read. Calls within 150 ms are sent as one request. */
  markRead(seq: number): void;
  /**
   * Loads up to `limit` messages (50 by default) before the oldest loaded message. Returns whether there are still
   * earlier messages. Raises `Refused`, `ConnectionLost`, `SignedOut` or `Closed`.
   */
  loadEarlier(options?: { limit?: number }): Promise<boolean>;
  /** Loads the steps of the flow. New steps are then added automatically. */
  loadSteps(): Promise<void>;
  /** Loads the current offers, the agreed price and the payment status. */
  loadDeal(): Promise<void>;
}

export interface Filter {
  type?: 'direct' | 'bid' | 'campaign';
  /** Only conversations in which the user has to act next. */
  awaiting?: boolean;
  unread?: boolean;
  search?: string;
}

export interface ListState {
  phase: 'loading' | 'ready' | 'failed';
  /** Why the last read failed, or null. A temporary failure is followed by another read. */
  fault: Error | null;
  filter: Filter;
  conversations: ConversationData[];
  hasMore: boolean;
}

/** A list of conversations, newest activity first, that stays up to date. */
export class ConversationList extends Store<ListState> {
  /**
   * Changes the filter. Conversations that do not match it leave the list at once. Resolves when its result, or the
   * result of a later filter, is in the snapshot.
   */
  show(filter: Filter): Promise<void>;
  /** Reads the list again. Resolves when the response to this call, or to a later call, is in the snapshot. */
  reload(): Promise<void>;
  /** Loads the next page. Resolves when it is in the snapshot, or when there are no more conversations. */
  loadMore(): Promise<void>;
  /**
   * Reads again who is online in these conversations, because events report only users whose conversation is open.
   * Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  readPresence(ids: string[]): Promise<void>;
  /** Stops the updates. Pending reads raise `Closed`. */
  dispose(): void;
}

export interface NotificationsState {
  phase: 'loading' | 'ready' | 'failed';
  /** Why the last read failed, or null. A temporary failure is followed by another read. */
  fault: Error | null;
  unread: number;
  notifications: Notification[];
  hasMore: boolean;
}

/** The notifications of the signed-in user, newest first. */
export class Notifications extends Store<NotificationsState> {
  /** Reads the newest notifications and the number of unread notifications again. */
  reload(): Promise<void>;
  /** Loads the next page. Resolves when it is in the snapshot, or when there are no more notifications. */
  loadMore(): Promise<void>;
  /** Marks a notification as read. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  read(id: string): Promise<void>;
  /** Marks all notifications as read. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  readAll(): Promise<void>;
}

/** Returns whether a conversation matches a list's filter, by the same rules as the server. */
export function matches(conversation: ConversationData, filter?: Filter): boolean;
/** Returns the oldest of the `count` newest messages that user `me` has not sent; null if it is not loaded. */
export function firstUnread(messages: Message[], count: number, me: string): Message | null;
/** Returns whether the prompt of a message is still open: the state has not changed since. */
export function isOpenPrompt(message: Message, conversation: Context): boolean;
